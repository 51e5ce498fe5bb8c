import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact, type FactRequest, factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { unreachable } from '../../../engine/failure/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { inventoryView } from '../../../engine/plan/views.ts'
import { type PlayOptions, play } from '../../../engine/playbook/play.ts'
import { type Serial, window } from '../../../engine/playbook/serial.ts'
import { around } from '../../../engine/role/around.ts'
import { gate } from '../../../engine/role/gate.ts'
import { step } from '../../../engine/role/step.ts'
import { runPlays } from '../../../engine/rollout/run.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import type { Channel, Connection } from '../../../engine/transport/types.ts'
import { readyPlays } from '../../ready-plays.ts'

// Plays in a window, on hosts in memory. A host that is worked on does not serve meanwhile.

const isDone = defineFact<{ name: string }, boolean>({ name: 'isDone', probe: () => '', parse: () => [] })
const isUp = defineFact<Record<never, never>, boolean>({ name: 'isUp', probe: () => '', parse: () => [] })
const make = defineTask<{ name: string }>({
  name: 'make',
  title: ({ name }) => name,
  facts: ({ name }) => [isDone({ name })],
  plan: ({ name }, facts) => (facts.get(isDone({ name })) ? undefined : { summary: 'to do', apply: raw(name) }),
})
const waits = defineTask<{ name: string }>({
  name: 'waits',
  title: ({ name }) => name,
  facts: ({ name }) => [isDone({ name })],
  plan: ({ name }, facts) =>
    facts.get(isDone({ name })) ? undefined : { summary: 'to come', effect: 'wait', apply: raw(name) },
})
const itServes = {
  name: 'it serves',
  facts: () => ({ up: isUp({}) }),
  check: ({ up }: { readonly up: boolean }) =>
    up ? ({ ok: true } as const) : { ok: false as const, expected: 'up', saw: 'down' },
  timeout: 0,
  interval: 0,
}
const serves = gate(itServes)

interface Host {
  /** How many turns of the event loop a change takes. */
  readonly ticks?: number
  /** How many a look at it takes. */
  readonly probing?: number
  /** A change takes no longer than until this is so. */
  readonly enough?: () => boolean
  readonly how?: 'ok' | 'failed' | 'unreachable'
  /** It does not serve before anything is done. */
  readonly down?: boolean
  /** There is nothing to change. */
  readonly done?: boolean
  /** After a change that failed: milliseconds until it serves all the same. */
  readonly comesBack?: number
}

interface Options {
  readonly check?: boolean
  readonly forks?: number
  readonly signal?: AbortSignal
  readonly paced?: (own: Serial) => Serial
  readonly onEvent?: (event: RunEvent) => void
  /** What else is so, `host name`; it may grow. */
  readonly also?: readonly string[]
}

/** What happened: `begin a`, `end a` of changes, in order, with who serves at that moment. */
interface Moment {
  readonly what: 'begin' | 'end'
  readonly host: string
  readonly wasUp: boolean
  readonly up: number
}

