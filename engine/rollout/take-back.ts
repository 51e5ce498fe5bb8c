import { type Facts, isSame, type KeptPath, kept, pending } from '../facts/index.ts'
import { failure } from '../failure/index.ts'
import { draftOf, type HandlerItem, type ReadyPlay, type WorkItem } from '../plan/index.ts'
import type { HostView } from '../role/index.ts'
import { cannotTakeBack, takeBack } from '../tasks/index.ts'
import { attempt } from './outcome.ts'
import { settles } from './resumed.ts'
import type { Session } from './session.ts'
import type { Stop } from './verdict.ts'

/** A run that is to be taken back. */
export interface Reverting {
  readonly run: string
  /** Also what somebody has changed since. */
  readonly force: boolean
  /** Whether anything of it was done on a host; where its journal has no end, any may have been worked on. */
  readonly mayHave: (host: string) => boolean
  /** Whether its journal says that the host keeps something of a play. */
  readonly keeps: (play: number, host: string) => boolean
}

/** What is taken back, by play and host. */
export interface Reverted {
  readonly run: string
  /** Also where nothing but a handler or a hook of a rollback before this one is left. */
  readonly concerns: (play: number, host: string) => boolean
  readonly itemsOf: (play: number, host: string, handlers: readonly HandlerItem[]) => readonly WorkItem[]
}

export interface Numbered {
  readonly ready: ReadyPlay
  readonly number: number
}

/** What a play of the run has replaced at a path. */
export interface Replaced {
  readonly play: number
  readonly file: KeptPath
}

interface Chosen extends Replaced {
  /** A later play has replaced it as well, and that is taken back before. */
  readonly isChained: boolean
}

/**
 * Looks at all hosts before anything is done on any: what they keep of the run, and what has been changed since. A stop
 * says what must not be taken back.
 */
export async function lookBack(
  session: Session,
  plays: readonly Numbered[],
  reverting: Reverting,
): Promise<Reverted | Stop> {
  const hosts = new Map(
    plays
      .flatMap(({ ready }) => ready.hosts.map(host => [host.name, host] as const))
      .filter(([name]) => reverting.mayHave(name)),
  )
  const seen = await session.each([...hosts.values()], host => lookAt(session, plays, reverting, host))
  const byHost = new Map(seen.flatMap(one => (one ? [[one.host, one] as const] : [])))
  const refused = seen.flatMap(one => one?.refused ?? [])
  if (refused.length > 0)
    return { reason: `nothing is taken back of run ${reverting.run}: ${[...new Set(refused)].join('; ')}` }
  if (seen.every(one => one === undefined || (one.items.length === 0 && one.settled.size === 0)))
    session.emit({ kind: 'note', text: `nothing is left to be taken back of run ${reverting.run}` })
  return {
    run: reverting.run,
    concerns: (play, host) => {
      const one = byHost.get(host)
      return one !== undefined && (one.settled.has(play) || one.items.some(item => item.play === play))
    },
    itemsOf: (play, host, handlers) => {
      const known = new Set(handlers.map(({ name }) => name))
      return (byHost.get(host)?.items ?? [])
        .filter(item => item.play === play)
        .map(({ file, isChained }, id) => ({
          id,
          role: 'rollback',
          unit: takeBack({
            run: reverting.run,
            play,
            path: file.path,
            force: reverting.force,
            ...(isChained ? { later: file.now } : {}),
          }),
          owes: file.owes.filter(name => known.has(name)),
        }))
    },
  }
}

interface Looked {
  readonly host: string
  readonly items: readonly Chosen[]
  /** Plays that see to what is pending there. */
  readonly settled: ReadonlySet<number>
  readonly refused: readonly string[]
}

async function lookAt(
  session: Session,
  plays: readonly Numbered[],
  reverting: Reverting,
  host: HostView,
): Promise<Looked | undefined> {
  const own = plays.filter(({ ready }) => ready.hosts.some(({ name }) => name === host.name))
  const [first] = own
  if (first === undefined) return undefined
  const outcome = await attempt(session, first.ready, host, async () => {
    const requests = own.map(({ number }) => kept({ run: reverting.run, play: number }))
    const facts = await (await session.channel(host.name)).probe([...requests, pending({})])
    return replacedOn(session, own, reverting, host, facts)
  })
  if ('result' in outcome) {
    session.out.set(host.name, outcome.result.outcome === 'unreachable' ? 'unreachable' : 'failed')
    return undefined
  }
  const { items, left } = planBack(outcome.value.replaced, reverting.force)
  for (const { path, why, isForced } of left) {
    const how = isForced ? ' (--force takes it back all the same)' : ''
    session.emit({ kind: 'warning', host: host.name, text: `${path} is left as it is: it ${why}${how}` })
  }
  sayUnknownHandlers(session, own, host, items)
  const refused = items.flatMap(({ play, file }) => refusalOf(own, play, host, file))
  return { host: host.name, items, settled: outcome.value.settled, refused }
}

