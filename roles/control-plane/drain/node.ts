import { setTimeout as sleep } from 'node:timers/promises'
import { type Around, around, type HookContext, type StepContext } from 'rota'
import { atLeast, cluster, isLeaving } from '../../lib/cluster/index.ts'
import { type Kubectl, kubectlOn } from '../kubectl.ts'
import { type DrainAttempt, type DrainSettings, drainSettings, type Wait } from './settings.ts'

/** Marks a node that was cordoned by us, so that a later run knows whose it is to undo. */
export const annotation = 'rota/cordoned'

/**
 * Its value where a node could not be drained and shall stay cordoned (upgrade_node_uncordon_after_drain_failure:
 * false).
 */
const stays = 'drain failed'

/**
 * Cordons and drains a node before its changes and uncordons it after, with kubespray's variables. A node that somebody
 * else had cordoned is left as it is, and stays so. One that an earlier run of ours has left cordoned is ours: it is
 * taken back into service. A master that leaves is drained and stays cordoned.
 */
export const drainNode = (): Around =>
  around({
    name: 'the node is drained',
    cluster,
    enter: async context => {
      const settings = drainSettings(context.cluster)
      await waitFor(context, settings.before, `Ready to change ${context.host.name}?`)
      const found = await nodeOf(context, context.say)
      if (found === undefined || found === 'nobody answers') return
      const { kubectl, node } = found
      if (node.unschedulable && !node.ours)
        return context.say(`${node.name} was cordoned by somebody else: it is not drained, and stays cordoned`)
      await patch(kubectl, node.name, true)
      if (!settings.drain) return
      try {
        await drain(context, kubectl, node.name, settings)
      } catch (error) {
        // The hook is left at once after a failure: what stays cordoned must say so, and what does not is no matter for
        // questions.
        await patch(kubectl, node.name, !settings.uncordonAfterFailure, stays)
        throw error
      }
    },
    leave: async context => {
      if (isLeaving(context.host, context.cluster.leaving)) return
      const found = await nodeOf(context)
      // The hook stays owed, and the next run takes the node back.
      if (found === 'nobody answers')
        throw new Error(
          `whether ${context.host.name} is cordoned is not known: no API server answers. Run again when one does`,
        )
      if (!found?.node.ours || found.node.stays) return
      await waitFor(context, drainSettings(context.cluster).after, `Ready to uncordon ${found.node.name}?`)
      await patch(found.kubectl, found.node.name, false)
    },
  })

async function waitFor({ ask }: StepContext, { confirm, pauseSeconds }: Wait, question: string): Promise<void> {
  if (!confirm) return sleep(pauseSeconds * 1000)
  if (!(await ask(question))) throw new Error('the operator said no')
}

interface Node {
  readonly name: string
  readonly unschedulable: boolean
  readonly ours: boolean
  readonly stays: boolean
}

async function nodeOf(
  context: HookContext<typeof cluster>,
  say: StepContext['say'] = () => {},
): Promise<{ readonly kubectl: Kubectl; readonly node: Node } | 'nobody answers' | undefined> {
  const { host } = context
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) {
    say(`${host.name}: no API server answers, so there is no node to drain`)
    return 'nobody answers'
  }
  const name = context.cluster.nodeName
  const { $, words } = kubectl
  const answer = await $`${words} get node ${name} -o json --ignore-not-found`
  if (answer.stdout.trim() === '') {
    say(`${host.name} is no node of the cluster: nothing to drain`)
    return undefined
  }
  return { kubectl, node: parseNode(answer.stdout) }
}

export function parseNode(json: string): Node {
  const node = JSON.parse(json) as {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
    readonly spec?: { readonly unschedulable?: boolean }
  }
  const mark = node.metadata.annotations?.[annotation]
  return {
    name: node.metadata.name,
    unschedulable: node.spec?.unschedulable === true,
    ours: mark !== undefined,
    stays: mark === stays,
  }
}

/**
 * Cordons and marks, or undoes both, in one change: there is no moment in which a node is cordoned and nobody knows by
 * whom.
 */
