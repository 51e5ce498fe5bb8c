import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { defineFact, type FactRequest, factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { unreachable } from '../../../engine/failure/index.ts'
import { type Gate, gate, holds, type PlayOptions, play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { inventoryView } from '../../../engine/plan/views.ts'
import { runPlays } from '../../../engine/rollout/run.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import type { Channel, Connection } from '../../../engine/transport/types.ts'
import { readyPlays } from '../../ready-plays.ts'

const isDone = defineFact<Record<never, never>, boolean>({ name: 'isDone', probe: () => '', parse: () => [] })
const change = defineTask<Record<never, never>>({
  name: 'change',
  title: () => 'change it',
  facts: () => [isDone({})],
  plan: (_, facts) => (facts.get(isDone({})) ? undefined : { summary: 'to do', apply: raw('change') }),
})

/**
 * Hosts in memory, changed by one play: what became of each, whom anything was done to, and why the playbook stopped.
 */
async function run(
  options: Omit<PlayOptions, 'hosts'>,
  { check = false, probe = () => {} }: { readonly check?: boolean; readonly probe?: (host: string) => void } = {},
) {
  const inventory = await loadInventory({ sources: ['a,b,c,'] })
  const view = inventoryView(inventory)
  const tags = { only: [], skip: [] }
  const made = play('masters', { hosts: 'all', tasks: [change({})], ...options })
  const { plays, problems } = await readyPlays([made], inventory, { tags, redactor: newRedactor() })
  equal(problems, [])
  const events: RunEvent[] = []
  const changed: string[] = []
  const channel = (host: string): Channel => ({
    host,
    probe: async requests => {
      probe(host)
      const read = ({ kind }: FactRequest) => (kind.name === 'pending' ? [] : changed.includes(host))
      return factsFrom(new Map(requests.map(request => [factKey(request), read(request)])))
    },
    apply: async ({ items }, onEvent) => {
      if (items.length === 0) return {}
      for (const { id } of items) onEvent({ kind: 'started', id })
      changed.push(host)
      for (const { id } of items) onEvent({ kind: 'done', id, exitCode: 0, output: '', seconds: 0 })
      return {}
    },
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
    close: async () => {},
  })
  const exitCode = await runPlays(plays, {
    run: 'test',
    playbook: 'test',
    inventory,
    view,
    connections: new Map(
      [...inventory.hosts.keys()].map((host): [string, Connection] => [
        host,
        { host, transport: { kind: 'local' }, shell: ['sh'] },
      ]),
    ),
    open: async ({ host }) => channel(host),
    check,
    diff: false,
    forks: 5,
    tags,
    signal: new AbortController().signal,
    isSecret: () => false,
    ask: async () => true,
    emit: event => events.push(event),
  })
  const ended = events.flatMap(event => (event.kind === 'hostFinished' ? [event] : []))
  return {
    exitCode,
    changed,
    outcomes: ended.map(({ host, outcome }) => `${host} ${outcome}`).sort(),
    messages: ended.map(({ message, hint }) => [message, hint].filter(Boolean).join('\n')),
    stopped: events.flatMap(event => (event.kind === 'stopped' ? [event.reason] : [])).join(),
  }
}

const broken = (how: 'facts' | 'check', when: (host: string) => boolean = () => true): Gate =>
  gate({
    name: 'ready',
    interval: 0.01,
    timeout: 0.05,
    facts: ({ host }) => {
      if (how === 'facts' && when(host.name)) throw new Error('a slip in facts')
      return { done: isDone({}) }
    },
    check: (_, { host }) => {
      if (how === 'check' && when(host.name)) throw new TypeError('a slip in check')
      return holds
    },
  })
const told = (how: string) =>
  new RegExp(`gate ready: the gate's own code failed: a slip in ${how}\\n.*gates\\.test\\.ts:\\d+:\\d+`)

for (const how of ['facts', 'check'] as const) {
  test(`a fault in the code of a gate (${how}) fails the host, as what it is, with its place`, async () => {
    const { exitCode, outcomes, messages } = await run({ gate: broken(how) })
    equal([exitCode, outcomes], [2, ['a failed', 'b failed', 'c failed']])
    for (const message of messages) match(message, told(how))
  })

  for (const check of [false, true])
    test(`a host that a gate is at fault on (${how}) is not taken for one that is down${check ? ', in check mode' : ''}`, async () => {
      const options = { gate: broken(how, host => host === 'b'), keepAvailable: (total: number) => total - 1 }
      const { exitCode, changed, outcomes, stopped } = await run(options, { check })
      equal([exitCode, changed, outcomes], [2, [], ['a skipped', 'b skipped', 'c skipped']])
      match(stopped, /^masters: whether b is available can't be told: /)
      match(stopped, told(how))
    })
}

test('what counts as available is code of the gate, too', async () => {
  const counts = {
    ...broken('check', () => false),
    available: broken('check'),
  }
  const { changed, stopped } = await run({ gate: counts, keepAvailable: total => total - 1 })
  equal(changed, [])
  match(stopped, /whether a \(and of 2 more\) is available can't be told: gate ready: the gate's own code failed/)
})

test('a fault that shows only between two turns stops the rollout there', async () => {
  let looks = 0
  const late = gate({
    name: 'ready',
    interval: 0.01,
    timeout: 0.05,
    facts: () => ({ done: isDone({}) }),
    check: () => {
      looks += 1
      // Six looks: who is available, before the play and before the first turn; then the first host's own.
      if (looks > 7) throw new Error('a slip in check')
      return holds
    },
  })
  const { exitCode, changed, stopped } = await run({ gate: late, keepAvailable: total => total - 1 })
  equal([exitCode, changed], [2, ['a']])
  match(stopped, /can't be told/)
})

test('facts of a host that can not be read are no reason to work on it at no cost; a host that is lost is down', async () => {
  const options = { gate: broken('check', () => false), keepAvailable: (total: number) => total - 1 }
  const unread = await run(options, {
    probe: host => {
      if (host === 'b') throw new Error('b: fact isDone can not be read')
    },
  })
  equal(unread.changed, [])
  match(unread.stopped, /whether b is available can't be told: b: fact isDone can not be read/)
  const lost = await run(options, {
    probe: host => {
      if (host === 'b') throw unreachable('b', 'lost', 'gone')
    },
  })
  equal([lost.changed, lost.outcomes], [[], ['a skipped', 'b unreachable', 'c skipped']])
  match(lost.stopped, /can't be taken down: 2 of 3 available/)
})

test.run()