async function run(hosts: Readonly<Record<string, Host>>, options: Omit<PlayOptions, 'hosts'>, more: Options = {}) {
  const names = Object.keys(hosts)
  const up = new Set(names.filter(name => !hosts[name]?.down))
  const made = new Set(names.flatMap(name => (hosts[name]?.done ? [`${name} work`] : [])))
  const moments: Moment[] = []
  const channel = (host: string): Channel => {
    const { ticks = 0, probing = 0, enough = () => false, how = 'ok', comesBack } = hosts[host] ?? {}
    const owed = new Set<string>()
    const read = ({ kind, args }: FactRequest): unknown => {
      if (kind.name === 'pending') return [...owed]
      if (kind.name === 'isUp') return up.has(host)
      const what = `${host} ${(args as { name: string }).name}`
      return made.has(what) || more.also?.includes(what) === true
    }
    // What is asked for behind a change is answered behind it.
    let last: Promise<unknown> = Promise.resolve()
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const answer = last.then(work)
      last = answer
      return answer
    }
    return {
      host,
      probe: requests =>
        inTurn(async () => {
          await ticking(probing)
          return factsFrom(new Map(requests.map(request => [factKey(request), read(request)])))
        }),
      apply: ({ items }, onEvent) =>
        inTurn(async () => {
          for (const { id, owes, pays, script } of items) {
            for (const name of owes) owed.add(name)
            const works = script.text === 'work'
            if (works) {
              const wasUp = up.delete(host)
              moments.push({ what: 'begin', host, wasUp, up: up.size })
            }
            if (script.text !== ':') for (let tick = 0; tick < ticks && !enough(); tick += 1) await setImmediate()
            const exitCode = works && how === 'failed' ? 1 : 0
            if (works) {
              if (exitCode === 0) up.add(host)
              else if (comesBack !== undefined) setTimeout(() => up.add(host), comesBack)
              moments.push({ what: 'end', host, wasUp: false, up: up.size })
            }
            onEvent({ kind: 'done', id, exitCode, output: '', seconds: 0 })
            if (exitCode > 0) return { failed: { id, exitCode, output: '' } }
            made.add(`${host} ${script.text}`)
            if (pays) owed.delete(pays)
          }
          return {}
        }),
      run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
      close: async () => {},
    }
  }
  const inventory = await loadInventory({ sources: [`${names.join(',')},`] })
  const tags = { only: [], skip: [] }
  const given = play('p', { tasks: [make({ name: 'work' })], ...options, hosts: 'all' })
  const ready = await readyPlays([given], inventory, { tags, redactor: newRedactor() })
  if (ready.problems.length > 0) throw new Error(ready.problems.map(({ message }) => message).join('\n'))
  const events: RunEvent[] = []
  const connection = (host: string): Connection => ({ host, transport: { kind: 'local' }, shell: ['sh'] })
  const code = await runPlays(ready.plays, {
    isSecret: () => false,
    run: 'test',
    playbook: 'test',
    inventory,
    view: inventoryView(inventory),
    connections: new Map(names.map(host => [host, connection(host)])),
    open: async ({ host }) => {
      if (hosts[host]?.how === 'unreachable') throw unreachable(host, 'lost', 'gone')
      return channel(host)
    },
    check: more.check ?? false,
    diff: false,
    forks: more.forks ?? 32,
    tags,
    ...(more.paced && { paced: more.paced }),
    signal: more.signal ?? new AbortController().signal,
    ask: async question => {
      events.push({ kind: 'note', text: `asked: ${question}` })
      return true
    },
    emit: event => {
      events.push(event)
      more.onEvent?.(event)
    },
  })
  const of = <K extends RunEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind)
  const outcomes = Object.fromEntries(of('hostFinished').map(({ host, outcome }) => [host, outcome]))
  const notes = of('note').map(({ text }) => text)
  return {
    events,
    of,
    moments,
    outcomes,
    code,
    notes,
    stopped: of('stopped')
      .map(({ reason }) => reason)
      .join(),
  }
}

async function ticking(ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick += 1) await setImmediate()
}

const some = (names: string, host: Host = {}): Record<string, Host> =>
  Object.fromEntries([...names].map(name => [name, host]))
const started = ({ of }: Awaited<ReturnType<typeof run>>) =>
  of('hostStarted').map(({ host, inFlight, done, of }) => `${host} [${inFlight.join('')}] ${done}/${of}`)

test('the next host starts when one is done, whoever is slow meanwhile', async () => {
  const ran = await run({ ...some('abcdef'), a: { ticks: 500 } }, { serial: window(2) })
  assert.equal(started(ran), ['a [a] 0/6', 'b [ab] 0/6', 'c [ac] 1/6', 'd [ad] 2/6', 'e [ae] 3/6', 'f [af] 4/6'])
  assert.is(ran.of('hostFinished').at(-1)?.host, 'a')
  assert.is(ran.code, 0)
  assert.equal(ran.of('playStarted')[0], {
    kind: 'playStarted',
    play: 'p',
    number: 1,
    hosts: [...'abcdef'],
    batches: 1,
    window: 2,
  })
})

test('canaries are batches: no host of the window starts before the last of them is done', async () => {
  const ran = await run({ ...some('abcdefg'), a: { ticks: 200 }, c: { ticks: 200 } }, { serial: [1, 2, window('30%')] })
  const batches = ran.of('batchStarted').map(({ number, of, hosts, window }) => [number, of, hosts.join(''), window])
  assert.equal(batches, [
    [1, 3, 'a', undefined],
    [2, 3, 'bc', undefined],
    [3, 3, 'defg', 2],
  ])
  const kinds = ran.events.flatMap(event =>
    event.kind === 'hostStarted' || event.kind === 'hostFinished' ? [`${event.kind} ${event.host}`] : [],
  )
  assert.ok(kinds.indexOf('hostFinished c') < kinds.indexOf('hostStarted d'))
  assert.equal(started(ran)[0], 'd [d] 0/4')
})

