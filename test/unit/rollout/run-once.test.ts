import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact, type FactRequest, factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { unreachable } from '../../../engine/failure/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { inventoryView } from '../../../engine/plan/views.ts'
import { type PlayOptions, play } from '../../../engine/playbook/play.ts'
import { around } from '../../../engine/role/around.ts'
import { gate } from '../../../engine/role/gate.ts'
import { defineRole } from '../../../engine/role/role.ts'
import { step } from '../../../engine/role/step.ts'
import { runPlays } from '../../../engine/rollout/run.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import type { Channel, Connection } from '../../../engine/transport/types.ts'
import { readyPlays } from '../../ready-plays.ts'

const isDone = defineFact<{ name: string }, boolean>({ name: 'isDone', probe: () => '', parse: () => [] })
const make = defineTask<{ name: string }>({
  name: 'make',
  title: ({ name }) => name,
  facts: ({ name }) => [isDone({ name })],
  plan: ({ name }, facts) => (facts.get(isDone({ name })) ? undefined : { summary: 'to do', apply: raw(name) }),
})
const action = defineTask<{ name: string }>({
  name: 'action',
  title: ({ name }) => name,
  facts: () => [],
  plan: ({ name }) => ({ summary: 'runs', effect: 'action', apply: raw(name) }),
})

interface World {
  /** What is so already, `host name`. */
  readonly done?: readonly string[]
  /** What is so, too, once something was made. */
  readonly brings?: Readonly<Record<string, string>>
  /** What breaks, `host name`. */
  readonly broken?: readonly string[]
  readonly gone?: readonly string[]
  /** Handlers that are pending on hosts from an earlier run. */
  readonly left?: Readonly<Record<string, readonly string[]>>
}

/** Runs plays on hosts in memory; a program is the name of what it makes. `log` is what happened anywhere, in order. */
async function run(
  hosts: string,
  plays: Readonly<Record<string, Omit<PlayOptions, 'hosts'>>>,
  { done = [], brings = {}, broken = [], gone = [], left = {} }: World = {},
  options: { readonly check?: boolean; readonly forks?: number; readonly signal?: AbortSignal } = {},
) {
  const log: string[] = []
  const made = new Set(done)
  const pending = new Map<string, Set<string>>()
  const probes = new Map<string, number>()
  const channel = (host: string): Channel => {
    const owed = pending.get(host) ?? new Set(left[host])
    pending.set(host, owed)
    const read = ({ kind, args }: FactRequest): unknown =>
      kind.name === 'pending' ? [...owed] : made.has(`${host} ${(args as { name: string }).name}`)
    return {
      host,
      probe: async requests => {
        probes.set(host, (probes.get(host) ?? 0) + 1)
        return factsFrom(new Map(requests.map(request => [factKey(request), read(request)])))
      },
      apply: async ({ items }, onEvent) => {
        for (const { id, owes, pays, script } of items) {
          for (const name of owes) owed.add(name)
          const what = `${host} ${script.text}`
          if (script.text !== ':') log.push(what)
          const exitCode = broken.includes(what) ? 1 : 0
          onEvent({ kind: 'done', id, exitCode, output: '', seconds: 0 })
          if (exitCode > 0) return { failed: { id, exitCode, output: '' } }
          made.add(what).add(brings[what] ?? what)
          if (pays) owed.delete(pays)
        }
        return {}
      },
      run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      stats: () => ({ programs: 0, roundTrips: 0, bytesSent: 0 }),
      close: async () => {},
    }
  }
  const inventory = await loadInventory({ sources: [hosts] })
  const view = inventoryView(inventory)
  const tags = { only: [], skip: [] }
  const given = Object.entries(plays).map(([name, one]) => play(name, { ...one, hosts: 'all' }))
  const ready = await readyPlays(given, inventory, { tags, redactor: newRedactor() })
  const events: RunEvent[] = []
  const problems = ready.problems.map(({ message }) => message)
  if (problems.length > 0) return { problems, log, events, code: 1, pending, probes, outcomes: {} }
  const connection = (host: string): Connection => ({ host, transport: { kind: 'local' }, shell: ['sh'] })
  const code = await runPlays(ready.plays, {
    isSecret: () => false,
    run: 'test',
    playbook: 'test',
    inventory,
    view,
    connections: new Map([...inventory.hosts.keys()].map(host => [host, connection(host)])),
    open: async ({ host }) => {
      if (gone.includes(host)) throw unreachable(host, 'lost', 'gone')
      return channel(host)
    },
    check: options.check ?? false,
    diff: false,
    forks: options.forks ?? 5,
    tags,
    signal: options.signal ?? new AbortController().signal,
    ask: async () => true,
    emit: event => events.push(event),
  })
  const outcomes = Object.fromEntries(
    events.flatMap(event => (event.kind === 'hostFinished' ? [[event.host, event.outcome]] : [])),
  )
  return { problems, log, events, code, pending, probes, outcomes }
}

