import type { Kubectl } from '../cluster/kubectl.ts'

/** Pods and disruption budgets, as `kubectl get -o json` has them; of each only what is looked at. */
export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
    readonly deletionTimestamp?: string
    readonly ownerReferences?: readonly { readonly kind: string }[]
  }
  readonly status?: { readonly phase?: string }
}

export interface Budget {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec?: { readonly selector?: Selector }
  readonly status?: { readonly disruptionsAllowed?: number }
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** Why a node could not be drained: asked of the cluster once the drain has been given up. */
export async function drainFailed({ $, words }: Kubectl, name: string, said: string): Promise<string> {
  const get = async <T>(...what: readonly string[]): Promise<readonly T[]> => {
    const answer = await $`${[...words, 'get', ...what, '-o', 'json']}`.nothrow()
    try {
      return (JSON.parse(answer.stdout) as { readonly items?: readonly T[] }).items ?? []
    } catch {
      return []
    }
  }
  const ready = '{.status.conditions[?(@.type=="Ready")].status}'
  const condition = await $`${words} get node ${name} -o ${`jsonpath=${ready}`}`.nothrow()
  const pods = await get<Pod>('pods', '-A', '--field-selector', `spec.nodeName=${name}`)
  const budgets = await get<Budget>('poddisruptionbudgets', '-A')
  return whyNotDrained({ name, ready: condition.stdout.trim(), pods, budgets, said, now: Date.now() })
}

/** `now` in milliseconds; `ready` is the node's condition: True, False or Unknown. */
export function whyNotDrained(seen: {
  readonly name: string
  readonly ready: string
  readonly pods: readonly Pod[]
  readonly budgets: readonly Budget[]
  readonly said: string
  readonly now: number
}): string {
  const left = seen.pods.filter(mustGo)
  const held = left.flatMap(pod => {
    if (pod.metadata.deletionTimestamp !== undefined) return []
    const budgets = seen.budgets.filter(budget => holds(budget, pod)).map(nameOf)
    return budgets.length === 0 ? [] : [{ pod, budgets: budgets.join(' and ') }]
  })
  const ending = left.filter(pod => pod.metadata.deletionTimestamp !== undefined)
  const reasons = [
    ...(['False', 'Unknown'].includes(seen.ready)
      ? ['it is not Ready any more: its kubelet does not end its pods']
      : []),
    ...[...new Set(held.map(({ budgets }) => budgets))].map(budgets => {
      const pods = held.filter(item => item.budgets === budgets).map(({ pod }) => nameOf(pod))
      return `the disruption budget ${budgets} does not allow ${some(pods)} to go: give ${pods.length > 1 ? 'them' : 'it'} a replica more elsewhere, or set drain_fallback_enabled to delete ${pods.length > 1 ? 'them' : 'it'} all the same`
    }),
    ...(ending.length > 0
      ? [`${some(ending.map(pod => endless(pod, seen.now)))}: see what keeps it, or delete it by force`]
      : []),
  ]
  const last = seen.said.trim().split('\n').slice(-3).join('; ')
  return `${seen.name} could not be drained${reasons.length === 0 ? `: ${last}` : ` in time: ${reasons.join('. ')}`}`
}

/** The annotation of a pod that stands for a kubelet's own. */
export const mirrorOf = 'kubernetes.io/config.mirror'

/** What of a pod says whether a drain has to move it. */
export interface Movable {
  readonly metadata: Pick<Pod['metadata'], 'annotations' | 'ownerReferences'>
  readonly status?: Pod['status']
}

/** What `kubectl drain --ignore-daemonsets` has to move. */
export const mustGo = ({ metadata, status }: Movable): boolean =>
  metadata.annotations?.[mirrorOf] === undefined &&
  metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') !== true &&
  !['Succeeded', 'Failed'].includes(status?.phase ?? '')

function endless(pod: Pod, now: number): string {
  const seconds = Math.round((now - Date.parse(pod.metadata.deletionTimestamp ?? '')) / 1000)
  const { finalizers = [] } = pod.metadata
  const late = seconds > 0 ? `${seconds} s after the end of its time` : 'within its time'
  const kept = finalizers.length > 0 ? `, kept by ${finalizers.join(', ')}` : ''
  return `${nameOf(pod)} has not ended ${late}${kept}`
}

const nameOf = ({ metadata }: Pick<Budget, 'metadata'>): string => `${metadata.namespace}/${metadata.name}`

const most = 5

const some = (list: readonly string[]): string =>
  list.length > most ? `${list.slice(0, most).join(', ')} and ${list.length - most} more` : list.join(', ')

const holds = ({ metadata, spec, status }: Budget, pod: Pod): boolean =>
  metadata.namespace === pod.metadata.namespace &&
  (status?.disruptionsAllowed ?? 0) === 0 &&
  spec?.selector !== undefined &&
  selects(spec.selector, pod.metadata.labels ?? {})

/** Kubernetes' own rule; an empty selector means all of a namespace (policy/v1). */
export const selects = (
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key]
    if (operator === 'Exists') return value !== undefined
    if (operator === 'DoesNotExist') return value === undefined
    const isIn = value !== undefined && values.includes(value)
    return operator === 'In' ? isIn : !isIn
  })
