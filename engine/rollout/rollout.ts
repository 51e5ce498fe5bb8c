import type { ReadyPlay } from '../plan/index.ts'
import { onlyChecks } from '../plan/index.ts'
import type { TagSelection } from '../playbook/index.ts'
import { type Portion, portionsOf, type Serial } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import { betweenBatches } from './batch-gates.ts'
import { type Checked, runChecks } from './checks.ts'
import { batchesOf, nextBatches } from './next-batch.ts'
import { leaveOut } from './outcome.ts'
import { readPeers } from './peers.ts'
import { runPortion } from './portion.ts'
import { provideFor } from './provide.ts'
import { halfDoneFirst } from './resumed.ts'
import type { Session } from './session.ts'
import type { Reverted } from './take-back.ts'
import { type Stop, verdictOn } from './verdict.ts'
import { availabilityOf } from './who-serves.ts'

/** One play over its hosts, batch by batch, the window last. Returns why the playbook must stop, if it must. */
export async function rollOut(
  run: Session,
  ready: ReadyPlay,
  /** The play's place among those of the run, from 1 on. */
  number: number,
  options: { readonly paced?: (own: Serial) => Serial; readonly tags: TagSelection; readonly reverted?: Reverted },
): Promise<Stop | undefined> {
  const { play } = ready
  const { reverted } = options
  const between = nextBatches(run, play)
  const { session } = between
  const isConcerned = ({ name }: HostView) => reverted === undefined || reverted.concerns(number, name)
  const hosts = ready.hosts.filter(host => !session.out.has(host.name) && isConcerned(host))
  if (hosts.length === 0) return undefined
  if (onlyChecks(ready, hosts)) {
    session.emit({ kind: 'playStarted', play: play.name, number, hosts: hosts.map(host => host.name), batches: 1 })
    return stopOf(ready, await runChecks(session, ready, hosts))
  }
  const peers = await readPeers(session, ready.roles, hosts)
  const { inOrder, ...left } = await halfDoneFirst(session, ready, number, hosts)
  const ordered = play.keepAvailable ? await brokenFirst(session, ready, inOrder) : inOrder
  if ('reason' in ordered) {
    session.emit({ kind: 'playStarted', play: play.name, number, hosts: hosts.map(host => host.name), batches: 1 })
    return leaveOut(session, ready, hosts, ordered)
  }
  const { paced = (own: Serial) => own } = options
  const portions = portionsOf(ordered, play.serial === undefined ? undefined : paced(play.serial))
  const window = portions.at(-1)?.window
  session.emit({
    kind: 'playStarted',
    play: play.name,
    number,
    hosts: ordered.map(host => host.name),
    batches: portions.length,
    ...(window === undefined ? {} : { window }),
  })
  const from = (start: number) => portions.slice(start).flatMap(portion => portion.hosts)
  const batches = batchesOf(portions, left)
  const [first] = batches
  const tooLate = first && (await between.before(first))
  if (tooLate) return leaveOut(session, ready, from(0), tooLate)
  // What roles bring and look at is what the playbook wants: nothing of it is taken back.
  const provided = reverted ? ready : await provideFor(session, ready, hosts, peers)
  if ('reason' in provided) return leaveOut(session, ready, from(0), provided)
  // A run may be taken back because of what a gate sees.
  const gates = betweenBatches(session, reverted ? { ...play, afterBatch: [] } : play)
  const given = { session, ready: provided, number, peers, tags: options.tags, ...(reverted && { reverted }) }
  for (const [index, batch] of batches.entries()) {
    const { name, portion } = batch
    const late = await between.before(batch)
    if (session.signal.aborted) return leaveOut(session, ready, from(index), { reason: 'interrupted' })
    if (late) return leaveOut(session, ready, from(index), late)
    if (portions.length > 1) sayBatch(session, ready, portion, { number: index + 1, of: portions.length })
    const stop = await runPortion(given, portion, { name, gates, left })
    if (!stop) continue
    leaveOut(session, ready, from(index + 1), stop)
    // What else is wrong is told at once, also of a host that has failed.
    if (!session.signal.aborted && !stop.isInOrder && reverted === undefined)
      await runChecks(
        session,
        ready,
        hosts.filter(({ name }) => session.out.get(name) !== 'unreachable'),
      )
    return stop
  }
  if (reverted) return undefined
  const inside = hosts.filter(host => !session.out.has(host.name))
  return stopOf(ready, await runChecks(session, ready, inside))
}

function sayBatch(
  session: Session,
  { play }: ReadyPlay,
  { hosts, window }: Portion<HostView>,
  place: { readonly number: number; readonly of: number },
): void {
  const names = hosts.map(host => host.name)
  const inWindow = window === undefined ? {} : { window }
  session.emit({ kind: 'batchStarted', play: play.name, ...place, hosts: names, ...inWindow })
}

/** Checks stop a playbook only where the play says that any error does: what comes after is not to be begun. */
function stopOf({ play }: ReadyPlay, { results, together }: Checked): Stop | undefined {
  if (!play.anyErrorsFatal) return undefined
  const reason = `${play.name}: ${together.join('; ')}`
  return verdictOn(play, results, { batch: results.length }) ?? (together.length > 0 ? { reason } : undefined)
}

/**
 * Hosts that are out of service come first: bringing them back costs nobody anything. Who leads the others comes last.
 */
async function brokenFirst(
  session: Session,
  ready: ReadyPlay,
  hosts: readonly HostView[],
): Promise<readonly HostView[] | Stop> {
  const found = await availabilityOf(session, ready)
  if ('unknown' in found) return { reason: `${ready.play.name}: ${found.unknown}` }
  const place = ({ name }: HostView): number => (found.last.has(name) ? 2 : found.available.has(name) ? 1 : 0)
  return [0, 1, 2].flatMap(wanted => hosts.filter(host => place(host) === wanted))
}
