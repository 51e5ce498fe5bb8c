import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from 'rota'
import type { Kubectl } from '../cluster/kubectl.ts'
import { type Movable, mirrorOf, mustGo } from './blocked.ts'

/** Who leads one of the daemons, by its Lease. Times are those of the leader's own clock. */
export interface Lease {
  readonly name: string
  /** Empty where it was given back. */
  readonly holder: string
  readonly acquired: string
  readonly renewed: string
}

const leases = ['kube-controller-manager', 'kube-scheduler']

/** Seconds that a new leader has to fill its caches and to see what it has missed. */
const settling = 10

/**
 * Why pods had better not be moved now, or nothing. Without a controller manager a pod that has ended stays in its
 * services' endpoints and is asked; without a scheduler no other takes its place. A daemon that has no Lease does
 * without elections. `first` is an earlier look: a leader that lives has renewed its Lease since, whatever the clocks.
 */
export function notLed(first: readonly Lease[], now: readonly Lease[]): string | undefined {
  const reasons = now.flatMap(({ name, holder, acquired, renewed }) => {
    if (holder === '') return [`no ${name} leads`]
    if (first.some(other => other.name === name && other.renewed === renewed))
      return [`the ${name} that led (${holder}) has not renewed its Lease since ${renewed}`]
    const led = (Date.parse(renewed) - Date.parse(acquired)) / 1000
    return led >= settling ? [] : [`the ${name} ${holder} has led for ${Math.max(0, Math.floor(led))} s only`]
  })
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

const leaseColumns =
  '{.metadata.name}{"\\t"}{.spec.holderIdentity}{"\\t"}{.spec.acquireTime}{"\\t"}{.spec.renewTime}{"\\n"}'
const leasesJsonpath = `jsonpath={range .items[*]}${leaseColumns}{end}`

export const readLeases = (stdout: string): readonly Lease[] =>
  stdout.split('\n').flatMap(line => {
    const [name = '', holder = '', acquired = '', renewed = ''] = line.split('\t')
    return leases.includes(name) ? [{ name, holder, acquired, renewed }] : []
  })

/** Seconds: longer than a Lease of a dead leader is waited for (15 s, kube-controller-manager's default). */
const patience = 120

/** Waits until pods that are moved are seen to. Throws where that does not come to be. */
export async function controllersAct(
  kubectl: Kubectl,
  node: string,
  { say, patienceSeconds = patience }: Pick<StepContext, 'say'> & { readonly patienceSeconds?: number },
): Promise<void> {
  if (!(await hasPodsToMove(kubectl, node))) return
  const { $, words } = kubectl
  const started = Date.now()
  let first: readonly Lease[] | undefined
  let isTold = false
  for (;;) {
    const seen = await $`${words} -n kube-system get leases -o ${leasesJsonpath}`.nothrow()
    const now = seen.exitCode === 0 ? readLeases(seen.stdout) : undefined
    first ??= now
    const why = now && first ? notLed(first, now) : `who leads can not be seen: ${seen.stderr.trim()}`
    if (why === undefined) return
    const seconds = Math.round((Date.now() - started) / 1000)
    if (seconds >= patienceSeconds)
      throw new Error(
        `${node} is not drained: ${why} (after ${seconds} s). Its pods would go on being asked after their end. See why the daemon does not lead; where it runs without elections, delete its Lease in kube-system`,
      )
    // A leader renews its Lease every two seconds: that is no news.
    if (!isTold && seconds >= 5) {
      isTold = true
      say(`${node}: ${why}; waiting before its pods are moved`)
    }
    await sleep(500)
  }
}

const podColumns =
  '{.metadata.annotations.kubernetes\\.io/config\\.mirror}{"\\t"}{.metadata.ownerReferences[*].kind}{"\\t"}{.status.phase}{"\\n"}'
const podsJsonpath = `jsonpath={range .items[*]}${podColumns}{end}`

async function hasPodsToMove({ $, words }: Kubectl, node: string): Promise<boolean> {
  const { stdout } = await $`${words} get pods -A --field-selector ${`spec.nodeName=${node}`} -o ${podsJsonpath}`
  return readPods(stdout).some(mustGo)
}

export const readPods = (stdout: string): readonly Movable[] =>
  stdout.split('\n').flatMap(line => {
    const [mirror = '', kinds = '', phase] = line.split('\t')
    if (phase === undefined) return []
    const ownerReferences = kinds
      .split(' ')
      .filter(Boolean)
      .map(kind => ({ kind }))
    return [
      { metadata: { ...(mirror && { annotations: { [mirrorOf]: mirror } }), ownerReferences }, status: { phase } },
    ]
  })