function replacedOn(
  session: Session,
  plays: readonly Numbered[],
  { run, keeps }: Reverting,
  host: HostView,
  facts: Facts,
): { readonly replaced: readonly Replaced[]; readonly settled: ReadonlySet<number> } {
  const replaced: Replaced[] = []
  for (const { ready, number } of plays) {
    const fact = facts.get(kept({ run, play: number }))
    if (fact.type === 'foreign')
      throw failure(`what is kept there of run ${run} is not believed: somebody else may have changed ${fact.path}`, {
        hint: 'look who could write there, and what is in it; the files can be taken from there by hand',
      })
    if (fact.type === 'kept') replaced.push(...fact.paths.map(file => ({ play: number, file })))
    else if (keeps(number, host.name)) {
      const text = `what it kept of run ${run} in "${ready.play.name}" is not there any more: a host keeps its newest ten runs`
      session.emit({ kind: 'warning', host: host.name, text })
    }
  }
  const owed = facts.get(pending({}))
  const settled = plays.filter(({ ready }) => {
    const of = { play: ready.play, work: draftOf(ready, host).work }
    return owed.some(name => settles(of, name))
  })
  return { replaced, settled: new Set(settled.map(({ number }) => number)) }
}

interface Left {
  readonly path: string
  /** The end of a sentence about it. */
  readonly why: string
  /** It could be taken back all the same. */
  readonly isForced: boolean
}

/**
 * What is to be taken back of what a run has replaced on a host (in the order in which it did), the last first; and
 * what is left as it is. Where several plays have replaced what is at a path, each is taken back in its turn, with what
 * it had notified.
 */
export function planBack(
  replaced: readonly Replaced[],
  force: boolean,
): { readonly items: readonly Chosen[]; readonly left: readonly Left[] } {
  const chosen = new Set<Replaced>()
  const chained = new Set<Replaced>()
  const left: Left[] = []
  for (const path of new Set(replaced.map(({ file }) => file.path))) {
    const own = replaced.filter(({ file }) => file.path === path)
    let now = own.at(-1)?.file.now
    for (let at = own.length - 1; at >= 0; at -= 1) {
      const one = own[at]
      if (one === undefined || now === undefined) break
      const there = now
      // As it was before this play, or an earlier one: there is nothing left to be taken back here.
      if (own.slice(0, at + 1).some(({ file }) => file.before && isSame(file.before, there))) continue
      const why = cannotTakeBack({ ...one.file, now }, force)
      if (why !== undefined) {
        const isForced = cannotTakeBack({ ...one.file, now }, true) === undefined
        left.push({ path, why, isForced })
        break
      }
      chosen.add(one)
      if (now !== one.file.now) chained.add(one)
      now = one.file.before
    }
  }
  const items = replaced.filter(one => chosen.has(one)).map(one => ({ ...one, isChained: chained.has(one) }))
  return { items: items.reverse(), left }
}

function sayUnknownHandlers(
  session: Session,
  plays: readonly Numbered[],
  host: HostView,
  items: readonly Replaced[],
): void {
  for (const { ready, number } of plays) {
    const known = new Set(draftOf(ready, host).work.handlers.map(({ name }) => name))
    const owed = new Set(items.filter(({ play }) => play === number).flatMap(({ file }) => file.owes))
    const unknown = [...owed].filter(name => !known.has(name))
    if (unknown.length === 0) continue
    const text = `the run notified ${unknown.join(', ')} in "${ready.play.name}", which the playbook does not have any more: see to it by hand`
    session.emit({ kind: 'warning', host: host.name, text })
  }
}

/** Why a role of the play says that a file must not become again what it was. */
function refusalOf(plays: readonly Numbered[], play: number, host: HostView, file: KeptPath): readonly string[] {
  const { contents, path } = file
  if (contents === undefined) return []
  const texts = { path, before: Buffer.from(contents.before).toString(), now: Buffer.from(contents.now).toString() }
  const roles = plays.find(({ number }) => number === play)?.ready.roles ?? []
  return roles.flatMap(({ call }) => {
    const why = call.role.mayNotGoBack?.(texts)
    return why === undefined ? [] : [`${host.name}: ${path}: ${why}`]
  })
}