test('a canary that fails stops the play before the window', async () => {
  const ran = await run({ ...some('abcd'), a: { how: 'failed' } }, { serial: [1, window(2)] })
  assert.equal(ran.outcomes, { a: 'failed', b: 'skipped', c: 'skipped', d: 'skipped' })
  assert.equal(started(ran), [])
})

test('a host that failed keeps its place, and when no place is left nothing starts any more', async () => {
  const one = await run({ ...some('abcdef'), a: { how: 'failed' } }, { serial: window(2) })
  assert.equal(started(one).slice(2), ['c [c] 2/6', 'd [d] 3/6', 'e [e] 4/6', 'f [f] 5/6'])
  assert.is(one.code, 2)
  const two = await run({ ...some('abcdef'), a: { how: 'failed' }, d: { how: 'unreachable' } }, { serial: window(2) })
  assert.equal(two.outcomes, { a: 'failed', b: 'changed', c: 'changed', d: 'unreachable', e: 'skipped', f: 'skipped' })
  assert.is(two.stopped, 'p: failed on a, d: no place is left in the window of 2, for a host that failed keeps its own')
})

test('maxFailPercentage is a share of the hosts begun, and of no fewer than the window', async () => {
  const failing = (names: string) => ({ ...some('abcdefghijklmnopqrst'), ...some(names, { how: 'failed' }) })
  const rule = { serial: window(10), maxFailPercentage: 15 }
  const early = await run(failing('ab'), rule)
  assert.is(early.stopped, 'p: failed on a, b: 20% of the 10 hosts begun, more than 15%')
  assert.is((await run(failing('ab'), rule, { forks: 2 })).stopped, early.stopped)
  assert.is((await run(failing('a'), rule, { forks: 2 })).stopped, '')
  assert.is((await run(failing('st'), rule)).stopped, '')
  assert.match((await run(failing('qrst'), rule)).stopped, '20% of the 20 hosts begun')
})

test('anyErrorsFatal: with the first failure nothing starts; who is in flight is brought to its end', async () => {
  const ran = await run(
    { ...some('abcdef'), a: { how: 'failed', ticks: 30 }, b: { ticks: 300 }, c: { ticks: 300 } },
    { serial: window(3), anyErrorsFatal: true },
  )
  const left = { d: 'skipped', e: 'skipped', f: 'skipped' }
  assert.equal(ran.outcomes, { a: 'failed', b: 'changed', c: 'changed', ...left })
  const why = ran.of('hostFinished').find(({ host }) => host === 'd')?.message
  assert.is(why, 'not begun: p: failed on a')
})

test('who is only looked at when a rule is broken is not begun', async () => {
  const hosts = { ...some('abc'), a: { how: 'failed' as const, ticks: 30 }, b: { probing: 200 } }
  const ran = await run(hosts, { serial: window(2), anyErrorsFatal: true })
  assert.equal(ran.outcomes, { a: 'failed', b: 'skipped', c: 'skipped' })
  assert.equal(ran.moments.map(({ host }) => host).includes('b'), false)
})

test('after an interruption nothing starts; who is in flight is brought to its end', async () => {
  const stop = new AbortController()
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'hostFinished' && event.host === 'a') stop.abort()
  }
  const hosts = { ...some('abcd'), a: { ticks: 30 }, b: { ticks: 300 } }
  const ran = await run(hosts, { serial: window(2) }, { signal: stop.signal, onEvent })
  assert.equal(ran.outcomes, { a: 'changed', b: 'changed', c: 'skipped', d: 'skipped' })
  assert.equal(
    ran.of('hostFinished').flatMap(({ host, message }) => (message === undefined ? [] : [`${host} ${message}`])),
    ['c not begun: interrupted', 'd not begun: interrupted'],
  )
  assert.is(ran.code, 130)
})

const majority = (total: number) => Math.floor(total / 2) + 1
const careful = { gate: serves, keepAvailable: majority }

test('keepAvailable counts who is in flight: a host waits for room, and that is said', async () => {
  const ran = await run({ ...some('abc'), a: { ticks: 100 } }, { serial: window(3), ...careful })
  assert.equal(
    ran.moments.map(({ what, host }) => `${what} ${host}`),
    ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c'],
  )
  const waits = ran.notes.filter(text => text.endsWith('; waiting'))
  assert.equal(waits, ["p: b, c can't be taken down: 3 of 3 available, at least 2 must stay; waiting"])
  assert.is(ran.code, 0)
})

