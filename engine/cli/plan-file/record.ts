import type { Agreement, Showing, Would } from '../../host/index.ts'
import { sumOfWould } from '../../host/index.ts'
import { printableLines } from '../../journal/index.ts'
import type { ReadyPlay } from '../../plan/index.ts'
import { diffText, hostWords } from '../../report/index.ts'
import type { Redactor } from '../../secrets/index.ts'
import type { Key } from './key.ts'
import type { PlannedChange, PlayPlan } from './schema.ts'

/** Takes down what is shown to be agreed on, with its secrets taken out. */
export interface Recording {
  readonly agreed: Agreement
  /** Hosts of which nothing, or not all, could be told. */
  readonly leftOut: () => readonly string[]
  readonly plays: (plays: readonly ReadyPlay[]) => readonly PlayPlan[]
}

type Told = Omit<PlannedChange, 'hosts'>

interface OfHost {
  readonly changes: readonly Told[]
  readonly facts: ReadonlyMap<string, string>
}

export function recording(agreed: Agreement, key: Key, redactor: Pick<Redactor, 'text'>): Recording {
  const out = new Set<string>()
  const all = new Map<number, Map<string, OfHost>>()
  // What is the same of many hosts is kept once.
  const known = new Map<string, Told>()
  const once = (told: Told): Told => {
    const text = JSON.stringify(told)
    const same = known.get(text) ?? told
    known.set(text, same)
    return same
  }
  const say = (text: string) => printableLines(redactor.text(text))
  return {
    agreed: {
      ...agreed,
      show: (play, host, shown) => {
        agreed.show(play, host, shown)
        const hosts = all.get(play) ?? new Map<string, OfHost>()
        all.set(play, hosts.set(host, ofHost(shown, key, say, once)))
      },
      leaveOut: host => {
        agreed.leaveOut(host)
        out.add(host)
      },
    },
    leftOut: () => [...out],
    plays: plays =>
      plays.map(({ play, hosts }, index) => {
        const looked = all.get(index + 1) ?? new Map<string, OfHost>()
        const names = hosts.map(host => host.name).filter(name => looked.has(name))
        return playOf(say(play.name), index + 1, new Map(names.map(name => [name, looked.get(name) as OfHost])))
      }),
  }
}

function ofHost(
  { own, others, facts }: Showing,
  key: Key,
  say: (text: string) => string,
  once: (told: Told) => Told,
): OfHost {
  const sums = new Map<string, string[]>()
  for (const { about, value } of facts()) {
    const name = say(about)
    sums.set(name, [...(sums.get(name) ?? []), JSON.stringify(value)])
  }
  return {
    changes: [...own, ...others].map(would => once(toldOf(would, key, say))),
    // Of several that differ in what is not said of them, all together.
    facts: new Map([...sums].map(([name, values]) => [name, key.sum(values.join('\n')).slice(0, 16)])),
  }
}

function toldOf(would: Would, key: Key, say: (text: string) => string): Told {
  const { doing, summary, handler, step, hook, diff } = would
  const paths = doing.flatMap(one => one.paths).map(say)
  const shown = diff && { path: say(diff.path), before: say(diff.before), after: say(diff.after) }
  return {
    task: doing.map(({ name }) => say(name)).join(', '),
    what: say(summary),
    ...(handler ? { handler } : {}),
    ...(step ? { step } : {}),
    ...(hook ? { hook } : {}),
    ...(doing.some(one => one.once) ? { once: true } : {}),
    paths: [...new Set(paths)],
    sum: sumOfWould(would, key.hmac()).slice(0, 32),
    ...(shown ? { diff: `${diffText(shown)}\n` } : {}),
  }
}

/** What is the same of several hosts once, each change before the one that comes after it on a host. */
export function playOf(play: string, number: number, hosts: ReadonlyMap<string, OfHost>): PlayPlan {
  const order: Told[] = []
  const whose = new Map<Told, string[]>()
  const seen = new Map<string, string[]>()
  for (const [host, { changes, facts }] of hosts) {
    for (const [index, change] of changes.entries()) {
      const names = whose.get(change)
      const next = names === undefined ? changes.slice(index).find(one => whose.has(one)) : undefined
      if (names === undefined) order.splice(next === undefined ? order.length : order.indexOf(next), 0, change)
      whose.set(change, [...(names ?? []), host])
    }
    for (const fact of facts) {
      const text = JSON.stringify(fact)
      seen.set(text, [...(seen.get(text) ?? []), host])
    }
  }
  return {
    play,
    number,
    hosts: [...hostWords([...hosts.keys()])],
    changes: order.map(change => ({ ...change, hosts: [...hostWords(whose.get(change) ?? [])] })),
    facts: factsOf(seen),
  }
}

/** By the hosts that have them, in the order in which these are first come to. */
function factsOf(seen: ReadonlyMap<string, readonly string[]>): PlayPlan['facts'] {
  const groups = new Map<string, { readonly hosts: string[]; readonly seen: [string, string][] }>()
  for (const [text, names] of seen) {
    const hosts = [...hostWords(names)]
    const key = JSON.stringify(hosts)
    const group = groups.get(key) ?? { hosts, seen: [] }
    group.seen.push(JSON.parse(text))
    groups.set(key, group)
  }
  return [...groups.values()].map(group => ({ hosts: group.hosts, seen: Object.fromEntries(group.seen.sort()) }))
}
