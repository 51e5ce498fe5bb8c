import { type Facts, pending } from '../facts/index.ts'
import { messageOf } from '../failure/index.ts'
import type { LabelledCheck, ReadyPlay } from '../plan/index.ts'
import { draftOf } from '../plan/index.ts'
import type { Finding, HostView } from '../role/index.ts'
import { attempt, finish } from './outcome.ts'
import { settles } from './resumed.ts'
import type { Session } from './session.ts'
import type { HostResult } from './verdict.ts'

interface Looked {
  readonly host: HostView
  readonly checks: readonly LabelledCheck[]
  /** Undefined where it can't be reached. */
  readonly facts: Facts | undefined
  /** What checks have looked at beside the host. */
  readonly beside: ReadonlyMap<LabelledCheck, Promise<unknown>>
}

/**
 * All checks of a play, on all its hosts: one program a host, and none is left out because of another. Each verdict is
 * an event. A host of which a check fails counts as failed, but later plays do not leave it out.
 */
export async function runChecks(session: Session, ready: ReadyPlay, hosts: readonly HostView[]): Promise<Checked> {
  const wanted = hosts
    .map(host => ({ host, checks: draftOf(ready, host).checks }))
    .filter(({ checks }) => checks.length > 0)
  const looked = await session.each(wanted, async (item): Promise<Looked> => {
    const outcome = await attempt(session, ready, item.host, async () =>
      (await session.channel(item.host.name)).probe([...item.checks.flatMap(({ check }) => check.facts), pending({})]),
    )
    if ('value' in outcome) {
      const { work } = draftOf(ready, item.host)
      const owed = outcome.value.get(pending({})).filter(name => !settles({ play: ready.play, work }, name))
      session.unsettled.set(item.host.name, owed)
      return { ...item, facts: outcome.value, beside: await besides(item.checks, outcome.value) }
    }
    const how = outcome.result.outcome === 'unreachable' ? 'unreachable' : 'failed'
    session.out.set(item.host.name, how)
    return { ...item, facts: undefined, beside: new Map() }
  })
  const { failed, together } = await tell(session, ready, looked)
  const results = looked.map(({ host, facts, checks }): HostResult => {
    if (facts === undefined) return { host: host.name, outcome: 'failed' }
    const names = failed.get(host.name) ?? []
    if (names.length === 0) return finish(session, ready, host.name, 'ok', 0)
    const message = `${names.length} of ${checks.length} checks: ${names.join('; ')}`
    return finish(session, ready, host.name, 'failed', 0, message)
  })
  return { results, together }
}

export interface Checked {
  readonly results: readonly HostResult[]
  /** Names of the checks about several hosts together that failed. */
  readonly together: readonly string[]
}

/** One that fails is said by the check that has asked. */
async function besides(checks: readonly LabelledCheck[], facts: Facts): Promise<Looked['beside']> {
  const looks = checks.flatMap(item =>
    item.check.type === 'host' && item.check.beside ? [[item, item.check.beside(facts)] as const] : [],
  )
  await Promise.allSettled(looks.map(([, look]) => look))
  return new Map(looks)
}

/** Says each verdict, check by check, and returns the names of those that failed, on each host and about all. */
async function tell(
  session: Session,
  ready: ReadyPlay,
  looked: readonly Looked[],
): Promise<{ readonly failed: ReadonlyMap<string, readonly string[]>; readonly together: readonly string[] }> {
  const failed = new Map<string, string[]>()
  const together: string[] = []
  const say = ({ role, check }: LabelledCheck, finding: Finding, host?: string) => {
    const about = { play: ready.play.name, role, check: check.name, ...finding }
    session.emit({ kind: 'check', ...about, ...(host === undefined ? {} : { host }) })
    if (finding.ok) return
    if (host === undefined) together.push(check.name)
    else failed.set(host, [...(failed.get(host) ?? []), check.name])
  }
  const names = [...new Set(looked.flatMap(({ checks }) => checks.map(({ check }) => check.name)))]
  for (const name of names) {
    const takePart = looked.flatMap(({ host, checks, facts, beside }) =>
      checks
        .filter(({ check }) => check.name === name)
        .map(item => ({ item, host: host.name, facts, beside: beside.get(item) })),
    )
    for (const { item, host, facts, beside } of takePart) {
      const { check } = item
      if (check.type === 'host' && facts !== undefined)
        say(item, await judged(check.name, async () => check.judge(facts, await beside)), host)
    }
    const shared = takePart.find(({ item }) => item.check.type === 'shared')?.item
    if (shared?.check.type !== 'shared') continue
    const { judge } = shared.check
    const values = () =>
      takePart.map(({ item: { check }, host, facts }): readonly [string, unknown] => [
        host,
        check.type === 'shared' && facts !== undefined ? check.read(facts) : undefined,
      ])
    say(shared, await judged(name, async () => judge(new Map(values()))))
  }
  return { failed, together }
}

/** A check that can't judge what it saw is one that failed. */
async function judged(name: string, judge: () => Promise<Finding>): Promise<Finding> {
  try {
    return await judge()
  } catch (error) {
    return { ok: false, expected: name, saw: messageOf(error) }
  }
}