test('who is in flight and is not taken down counts as serving', async () => {
  const tasks: PlayOptions['tasks'] = ({ host }) => [(host.name === 'a' ? waits : make)({ name: 'work now' })]
  const events: string[] = []
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'task' || event.kind === 'hostFinished') events.push(`${event.kind} ${event.host}`)
  }
  const enough = () => events.includes('hostFinished c')
  const hosts = { ...some('abc'), a: { ticks: 1e6, enough } }
  await run(hosts, { serial: window(3), ...careful, tasks }, { onEvent })
  assert.ok(events.indexOf('hostFinished c') < events.indexOf('hostFinished a'), events.join())
})

test('of those that wait for room who leads the others comes last', async () => {
  const led = gate({
    ...itServes,
    facts: () => ({ up: isUp({}), leads: isDone({ name: 'leads' }) }),
    last: ({ leads }) => leads,
  })
  const onEvent = (event: RunEvent) => {
    // It comes to lead once all have started.
    if (event.kind === 'hostStarted' && event.host === 'd') leader.push('b leads')
  }
  const leader: string[] = []
  const hosts = { ...some('abcd'), a: { ticks: 200 } }
  const ran = await run(hosts, { serial: window(4), gate: led, keepAvailable: () => 3 }, { onEvent, also: leader })
  assert.equal(
    ran.moments.flatMap(({ what, host }) => (what === 'begin' ? [host] : [])),
    ['a', 'c', 'd', 'b'],
  )
})

test('who has waited for others is not refused for a moment in which one of them is not back yet', async () => {
  // A moment is no longer than the gate's timeout, and the work of others takes longer.
  const slow = gate({ ...itServes, timeout: 1, interval: 0.001 })
  const end = Date.now() + 1500
  const enough = () => Date.now() > end
  let looks = 0
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'note' && event.text.endsWith('waiting for a moment')) looks += 1
  }
  const hosts = {
    ...some('abc'),
    a: { ticks: Number.POSITIVE_INFINITY, enough, how: 'failed' as const, comesBack: 60 },
  }
  const ran = await run(hosts, { serial: window(3), gate: slow, keepAvailable: majority }, { onEvent })
  assert.equal(ran.outcomes, { a: 'failed', b: 'changed', c: 'changed' })
  assert.is(looks, 1)
})

test('who is down is brought up before a healthy one is touched, in flight too', async () => {
  const hosts = { ...some('abcde'), b: { down: true, ticks: 100 } }
  const ran = await run(hosts, { serial: window(5), gate: serves, keepAvailable: () => 1 })
  const begins = ran.moments.flatMap(({ what, host }) => `${what} ${host}`)
  assert.equal(begins.slice(0, 2), ['begin b', 'end b'])
  assert.is(ran.code, 0)
})

test('a window that may take nobody down is refused, with the reason, once nobody is at work', async () => {
  const hosts = { ...some('abc'), a: { down: true, done: true } }
  const ran = await run(hosts, { serial: window(2), ...careful })
  assert.match(ran.stopped, "can't be taken down: 2 of 3 available, at least 2 must stay (not available now: a)")
  assert.equal(ran.moments, [])
})

test('who waits for room is not begun where others have broken a rule meanwhile', async () => {
  const hosts = { ...some('abc'), a: { ticks: 100, how: 'failed' as const } }
  const ran = await run(hosts, { serial: window(3), ...careful, anyErrorsFatal: true })
  assert.equal(ran.outcomes, { a: 'failed', b: 'skipped', c: 'skipped' })
  assert.is(ran.stopped, 'p: failed on a')
})

test('who waits for room when it is interrupted is not begun', async () => {
  const stop = new AbortController()
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'note' && event.text.endsWith('; waiting')) void ticking(50).then(() => stop.abort())
  }
  const hosts = { ...some('abc'), a: { ticks: 300 } }
  const ran = await run(hosts, { serial: window(2), ...careful }, { signal: stop.signal, onEvent })
  assert.equal(ran.outcomes, { a: 'changed', b: 'skipped', c: 'skipped' })
  assert.is(ran.of('hostFinished').find(({ host }) => host === 'b')?.message, 'not begun: interrupted')
})

test('the same question is asked once for the whole window', async () => {
  const asks = step({ title: 'asks', needed: () => 'always', run: async ({ ask }) => void (await ask('Go on?')) })
  const ran = await run(some('abcd'), { serial: window(2), tasks: [asks] })
  assert.equal(ran.notes, ['asked: Go on?'])
})

