import type { Facts } from '../facts/index.ts'
import { messageOf } from '../failure/index.ts'
import type { LabelledCheck, ReadyPlay } from '../plan/index.ts'
import { draftOf } from '../plan/index.ts'
import type { Finding, HostView } from '../role/index.ts'
import { attempt, finish } from './outcome.ts'
import type { Session } from './session.ts'

interface Looked {
  readonly host: HostView
  readonly checks: readonly LabelledCheck[]
  /** Undefined where it can't be reached. */
  readonly facts: Facts | undefined
}

/**
 * All checks of a play, on all its hosts: one program a host, and none is left out because of another. Each verdict is
 * an event. A host of which a check fails counts as failed, but later plays do not leave it out.
 */
export async function runChecks(session: Session, ready: ReadyPlay, hosts: readonly HostView[]): Promise<void> {
  const wanted = hosts
    .map(host => ({ host, checks: draftOf(ready, host).checks }))
    .filter(({ checks }) => checks.length > 0)
  const looked = await session.each(wanted, async (item): Promise<Looked> => {
    const outcome = await attempt(session, ready, item.host, async () =>
      (await session.channel(item.host.name)).probe(item.checks.flatMap(({ check }) => check.facts)),
    )
    if ('value' in outcome) return { ...item, facts: outcome.value }
    const how = outcome.result.outcome === 'unreachable' ? 'unreachable' : 'failed'
    session.out.set(item.host.name, how)
    return { ...item, facts: undefined }
  })
  const failed = tell(session, ready, looked)
  for (const { host, facts, checks } of looked) {
    if (facts === undefined) continue
    const names = failed.get(host.name) ?? []
    if (names.length === 0) finish(session, ready, host.name, 'ok', 0)
    else
      finish(session, ready, host.name, 'failed', 0, `${names.length} of ${checks.length} checks: ${names.join('; ')}`)
  }
}

/** Says each verdict, check by check, and returns the names of those that failed on each host. */
function tell(session: Session, ready: ReadyPlay, looked: readonly Looked[]): ReadonlyMap<string, readonly string[]> {
  const failed = new Map<string, string[]>()
  const say = ({ role, check }: LabelledCheck, finding: Finding, host?: string) => {
    const about = { play: ready.play.name, role, check: check.name, ...finding }
    session.emit({ kind: 'check', ...about, ...(host === undefined ? {} : { host }) })
    if (!finding.ok && host !== undefined) failed.set(host, [...(failed.get(host) ?? []), check.name])
  }
  const names = [...new Set(looked.flatMap(({ checks }) => checks.map(({ check }) => check.name)))]
  for (const name of names) {
    const takePart = looked.flatMap(({ host, checks, facts }) =>
      checks.filter(({ check }) => check.name === name).map(item => ({ item, host: host.name, facts })),
    )
    for (const { item, host, facts } of takePart) {
      const { check } = item
      if (check.type === 'host' && facts !== undefined)
        say(
          item,
          judged(check.name, () => check.judge(facts)),
          host,
        )
    }
    const shared = takePart.find(({ item }) => item.check.type === 'shared')?.item
    if (shared?.check.type !== 'shared') continue
    const { judge } = shared.check
    const values = () =>
      takePart.map(({ item: { check }, host, facts }): readonly [string, unknown] => [
        host,
        check.type === 'shared' && facts !== undefined ? check.read(facts) : undefined,
      ])
    say(
      shared,
      judged(name, () => judge(new Map(values()))),
    )
  }
  return failed
}

/** A check that can't judge what it saw is one that failed. */
function judged(name: string, judge: () => Finding): Finding {
  try {
    return judge()
  } catch (error) {
    return { ok: false, expected: name, saw: messageOf(error) }
  }
}