const [before, after] = [make({ name: 'before' }), make({ name: 'after' })]
const three = [before, make({ name: 'once', runOnce: true }), after]
const notifying = [before, make({ name: 'once', runOnce: true, notify: 'handler' }), after]
const handlers = { handler: action({ name: 'handler' }) }

test('a handler that an earlier run has left is named, and run; one that is notified only now is not', async () => {
  const left = await run('a,b', { p: { tasks: notifying, handlers } }, { left: { a: ['play/handler'] } })
  const notes = left.events.flatMap(event => (event.kind === 'note' ? [`${event.host}: ${event.text}`] : []))
  assert.equal(notes, ['a: handler play/handler is pending from an earlier run'])
  assert.ok(left.log.includes('a handler'))
})

/** Can't be done without what it needs, unless something before it may bring that. */
const picky = defineTask<{ needs: string }>({
  name: 'picky',
  title: ({ needs }) => `picky about ${needs}`,
  facts: ({ needs }) => [isDone({ name: needs })],
  plan: ({ needs }, facts, { changed }) =>
    facts.get(isDone({ name: needs }))
      ? undefined
      : { summary: 'to do', apply: raw(needs), ...(changed ? {} : { refused: 'it can not be' }) },
})
const needs = (name: string) => picky({ needs: name })
for (const [what, tasks, world, outcomes, out] of [
  ['at once', [needs('more'), before], {}, { a: 'failed', b: 'failed' }, []],
  ['not where an earlier task may bring it', [before, needs('more')], {}, { a: 'changed', b: 'changed' }, ['a', 'b']],
  [
    'not where one that runs once brings it',
    [before, make({ name: 'once', runOnce: true }), needs('x'), after],
    { brings: { 'a once': 'a x', 'b before': 'b x' } },
    { a: 'changed', b: 'changed' },
    ['a', 'b'],
  ],
] as const)
  test(`what can not be done is refused before the host is taken out of service: ${what}`, async () => {
    const said: string[] = []
    const found = await run('a,b', { p: { tasks, around: [announced(said)] } }, world)
    assert.equal(
      [found.outcomes, said.filter(text => text.endsWith('out')).sort()],
      [outcomes, out.map(host => `${host} out`)],
    )
    if (out.length === 0) assert.equal(said, [])
  })

test('what an earlier run has left of another playbook is told at the end, and stays', async () => {
  const left = { a: ['around/the-node-is-drained', 'nginx/reload', 'play/handler'], b: ['play/handler'] }
  const world = await run('a,b', { p: { tasks: notifying, handlers }, q: { tasks: [after] } }, { left })
  const warnings = world.events.flatMap(event => (event.kind === 'warning' ? [`${event.host}: ${event.text}`] : []))
  assert.is(warnings.length, 1)
  assert.match(
    warnings[0] ?? '',
    /^a: an earlier run of Rota was broken off here: it may be out of service \(around\/the-node-is-drained\); what these handlers do is not done: nginx\/reload\. No play/,
  )
  assert.equal([...(world.pending.get('a') ?? [])], ['around/the-node-is-drained', 'nginx/reload'])
})

test('a hook that an earlier run has left is left by a run that has it, though nothing else is to do', async () => {
  const said: string[] = []
  const hook = around({ name: 'drained', enter: async () => {}, leave: async ({ host }) => void said.push(host.name) })
  const done = ['a before', 'b before']
  const plays = { p: { tasks: [before], around: [hook] } }
  const { events, pending, log } = await run('a,b', plays, { done, left: { a: ['around/drained'] } })
  assert.equal([said, log, [...(pending.get('a') ?? [])]], [['a'], [], []])
  assert.not.ok(events.some(event => event.kind === 'warning'))
})

for (const forks of [1, 5]) {
  test(`once for all, after what comes before on every host, and before what comes after; ${forks} at once`, async () => {
    const { log, code } = await run('a,b,c', { p: { tasks: notifying, handlers } }, {}, { forks })
    assert.is(code, 0)
    assert.equal(log.slice(0, 3).sort(), ['a before', 'b before', 'c before'])
    assert.is(log[3], 'a once')
    assert.equal(log.slice(4).sort(), ['a after', 'a handler', 'b after', 'c after'])
    assert.ok(log.indexOf('a handler') > log.indexOf('a after'), 'its handler waits for the end')
  })
}