const patch = async (
  { $, words }: Kubectl,
  name: string,
  cordoned: boolean,
  mark = new Date().toISOString(),
): Promise<void> => {
  const change = {
    metadata: { annotations: { [annotation]: cordoned ? mark : null } },
    spec: { unschedulable: cordoned || null },
  }
  await $`${words} patch node ${name} --type merge -p ${JSON.stringify(change)}`
}

async function drain(context: StepContext, kubectl: Kubectl, name: string, settings: DrainSettings): Promise<void> {
  const version = await kubectl.$`${kubectl.words} version --client`.nothrow()
  const client = /GitVersion:"(v[\d.]+)|Client Version: (v[\d.]+)/.exec(version.stdout)
  // `--delete-local-data` got its better name with 1.20.
  const emptyDir = atLeast(client?.[1] ?? client?.[2] ?? 'v1.20.0', '1.20')
    ? '--delete-emptydir-data'
    : '--delete-local-data'
  const common = [
    'drain',
    name,
    '--force',
    '--ignore-daemonsets',
    emptyDir,
    ...(settings.selector === '' ? [] : [`--pod-selector=${settings.selector}`]),
  ]
  const said = await attempts(kubectl, common, settings.first)
  if (said === undefined) return
  if (settings.fallback !== undefined) {
    context.say(
      `${name}: eviction did not succeed, pods are deleted without asking their budgets (drain_fallback_enabled)`,
    )
    if ((await attempts(kubectl, [...common, '--disable-eviction'], settings.fallback)) === undefined) return
  }
  throw new Error(await whyNotDrained(kubectl, name, said))
}

/** Nothing when it succeeded, else what kubectl said last. */
async function attempts(
  { $, words }: Kubectl,
  drainWords: readonly string[],
  attempt: DrainAttempt,
): Promise<string | undefined> {
  const limits = [`--grace-period=${attempt.graceSeconds}`, `--timeout=${attempt.timeoutSeconds}s`]
  // The drain itself may take longer than a single request.
  const patient = words.filter(word => !word.startsWith('--request-timeout'))
  for (let left = attempt.retries; ; left -= 1) {
    const output = await $`${[...patient, ...drainWords, ...limits]}`.nothrow()
    if (output.exitCode === 0) return undefined
    if (left <= 0) return output.stderr
    await sleep(attempt.delaySeconds * 1000)
  }
}

async function whyNotDrained({ $, words }: Kubectl, name: string, said: string): Promise<string> {
  const blocked = blockedPods(said)
  if (blocked.length === 0) return `${name} could not be drained: ${said.trim().split('\n').slice(-3).join('; ')}`
  const budgets = await Promise.all(
    [...new Set(blocked.map(pod => pod.namespace))].map(async namespace => {
      const list =
        await $`${words} get poddisruptionbudgets -n ${namespace} -o ${'jsonpath={range .items[?(@.status.disruptionsAllowed==0)]}{.metadata.name} {end}'}`.nothrow()
      return list.stdout.trim() === ''
        ? []
        : list.stdout
            .trim()
            .split(' ')
            .map(budget => `${namespace}/${budget}`)
    }),
  )
  const pods = blocked.map(pod => `${pod.namespace}/${pod.pod}`).join(', ')
  return `${name} could not be drained in time: the disruption budget ${budgets.flat().join(', ') || '(unknown)'} does not allow ${pods} to go. Give that pod a second replica elsewhere, or set drain_fallback_enabled to delete it all the same`
}

/**
 * Pods that a budget holds, in kubectl's words: `error when evicting pods/"web-1" -n "shop" (will retry after 5s):
 * Cannot evict pod as it would violate the pod's disruption budget.`
 */
export const blockedPods = (stderr: string): readonly { readonly pod: string; readonly namespace: string }[] => [
  ...new Map(
    [...stderr.matchAll(/error when evicting pods?\/?\s*"([^"]+)"(?: -n "([^"]+)")?.*disruption budget/g)].map(
      ([, pod = '', namespace = 'default']) => [`${namespace}/${pod}`, { pod, namespace }],
    ),
  ).values(),
]