test('in check mode nothing is changed, and all hosts are looked at', async () => {
  const ran = await run(some('abcd'), { serial: window(2), ...careful }, { check: true })
  assert.equal(ran.moments, [])
  assert.equal(Object.values(ran.outcomes), ['changed', 'changed', 'changed', 'changed'])
})

test('hooks announce before any host that starts with them is entered; a later one does when it starts', async () => {
  const said: string[] = []
  const hook = around({
    name: 'hook',
    announce: async ({ host }) => {
      if (host.name === 'b') await ticking(50)
      said.push(`announce ${host.name}`)
    },
    enter: async ({ host }) => void said.push(`enter ${host.name}`),
    leave: async ({ host }) => void said.push(`leave ${host.name}`),
  })
  await run({ ...some('abc'), b: { ticks: 100 } }, { serial: window(2), around: [hook] })
  assert.equal(said.slice(0, 2), ['announce a', 'announce b'])
  assert.ok(said.indexOf('leave a') < said.indexOf('announce c'))
  assert.ok(said.indexOf('enter c') < said.indexOf('leave b'), 'it waits for nobody who is at work')
})

test('who gets room at the same time announces before one of them is entered', async () => {
  const said: string[] = []
  const hook = around({
    name: 'hook',
    announce: async ({ host }) => {
      if (host.name === 'b') await ticking(50)
      said.push(`announce ${host.name}`)
    },
    enter: async ({ host }) => void said.push(`enter ${host.name}`),
    leave: async () => {},
  })
  const hosts = { ...some('abcd'), d: { probing: 200 } }
  await run(hosts, { serial: window(2), gate: serves, keepAvailable: () => 1, around: [hook] })
  assert.equal(said.slice(0, 2), ['announce a', 'announce b'])
})

test('who waits for room holds nobody up that announces', async () => {
  const said: string[] = []
  const hook = around({
    name: 'hook',
    announce: async ({ host }) => void said.push(`announce ${host.name}`),
    enter: async ({ host }) => void said.push(`enter ${host.name}`),
    leave: async () => {},
  })
  const { code } = await run(some('abc'), { serial: window(3), ...careful, around: [hook] })
  assert.is(code, 0)
  assert.equal(said, ['announce a', 'enter a', 'announce b', 'enter b', 'announce c', 'enter c'])
})

test('what runs once runs on each host of a window, one after the other, and that is said', async () => {
  const log: string[] = []
  const once = step({
    title: 'once',
    runOnce: true,
    needed: () => 'always',
    run: async ({ host }) => {
      log.push(`begin ${host.name}`)
      await ticking(20)
      log.push(`end ${host.name}`)
    },
  })
  const ran = await run(some('abc'), { serial: [1, window(2)], tasks: [once] })
  assert.equal(log, ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c'])
  assert.equal(ran.notes, ['p: "once" runs on each host of the window, one after the other'])
})

test('in a batch, who may have to be changed by what runs once counts as one that is', async () => {
  const once = step({ title: 'once', runOnce: true, needed: () => 'always', run: async () => ({}) })
  const hosts = { ...some('abc', { done: true }), a: {} }
  const ran = await run(hosts, { ...careful, tasks: [make({ name: 'work' }), once] })
  assert.ok(
    ran.notes.some(text => text.startsWith('p: a first, then the others')),
    ran.notes.join(),
  )
})

test('what the command line makes of a serial is what counts', async () => {
  const ran = await run(some('abcd'), { serial: 1 }, { paced: () => window('50%') })
  assert.is(ran.of('playStarted')[0]?.window, 2)
})

const aHost = fc.record({
  ticks: fc.nat(12),
  how: fc.oneof(
    { weight: 8, arbitrary: fc.constant<'ok'>('ok') },
    { weight: 1, arbitrary: fc.constantFrom<'failed' | 'unreachable'>('failed', 'unreachable') },
  ),
  down: fc.integer({ min: 0, max: 5 }).map(one => one === 0),
  done: fc.integer({ min: 0, max: 5 }).map(one => one === 0),
})
const aRollout = fc.record({
  hosts: fc.array(aHost, { minLength: 1, maxLength: 12 }),
  size: fc.oneof(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 100 }).map(share => `${share}%`),
  ),
  canaries: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  atLeast: fc.option(fc.nat(12), { nil: undefined }),
  forks: fc.integer({ min: 1, max: 6 }),
  maxFailPercentage: fc.option(fc.nat(60), { nil: undefined }),
  anyErrorsFatal: fc.integer({ min: 0, max: 3 }).map(one => one === 0),
})

