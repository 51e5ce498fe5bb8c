import type { ReadyPlay, WorkItem } from '../plan/index.ts'
import { askOnce, onlyChecks } from '../plan/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import { batchesOf, type Serial } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import { type Batch, openBatch } from './batch.ts'
import { runChecks } from './checks.ts'
import { finish } from './outcome.ts'
import { readPeers } from './peers.ts'
import { inCheckMode, type Planned, probeAndPlan } from './perform.ts'
import type { Session } from './session.ts'
import { inTurns, sayTurns } from './turns.ts'
import { type HostResult, type Stop, verdictOn } from './verdict.ts'
import { availabilityOf } from './who-serves.ts'

/** One play over its hosts, batch by batch. Returns why the playbook must stop, if it must. */
export async function rollOut(
  session: Session,
  ready: ReadyPlay,
  options: { readonly serial?: Serial; readonly tags: TagSelection },
): Promise<Stop | undefined> {
  const { play } = ready
  const hosts = ready.hosts.filter(host => !session.out.has(host.name))
  if (hosts.length === 0) return undefined
  if (onlyChecks(ready, hosts)) {
    session.emit({ kind: 'playStarted', play: play.name, hosts: hosts.map(host => host.name), batches: 1 })
    await runChecks(session, ready, hosts)
    return undefined
  }
  const peers = await readPeers(session, ready.roles, hosts)
  const ordered = play.keepAvailable ? await brokenFirst(session, ready, hosts) : hosts
  if ('reason' in ordered) {
    session.emit({ kind: 'playStarted', play: play.name, hosts: hosts.map(host => host.name), batches: 1 })
    return leaveOut(session, ready, [hosts], ordered)
  }
  const serial = play.serial === undefined ? undefined : (options.serial ?? play.serial)
  const batches = batchesOf(ordered, serial)
  session.emit({ kind: 'playStarted', play: play.name, hosts: ordered.map(host => host.name), batches: batches.length })
  for (const [index, batch] of batches.entries()) {
    if (session.signal.aborted) return leaveOut(session, ready, batches.slice(index), { reason: 'interrupted' })
    const names = batch.map(host => host.name)
    if (batches.length > 1)
      session.emit({ kind: 'batchStarted', play: play.name, number: index + 1, of: batches.length, hosts: names })
    const shared = openBatch(session, ready, batch, { peers, tags: options.tags, ask: askOnce(session.ask) })
    const stop = await runBatch(shared, batch)
    if (stop) return leaveOut(session, ready, batches.slice(index + 1), stop)
  }
  const left = hosts.filter(host => !session.out.has(host.name))
  await runChecks(session, ready, left)
  return undefined
}

/** Says of the hosts that the rollout does not come to that nothing was done there. */
function leaveOut(session: Session, ready: ReadyPlay, rest: readonly (readonly HostView[])[], stop: Stop): Stop {
  for (const host of rest.flat()) finish(session, ready, host.name, 'skipped', 0, `not started: ${stop.reason}`)
  return stop
}

/** Hosts that are out of service come first: bringing them back costs nobody anything. */
async function brokenFirst(
  session: Session,
  ready: ReadyPlay,
  hosts: readonly HostView[],
): Promise<readonly HostView[] | Stop> {
  const found = await availabilityOf(session, ready)
  if ('unknown' in found) return { reason: `${ready.play.name}: ${found.unknown}` }
  const { available } = found
  return [...hosts.filter(host => !available.has(host.name)), ...hosts.filter(host => available.has(host.name))]
}

/** Probe and plan of all hosts of the batch, then the changes, in as many turns as the availability rule asks for. */
async function runBatch(batch: Batch, hosts: readonly HostView[]): Promise<Stop | undefined> {
  const { session, ready } = batch
  const attempted = await session.each(hosts, host => probeAndPlan(batch, host))
  const planned = attempted.flatMap(outcome => ('value' in outcome ? [outcome.value] : []))
  const results: HostResult[] = attempted.flatMap(outcome => ('result' in outcome ? [outcome.result] : []))
  let stop: Stop | undefined
  if (session.check) {
    const orphans = orphansOf(batch, planned)
    results.push(...(await session.each(planned, item => inCheckMode(batch, item, orphans.get(item) ?? []))))
    await sayTurns(session, ready, planned)
  } else {
    stop = await inTurns(batch, planned, results)
  }
  for (const { host, outcome } of results) {
    if (outcome === 'failed' || outcome === 'unreachable') session.out.set(host, outcome)
  }
  return stop ?? verdictOn(ready.play, results, hosts.length)
}

/**
 * What runs once and was to run on a host that could not be attempted at, with the first host that can run it instead.
 */
function orphansOf({ owners }: Batch, planned: readonly Planned[]): ReadonlyMap<Planned, readonly WorkItem[]> {
  const alive = new Set(planned.map(({ run }) => run.host.name))
  const taken = new Set<string>()
  return new Map(
    planned.map(item => [
      item,
      item.items.filter(({ once }) => {
        if (once === undefined || taken.has(once) || alive.has(owners.get(once) ?? '')) return false
        taken.add(once)
        return true
      }),
    ]),
  )
}
