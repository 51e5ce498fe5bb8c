import { test } from 'uvu'
import { equal, match, throws, unreachable } from 'uvu/assert'
import { defineFact, type FactRequest, type Facts, factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { interrupted, isFailure, messageOf } from '../../../engine/failure/index.ts'
import { checkHost } from '../../../engine/host/check-mode.ts'
import { converge, planHost } from '../../../engine/host/host-run.ts'
import type { HostRun } from '../../../engine/host/run.ts'
import { stopwatch } from '../../../engine/host/stopwatch.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { type HostWork, handlerItems } from '../../../engine/plan/work.ts'
import { play } from '../../../engine/playbook/play.ts'
import type { TaskOrStep } from '../../../engine/role/role.ts'
import { step } from '../../../engine/role/step.ts'
import type { HostView, InventoryView } from '../../../engine/role/view.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { flushHandlers } from '../../../engine/tasks/flush-handlers.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import type { Channel } from '../../../engine/transport/types.ts'

/**
 * A host that is a table of names and values: a task sets one, a fact reads one. Scripts are `set NAME VALUE`, `log
 * TEXT`, `exit 1` or `fail`.
 */
const value = defineFact<{ name: string }, string | undefined>({ name: 'value', probe: () => '', parse: () => [] })
const set = defineTask<{ name: string; to: string; script?: string }>({
  name: 'set',
  title: ({ name, to }) => `${name} is ${to}`,
  facts: ({ name }) => [value({ name })],
  plan: ({ name, to, script }, facts) =>
    facts.get(value({ name })) === to
      ? undefined
      : { summary: `${facts.get(value({ name }))} → ${to}`, apply: raw(script ?? `set ${name} ${to}`) },
})
const log = defineTask<{ text: string }>({
  name: 'log',
  title: ({ text }) => `log ${text}`,
  facts: () => [],
  plan: ({ text }) => ({ summary: 'runs every time', effect: 'action', apply: raw(`log ${text}`) }),
})
const wait = defineTask<{ name: string }>({
  name: 'wait',
  title: ({ name }) => `wait for ${name}`,
  facts: ({ name }) => [value({ name })],
  plan: ({ name }, facts, { changed }) =>
    facts.get(value({ name })) && !changed
      ? undefined
      : { summary: 'not there', effect: 'wait', apply: raw(`log waited-${name}`) },
})

function fakeHost(start: Record<string, string> = {}) {
  const values = new Map(Object.entries(start))
  const pending = new Set<string>()
  const logged: string[] = []
  let probes = 0
  const read = (request: FactRequest): unknown =>
    request.kind.name === 'pending' ? [...pending] : values.get((request.args as { name: string }).name)
  const channel: Channel = {
    host: 'h',
    probe: async requests => {
      probes += 1
      return factsFrom(new Map(requests.map(request => [factKey(request), read(request)]))) as Facts
    },
    apply: async ({ items }, onEvent) => {
      for (const [index, item] of items.entries()) {
        for (const name of item.owes) pending.add(name)
        onEvent({ kind: 'started', id: item.id })
        const [verb, name = '', to = ''] = item.script.text.split(' ')
        if (verb === 'set') values.set(name, to)
        if (verb === 'log') logged.push(name)
        const exitCode = verb === 'fail' || verb === 'exit' ? 1 : 0
        onEvent({ kind: 'done', id: item.id, exitCode, output: exitCode ? 'broken' : '', seconds: 0 })
        if (exitCode) {
          for (const { id } of items.slice(index + 1)) onEvent({ kind: 'notRun', id })
          return { failed: { id: item.id, exitCode, output: 'broken' } }
        }
        if (item.pays) pending.delete(item.pays)
      }
      return {}
    },
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
    close: async () => {},
  }
  return { channel, values, pending, logged, probes: () => probes }
}

function runOn(
  host: ReturnType<typeof fakeHost>,
  units: readonly TaskOrStep[],
  handlers: Record<string, ReturnType<typeof log>> = {},
) {
  const events: RunEvent[] = []
  const work: HostWork = {
    items: units.map((unit, id) => ({ id, role: 'r', unit, owes: unit.notify.map(name => `r/${name}`) })),
    handlers: handlerItems('r', handlers),
  }
  const view: HostView = {
    name: 'h',
    address: 'h',
    ip: 'h',
    addressProblems: [],
    groups: [],
    var: () => undefined,
    render: () => ({ text: '', secret: false }),
    place: () => undefined,
  }
  const inventory: InventoryView = {
    hosts: [view],
    host: () => view,
    group: () => [],
    cluster: () => undefined as never,
    dir: '.',
  }
  const run: HostRun = {
    run: 'run',
    play: play('p', { hosts: 'all' }),
    number: 1,
    host: view,
    inventory,
    work,
    channel: host.channel,
    channelOf: async () => host.channel,
    reconnect: async () => {},
    ask: async () => true,
    signal: new AbortController().signal,
    emit: event => events.push(event),
    diff: false,
    check: false,
    clock: stopwatch(),
    isSecret: () => false,
  }
  return { run, events, go: async () => converge(run, await planHost(run)) }
}

test('nothing to change: one probe, no apply', async () => {
  const host = fakeHost({ a: '1' })
  equal(await runOn(host, [set({ name: 'a', to: '1' })]).go(), 0)
  equal(host.probes(), 1)
})

test('a change is applied, verified by a second probe, and its handler runs once for two notifications', async () => {
  const host = fakeHost()
  const made = await runOn(
    host,
    [set({ name: 'a', to: '1', notify: 'say' }), set({ name: 'b', to: '2', notify: 'say' })],
    { say: log({ text: 'said' }) },
  ).go()
  equal([made, host.probes(), host.logged, [...host.pending]], [3, 2, ['said'], []])
})

test('handlers run in the order of their definition, not of the notifications', async () => {
  const host = fakeHost()
  await runOn(host, [set({ name: 'a', to: '1', notify: ['second', 'first'] })], {
    first: log({ text: 'first' }),
    second: log({ text: 'second' }),
  }).go()
  equal(host.logged, ['first', 'second'])
})

test('flushHandlers runs what was notified before it, in its place, and not again at the end', async () => {
  const host = fakeHost()
  await runOn(host, [set({ name: 'a', to: '1', notify: 'say' }), flushHandlers(), log({ text: 'after' })], {
    say: log({ text: 'said' }),
  }).go()
  equal(host.logged, ['said', 'after'])
})

test('flushHandlers also runs what an earlier run still owes, so that what waits after it can come true', async () => {
  const host = fakeHost({ a: '1' })
  host.pending.add('r/say')
  await runOn(host, [set({ name: 'a', to: '1', notify: 'say' }), flushHandlers(), log({ text: 'after' })], {
    say: log({ text: 'said' }),
  }).go()
  equal([host.logged, [...host.pending]], [['said', 'after'], []])
})

test('what handlers have set off is watched after all of them, and only then paid', async () => {
  const reload = (text: string, settle: string) =>
    defineTask<{ text: string }>({
      name: 'reload',
      title: () => `reload ${text}`,
      facts: () => [],
      plan: () => ({ summary: 'reload', effect: 'action', apply: raw(`log ${text}`), settle: raw(settle) }),
    })({ text })
  const tasks = [set({ name: 'a', to: '1', notify: ['first', 'second', 'third'] })]
  const handlers = {
    first: reload('first', 'log first-lives'),
    second: log({ text: 'second' }),
    third: reload('third', 'log third-lives'),
  }
  const host = fakeHost()
  const { go, events } = runOn(host, tasks, handlers)
  equal(await go(), 4)
  equal(host.logged, ['first', 'second', 'third', 'first-lives', 'third-lives'])
  equal([...host.pending], [])
  equal(events.flatMap(event => (event.kind === 'task' ? [`${event.task} ${event.status}`] : [])).slice(-2), [
    'reload first waited',
    'reload third waited',
  ])

  const broken = fakeHost()
  try {
    await runOn(broken, tasks, { ...handlers, first: reload('first', 'fail') }).go()
    unreachable('it should have failed')
  } catch (error) {
    equal(isFailure(error, 'failed') && error.reason.where?.[1], 'reload first')
  }
  equal(
    [broken.logged, [...broken.pending]],
    [
      ['first', 'second', 'third'],
      ['r/first', 'r/third'],
    ],
  )
})

test('a task that fails keeps the handler owed; the next run pays it although nothing is left to change', async () => {
  const host = fakeHost()
  const tasks = [set({ name: 'a', to: '1', notify: 'say' }), set({ name: 'b', to: '2', script: 'fail' })]
  try {
    await runOn(host, tasks, { say: log({ text: 'said' }) }).go()
    unreachable('it should have failed')
  } catch (error) {
    equal(isFailure(error, 'failed') && [error.reason.where?.[1], error.reason.output], ['b is 2', 'broken'])
  }
  equal([host.logged, [...host.pending]], [[], ['r/say']])
  host.values.set('b', '2')
  await runOn(host, tasks, { say: log({ text: 'said' }) }).go()
  equal([host.logged, [...host.pending]], [['said'], []])
})

const grumpy = defineTask<{ lacks: string }>({
  name: 'grumpy',
  title: () => 'reload what is not there',
  facts: ({ lacks }) => [value({ name: lacks })],
  plan: ({ lacks }, facts) =>
    facts.get(value({ name: lacks }))
      ? { summary: 'reload', effect: 'action', apply: raw('log reloaded'), settle: raw('log lives') }
      : {
          summary: 'cannot be done',
          apply: raw('log not-to-be-run'),
          settle: raw('log watched'),
          refused: `no ${lacks}`,
        },
})

test('a handler that is refused fails its host and stays owed, with those after it; it is paid once it can do its work', async () => {
  const handlers = { first: log({ text: 'first' }), reload: grumpy({ lacks: 'daemon' }), last: log({ text: 'last' }) }
  const tasks = [set({ name: 'a', to: '1', notify: ['first', 'reload', 'last'] })]
  for (const [what, units] of [
    ['at the end', tasks],
    ['in its place', [...tasks, flushHandlers(), log({ text: 'after' })]],
  ] as const) {
    const host = fakeHost()
    for (const time of ['notified now', 'owed from before']) {
      const { go, events } = runOn(host, units, handlers)
      try {
        await go()
        unreachable('it should have failed')
      } catch (error) {
        const told = isFailure(error, 'failed') ? [...(error.reason.where ?? []), error.message] : String(error)
        equal(told, ['r', 'reload what is not there', 'no daemon'], `${what}, ${time}`)
      }
      equal([...host.pending], ['r/reload', 'r/last'], `${what}, ${time}`)
      equal(host.logged, ['first'], `${what}, ${time}`)
      equal(events.filter(event => event.kind === 'task' && event.status === 'failed').length, 1)
    }
    equal(host.values.get('a'), '1', 'the change is made')
    host.values.set('daemon', 'there')
    await runOn(host, units, handlers).go()
    equal([...host.pending], [])
    equal(host.logged.slice(1).includes('reloaded'), true)
  }
})

test('check mode tells that a handler would be refused', async () => {
  const { run } = runOn(fakeHost(), [set({ name: 'a', to: '1', notify: 'reload' })], {
    reload: grumpy({ lacks: 'daemon' }),
  })
  const plan = await planHost(run)
  throws(() => checkHost(run, plan), /no daemon/)
})

test('what a later task undoes is made right by a second pass', async () => {
  const host = fakeHost({ undone: 'no' })
  const tasks = [set({ name: 'a', to: '1' }), set({ name: 'undone', to: 'yes', script: 'set a 0' })]
  const { probe } = host.channel
  const channel: Channel = {
    ...host.channel,
    probe: requests => {
      // The second task finds itself done after its first run, as a package that replaces a file once.
      if (host.values.get('a') === '0') host.values.set('undone', 'yes')
      return probe(requests)
    },
  }
  await runOn({ ...host, channel }, tasks).go()
  equal(host.values.get('a'), '1')
})

test('what is still not so after two passes is an error that names the task', async () => {
  const host = fakeHost()
  try {
    await runOn(host, [set({ name: 'a', to: '1', script: 'set a 0' })]).go()
    unreachable('it should not converge')
  } catch (error) {
    match(messageOf(error), /does not converge.*a is 1: 0 → 1/)
  }
})

test('a condition that holds is not waited for, unless something before it changed', async () => {
  const still = fakeHost({ port: 'open', a: '1' })
  await runOn(still, [set({ name: 'a', to: '1' }), wait({ name: 'port' })]).go()
  equal(still.logged, [])
  const changing = fakeHost({ port: 'open' })
  equal(await runOn(changing, [set({ name: 'a', to: '1' }), wait({ name: 'port' })]).go(), 1, 'waiting is no change')
  equal(changing.logged, ['waited-port'])
})

test('a step that is not needed costs nothing; one that is runs after the stage before it, and handlers come at the end', async () => {
  const order = (host: ReturnType<typeof fakeHost>) => [
    set({ name: 'a', to: '1', notify: 'say' }),
    step({
      title: 'join',
      facts: { joined: value({ name: 'joined' }) },
      needed: ({ joined }) => (joined ? false : 'not a member'),
      run: async () => {
        host.logged.push(`step, a is ${host.values.get('a')}`)
        host.values.set('joined', 'yes')
        return undefined
      },
    }),
    set({ name: 'b', to: '2' }),
  ]
  const host = fakeHost()
  await runOn(host, order(host), { say: log({ text: 'said' }) }).go()
  equal(host.logged, ['step, a is 1', 'said'])
  const probesBefore = host.probes()
  equal(await runOn(host, order(host), { say: log({ text: 'said' }) }).go(), 0)
  equal([host.probes() - probesBefore, host.logged.length], [1, 2])
})

test('a step that has changed nothing does not pay a handler that the stage before it owes', async () => {
  const host = fakeHost()
  const look = step({ title: 'look', notify: ['say'], run: async () => ({ changed: false }) })
  await runOn(host, [set({ name: 'a', to: '1', notify: 'say' }), look], { say: log({ text: 'said' }) }).go()
  equal([host.logged, [...host.pending]], [['said'], []])
})

test('a host whose first stage only waits is still known to be changed later', async () => {
  const host = fakeHost()
  const { run } = runOn(host, [
    wait({ name: 'port' }),
    step({ title: 'look', run: async () => undefined }),
    set({ name: 'a', to: '1' }),
  ])
  equal((await planHost(run)).disrupts, true)
  const waits = runOn(host, [wait({ name: 'port' })]).run
  const plan = await planHost(waits)
  equal([plan.disrupts, plan.dirty], [false, true])
})

test('a handler that only the second pass notifies runs, too', async () => {
  const host = fakeHost({ undone: 'no', a: '1' })
  const tasks = [set({ name: 'a', to: '1', notify: 'say' }), set({ name: 'undone', to: 'yes', script: 'set a 0' })]
  const { probe } = host.channel
  const channel: Channel = {
    ...host.channel,
    probe: requests => {
      if (host.values.get('a') === '0') host.values.set('undone', 'yes')
      return probe(requests)
    },
  }
  await runOn({ ...host, channel }, tasks, { say: log({ text: 'said' }) }).go()
  equal([host.logged, [...host.pending]], [['said'], []])
})

test('check mode tells every stage, step and handler that a run would do, and does none', async () => {
  const host = fakeHost()
  const { run, events } = runOn(
    host,
    [
      set({ name: 'a', to: '1', notify: 'say' }),
      step({ title: 'join', run: async () => undefined }),
      set({ name: 'b', to: '2' }),
    ],
    { say: log({ text: 'said' }) },
  )
  equal(checkHost(run, await planHost(run)).length, 4)
  equal(host.values.size, 0)
  equal(
    events.flatMap(event => (event.kind === 'task' ? [`${event.status} ${event.task}`] : [])),
    ['would change a is 1', 'would change join', 'would change b is 2', 'would change log said'],
  )
})

test('a step that is interrupted is told as such, not as one that failed', async () => {
  const stopped = step({ title: 'waits', run: () => Promise.reject(interrupted('stopped')) })
  const error = await runOn(fakeHost(), [stopped])
    .go()
    .catch((thrown: unknown) => thrown)
  equal([isFailure(error, 'interrupted'), messageOf(error)], [true, 'stopped'])
})

test.run()
