import type { AtLeast } from '../playbook/index.ts'
/** A host of a batch as the availability rule sees it. */
export interface Candidate {
  readonly name: string
  /** It serves clients now, by its gate's word. */
  readonly available: boolean
  /** The plan holds changes for it, so it may be out of service for a while. */
  readonly disrupted: boolean
  /** By its gate's word the others go before it, as long as there are any. */
  readonly last?: boolean
}

export type Turn =
  /** These may be worked on now; `reason` says why the others of the batch have to wait. */
  { readonly hosts: readonly Candidate[]; readonly reason?: string } | { readonly refused: string }

/**
 * Which hosts of a batch may be worked on at once, so that no more are taken down than the rule allows, counting those
 * that are down already. A host that is down costs nothing, so a broken or a new host is brought up before a healthy
 * one is touched; one that leads the others comes after them. Asked anew before every turn, with a fresh count.
 */
export function nextTurn(
  batch: readonly Candidate[],
  group: {
    readonly total: number
    readonly available: number
    /** Hosts that were down are being brought up by others than the batch. */
    readonly repairing?: boolean
  },
  atLeast: AtLeast,
): Turn {
  const needed = atLeast(group.total)
  const room = Math.max(0, group.available - needed)
  const counted = `${group.available} of ${group.total} available, at least ${needed} must stay`
  const serving = batch.filter(host => host.available && host.disrupted)
  const costly = [...serving.filter(host => !host.last), ...serving.filter(host => host.last)]
  const repairs = batch.filter(host => !host.available && host.disrupted)
  const idle = batch.filter(host => !host.disrupted)
  const taken = repairs.length > 0 || group.repairing ? [] : costly.slice(0, room)
  const hosts = batch.filter(host => repairs.includes(host) || idle.includes(host) || taken.includes(host))
  if (hosts.length === batch.length) return { hosts }
  if (hosts.length === 0)
    return { refused: `${costly.map(host => host.name).join(', ')} can't be taken down: ${counted}` }
  return { hosts, reason: counted }
}
