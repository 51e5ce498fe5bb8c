import { didYouMean, formatOrigin, type Problem } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import type { AnyCluster, BatchGate, HostView, InventoryView } from '../role/index.ts'
import { longestWait } from '../values/index.ts'
import { hostContext } from './contexts.ts'

/**
 * What must hold after a batch of these hosts; what several of them have, once. Throws a Failure (refused) where a
 * value is wrong.
 */
export function batchGatesOf(
  { afterBatch = [] }: Play,
  hosts: readonly HostView[],
  view: InventoryView,
): readonly BatchGate[] {
  return afterBatch.flatMap(item => {
    if ('look' in item) return [item]
    const ofHosts = hosts.flatMap(host => item.of(hostContext(item.cluster, host, view) as never))
    return [...new Map(ofHosts.map(gate => [keyOf(gate), gate])).values()]
  })
}

/** The clusters whose values tell a play's gates. */
export const clustersOfGates = ({ afterBatch = [] }: Play): readonly AnyCluster[] =>
  afterBatch.flatMap(item => ('look' in item ? [] : (item.cluster ?? [])))

/** What is wrong with gates, all of it. */
export function batchGateProblems(gates: readonly BatchGate[], { hosts }: Pick<InventoryView, 'hosts'>) {
  const names = hosts.map(({ name }) => name)
  return gates.flatMap(({ name, origin, timeout, interval, holdFor, host, wrong }): readonly Problem[] => {
    const problem = (message: string, hint?: { readonly hint?: string }): Problem => ({
      message: `gate "${name}": ${message}`,
      origin,
      ...hint,
    })
    return [
      ...wrong.map(message => problem(message)),
      ...(timeout > 0 && interval > 0 && holdFor >= 0 ? [] : [problem('its times must be seconds, and more than 0')]),
      ...(Math.max(timeout, interval) > longestWait
        ? [problem('its times must be 24 h at most', { hint: 'a run that has stopped at it is started again' })]
        : []),
      ...(holdFor > 0 && holdFor >= timeout
        ? [problem(`it could never hold for ${holdFor} s, for it is waited for ${timeout} s at most`)]
        : []),
      ...(host === undefined || names.includes(host)
        ? []
        : [problem(`there is no host ${JSON.stringify(host)}`, didYouMean(host, names))]),
    ]
  })
}

/** Gates that would show a secret to the users of a host. */
export const secretGateProblems = (
  gates: readonly BatchGate[],
  isSecret: (text: string) => boolean,
): readonly Problem[] =>
  gates
    .filter(({ seen }) => seen.some(isSecret))
    .map(({ name, origin }) => ({
      message: `gate "${name}": a secret stands in its command, which every user of the host could read in the list of processes`,
      origin,
      hint: 'let the command read it from a file of the host',
    }))

const keyOf = ({ name, origin, expected, host, seen }: BatchGate): string =>
  JSON.stringify([name, formatOrigin(origin), expected, host, seen])
