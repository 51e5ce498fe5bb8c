import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { unreachable } from '../../../engine/failure/index.ts'
import { type Gate, gate, holds } from '../../../engine/index.ts'
import { isDone, inMemory as run } from '../in-memory.ts'

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

test('a gate that does not hold in its time fails the host, and says what was expected and what was seen', async () => {
  const closed = gate({
    name: 'ready',
    interval: 0.01,
    timeout: 0.03,
    facts: () => ({ done: isDone({}) }),
    check: ({ done }) => (done ? { ok: false, expected: 'an open door', saw: 'a closed one' } : holds),
  })
  const { exitCode, outcomes, messages } = await run({ gate: closed })
  equal([exitCode, outcomes], [2, ['a failed', 'b failed', 'c failed']])
  for (const message of messages)
    match(
      message,
      /^gate ready: expected an open door, saw a closed one \(after 0\.03 s\)\nthe rollout goes no further/,
    )
})

test('a gate of a host may have to hold for some time', async () => {
  const looks = new Map<string, number>()
  const flapping = gate({
    name: 'ready',
    interval: 0.01,
    timeout: 20,
    holdFor: 0.03,
    facts: () => ({ done: isDone({}) }),
    check: ({ done }, { host }) => {
      const look = done ? (looks.get(host.name) ?? 0) + 1 : 0
      looks.set(host.name, look)
      return look === 2 ? { ok: false, expected: 'an open door', saw: 'a closed one' } : holds
    },
  })
  equal((await run({ gate: flapping })).exitCode, 0)
  // One that holds, one that does not, and two at least until it has held for so long.
  equal(
    [...looks.values()].map(count => count >= 4),
    [true, true, true],
  )
})

test('who leads by the word of the gate is asked anew before each turn, and is worked on last', async () => {
  const worked: string[] = []
  let leader = 'a'
  const led = gate({
    name: 'ready',
    interval: 0.01,
    timeout: 0.05,
    facts: () => ({ done: isDone({}) }),
    check: ({ done }, { host }) => {
      if (done && !worked.includes(host.name)) worked.push(host.name)
      // It moves once, while the first is worked on.
      if (worked.length > 0) leader = 'c'
      return holds
    },
    last: (_, { host }) => host.name === leader,
  })
  const { exitCode, changed } = await run({ gate: led, keepAvailable: (total: number) => total - 1 })
  equal([exitCode, changed], [0, ['b', 'a', 'c']])
})

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