const seed = process.env.ROTA_SEED === 'random' ? Date.now() % 1_000_000 : 42

test('property: never more in flight than allowed, in order, each host once, and nothing starts once a rule is broken', async () => {
  let stops = 0
  let waits = 0
  await fc.assert(
    fc.asyncProperty(
      aRollout,
      async ({ hosts: list, size, canaries, atLeast, forks, maxFailPercentage, anyErrorsFatal }) => {
        const hosts = Object.fromEntries(list.map((host, index) => [`h${index}`, host]))
        const ran = await run(
          hosts,
          {
            serial: [...canaries, window(size)],
            gate: serves,
            anyErrorsFatal,
            ...(atLeast === undefined ? {} : { keepAvailable: () => atLeast }),
            ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
          },
          { forks },
        )
        const [begun] = ran.of('playStarted')
        const order = begun?.hosts ?? []
        const places = begun?.window ?? 0
        assert.equal([...order].sort(), Object.keys(hosts).sort())
        assert.equal(
          ran
            .of('hostFinished')
            .map(({ host }) => host)
            .sort(),
          Object.keys(hosts).sort(),
          'each host has one end',
        )
        const inWindow = order.slice(order.length - (ran.of('hostStarted')[0]?.of ?? 0))
        const starts = ran.of('hostStarted').map(({ host }) => host)
        assert.equal(starts, inWindow.slice(0, starts.length), 'in their order')
        const working = new Set<string>()
        const failed: string[] = []
        let broken = false
        let count = 0
        for (const event of ran.events) {
          if (event.kind === 'hostStarted') {
            assert.not.ok(broken, 'nothing starts any more')
            working.add(event.host)
            count += 1
            // One that has just come to its end may still be among them.
            const { inFlight } = event
            assert.is(inFlight.at(-1), event.host)
            assert.equal(
              [...working].filter(name => !inFlight.includes(name)),
              [],
            )
            assert.ok(inFlight.length <= forks)
            const kept = failed.filter(name => !inFlight.includes(name))
            assert.ok(inFlight.length + kept.length <= places, 'who failed keeps its place')
          }
          if (event.kind === 'hostFinished' && working.delete(event.host)) {
            if (event.outcome === 'failed' || event.outcome === 'unreachable') failed.push(event.host)
            const least = Math.min(places, inWindow.length)
            const share = (failed.length / Math.max(count, least)) * 100
            broken ||=
              (failed.length > 0 && anyErrorsFatal) ||
              failed.length >= least ||
              (maxFailPercentage !== undefined && failed.length > 0 && share > maxFailPercentage) ||
              (event.outcome === 'skipped' && (event.message?.includes("can't be taken down") ?? false))
          }
        }
        if (broken) stops += 1
        if (ran.notes.some(text => text.endsWith('; waiting'))) waits += 1
        if (starts.length > 0 && starts.length < inWindow.length)
          assert.ok(broken, 'who is left out is left out for a reason')
        for (const { what, host, wasUp, up } of ran.moments)
          if (what === 'begin' && wasUp && atLeast !== undefined)
            assert.ok(up >= atLeast, `${host} was taken down, ${up} serve`)
      },
    ),
    { numRuns: 300, seed },
  )
  assert.ok(stops > 20 && waits > 20, `${stops} stopped, ${waits} waited`)
})

test('property: a window of one is batches of one', async () => {
  const told = ({ events }: Awaited<ReturnType<typeof run>>) =>
    events.flatMap(event =>
      event.kind === 'task' || event.kind === 'hostFinished'
        ? [`${event.kind} ${event.host} ${'outcome' in event ? event.outcome : event.status}`]
        : [],
    )
  await fc.assert(
    fc.asyncProperty(aRollout, async ({ hosts: list, canaries: [more = 0], atLeast, anyErrorsFatal }) => {
      const canaries = more > 1 ? [1] : []
      const hosts = Object.fromEntries(list.map((host, index) => [`h${index}`, host]))
      const rule = { gate: serves, anyErrorsFatal, ...(atLeast === undefined ? {} : { keepAvailable: () => atLeast }) }
      const batches = await run(hosts, { ...rule, serial: [...canaries, 1] })
      const slid = await run(hosts, { ...rule, serial: [...canaries, window(1)] })
      assert.equal(told(slid), told(batches))
      assert.is(slid.code, batches.code)
    }),
    { numRuns: 100, seed },
  )
})

test.run()