test('where the first has failed before, or can not be reached, the next one runs it', async () => {
  const failed = await run('a,b,c', { p: { tasks: three } }, { broken: ['a before'] })
  assert.equal(
    failed.log.filter(what => what.endsWith('once')),
    ['b once'],
  )
  const gone = await run('a,b,c', { p: { tasks: three } }, { gone: ['a', 'b'] })
  assert.equal(gone.log, ['c before', 'c once', 'c after'])
})

test('in each batch once', async () => {
  const { log } = await run('a,b,c', { p: { serial: 2, tasks: three } })
  assert.equal(
    log.filter(what => what.endsWith('once')),
    ['a once', 'c once'],
  )
})

test('when it fails nobody goes on, what is owed stays owed, and no later play runs', async () => {
  const { log, code, outcomes, pending } = await run(
    'a,b',
    {
      p: { tasks: [make({ name: 'before', notify: 'handler' }), ...three.slice(1)], handlers },
      q: { tasks: [make({ name: 'later' })] },
    },
    { broken: ['a once'] },
  )
  assert.is(code, 2)
  assert.equal(log, ['a before', 'b before', 'a once'])
  assert.equal(outcomes, { a: 'failed', b: 'failed' })
  assert.equal([...(pending.get('b') ?? [])], ['play/handler'])
})

test('hosts that wait out of service for it are put back when it fails', async () => {
  const said: string[] = []
  const drained = around({
    name: 'drained',
    enter: async ({ host }) => void said.push(`${host.name} out`),
    leave: async ({ host }) => void said.push(`${host.name} back`),
  })
  await run('a,b', { p: { tasks: three, around: [drained] } }, { broken: ['a once'] })
  assert.equal(said.sort(), ['a out', 'b back', 'b out'])
})

/** Hosts that say so before any of them goes, and each then waits for the one before it. */
const announced = (said: string[], broken: string = '') =>
  around({
    name: 'announced',
    announce: async ({ host }) => {
      await new Promise(resolve => setTimeout(resolve, host.name === 'b' ? 30 : 0))
      said.push(`${host.name} says so`)
      if (broken === `${host.name} says so`) throw new Error('it broke')
    },
    enter: async ({ host }) => {
      said.push(`${host.name} out`)
      if (broken === `${host.name} out`) throw new Error('it broke')
    },
    leave: async ({ host }) => void said.push(`${host.name} back`),
  })

test('all that change in a turn say so before the first is taken out of service, and nobody else does', async () => {
  const said: string[] = []
  const done = ['c before', 'c after']
  const tasks = [before, after]
  const { code } = await run('a,b,c', { p: { tasks, around: [announced(said)] } }, { done })
  assert.is(code, 0)
  assert.equal(said.slice(0, 2), ['a says so', 'b says so'])
  assert.equal(said.slice(2).sort(), ['a back', 'a out', 'b back', 'b out'])
})
for (const [broken, left, outcomes] of [
  ['a says so', ['a back', 'b back'], { a: 'failed', b: 'changed' }],
  ['a out', ['a back', 'b back'], { a: 'failed', b: 'changed' }],
] as const)
  test(`one that fails then is put back, and the others go on: ${broken}`, async () => {
    const said: string[] = []
    const world = await run('a,b', { p: { tasks: [before, after], around: [announced(said, broken)] } })
    assert.equal(said.filter(what => what.endsWith('back')).sort(), left)
    assert.equal(world.outcomes, outcomes)
    assert.equal([...(world.pending.get('a') ?? [])], [])
  })
test('of hosts that say so and then have a failing hook before their own, none is left out of service', async () => {
  const said: string[] = []
  const breaks = around({ name: 'breaks', enter: async () => Promise.reject(new Error('no')), leave: async () => {} })
  const { pending } = await run('a,', { p: { tasks: [before], around: [breaks, announced(said)] } })
  assert.equal(said, ['a says so', 'a back'])
  assert.equal([...(pending.get('a') ?? [])], [])
})
const onceFirst = [make({ name: 'once', runOnce: true }), after]
for (const [how, world] of [
  ['what runs once has failed on another', { broken: ['a once'] }],
  ['there is nothing to do any more', { brings: { 'a once': 'b after' } }],
] as const)
  test(`one that has said so and is not taken out is put back all the same: ${how}`, async () => {
    const said: string[] = []
    const { pending } = await run('a,b', { p: { tasks: onceFirst, around: [announced(said)] } }, world)
    assert.equal(
      said.filter(what => what.startsWith('b')),
      ['b says so', 'b back'],
    )
    assert.equal([...(pending.get('b') ?? [])], [])
  })
test('interrupted when all have said so: nobody is taken out, and all are put back', async () => {
  const said: string[] = []
  const stop = new AbortController()
  const stopping = around({
    name: 'stops',
    announce: async () => stop.abort(),
    enter: async () => {},
    leave: async () => {},
  })
  const plays = { p: { tasks: [before], around: [announced(said), stopping] } }
  const { outcomes, pending } = await run('a,', plays, {}, { signal: stop.signal })
  assert.equal(said, ['a says so', 'a back'])
  assert.equal(outcomes, { a: 'skipped' })
  assert.equal([...(pending.get('a') ?? [])], [])
})
test('where it shows only later that a host changes, it says so then', async () => {
  const said: string[] = []
  const once = make({ name: 'once', runOnce: true })
  await run('a,b', { p: { tasks: [once, after], around: [announced(said)] } }, { done: ['a after', 'b after'] })
  assert.equal(said, ['a says so', 'a out', 'a back'])
})

test('a step, and a role with all it has', async () => {
  const role = defineRole({
    name: 'r',
    params: { type: 'object', properties: {} },
    tasks: () => [
      make({ name: 'x' }),
      step({ title: 's', run: async ({ host, say }) => say(`step on ${host.name}`) as undefined }),
    ],
  })
  const { log, events } = await run('a,b', { p: { roles: [role({}, { runOnce: true })] } })
  assert.equal(log, ['a x'])
  assert.equal(
    events.flatMap(event => (event.kind === 'note' ? [event.text] : [])),
    ['step on a'],
  )
})

test('nothing to do: one probe on each host; the others do not count what is not theirs', async () => {
  const done = ['a', 'b'].flatMap(host => ['before', 'once', 'after'].map(name => `${host} ${name}`))
  const { log, probes, events } = await run(
    'a,b',
    { p: { tasks: three } },
    { done: done.slice(0, 4).concat('b after') },
  )
  assert.equal(log, [])
  assert.equal([...probes.values()], [1, 1])
  const planned = events.flatMap(event => (event.kind === 'planned' ? [[event.host, event.tasks]] : []))
  assert.equal(planned, [
    ['a', 3],
    ['b', 2],
  ])
})

test('check mode shows it on the host that would run it', async () => {
  const would = async (world: World) => {
    const { log, events } = await run('a,b', { p: { tasks: three } }, world, { check: true })
    assert.equal(log, [])
    return events.flatMap(event =>
      event.kind === 'task' && event.task === 'once' ? [`${event.host} ${event.status}`] : [],
    )
  }
  assert.equal(await would({}), ['a would change'])
  assert.equal(await would({ gone: ['a'] }), ['b would change'])
})

test('with an availability rule: once in a batch that is taken in turns, and never more hosts down', async () => {
  let down = 0
  let most = 0
  const drained = around({
    name: 'drained',
    enter: async () => {
      down += 1
      most = Math.max(most, down)
    },
    leave: async () => {
      down -= 1
    },
  })
  const serving = gate({ name: 'serving', facts: () => ({}), check: () => ({ ok: true }), timeout: 1 })
  // On b and c there is nothing to do before a has run what runs once.
  const { log, code } = await run('a,b,c', {
    p: { tasks: three, around: [drained], gate: serving, keepAvailable: total => total - 1 },
  })
  assert.is(code, 0)
  assert.equal(
    log.filter(what => what.endsWith('once')),
    ['a once'],
  )
  assert.is(log.filter(what => what.endsWith('after')).length, 3)
  assert.is(most, 1)
})

test('who is counted as available is not free to work on, though its gate does not hold yet', async () => {
  const worked = new Set<string>()
  let [down, most] = [0, 0]
  const drained = around({
    name: 'drained',
    enter: async ({ host }) => {
      worked.add(host.name)
      down += 1
      most = Math.max(most, down)
    },
    leave: async () => {
      down -= 1
    },
  })
  const better = gate({
    name: 'better than before',
    facts: () => ({}),
    check: (_, { host: { name } }) => (worked.has(name) ? { ok: true } : { ok: false, expected: 'work', saw: 'none' }),
    available: { facts: () => ({}), check: () => ({ ok: true }) },
    timeout: 1,
  })
  const { code } = await run('a,b,c', {
    p: { tasks: three, around: [drained], gate: better, keepAvailable: total => total - 1 },
  })
  assert.is(code, 0)
  assert.is(most, 1)
})

test('another title on each host is refused: it would run on each', async () => {
  const { problems } = await run('a1,b1', {
    p: { tasks: ({ host }) => [make({ name: `once for ${host.name}`, runOnce: true })] },
  })
  assert.equal(problems, ['play "p": "once for b1" is to run once, but it has another title on each host'])
})

test.run()
