import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineFact } from '../../../engine/facts/fact.ts'
import { agreement } from '../../../engine/host/index.ts'
import { defineRole, type PlayOptions, type Step, step, type TaskOrStep } from '../../../engine/index.ts'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { raw } from '../../../engine/shell/shell.ts'
import { defineTask } from '../../../engine/tasks/task.ts'
import { inMemory } from '../in-memory.ts'

const hosts = ['a', 'b', 'c'] as const
type State = 'to do' | 'done' | 'dead'

/** What was shown of hosts in such states, then the run that was agreed on with hosts in others. */
async function shownThenRun(
  shown: readonly State[],
  now: readonly State[],
  options: Omit<PlayOptions, 'hosts'> = {},
): Promise<Awaited<ReturnType<typeof inMemory>> & { readonly agreedOn: { hosts: number; changes: number } }> {
  const agreed = agreement()
  const of = (states: readonly State[]) => ({
    agreed,
    probe: (host: string) => {
      if (states[hosts.indexOf(host as 'a')] === 'dead') throw new Error('it is dead')
    },
    answer: (host: string, { kind }: { readonly kind: { readonly name: string } }) =>
      kind.name === 'isDone' && states[hosts.indexOf(host as 'a')] === 'done' ? true : undefined,
  })
  await inMemory(options, { ...of(shown), check: true })
  return { ...(await inMemory(options, of(now))), agreedOn: agreed.sum() }
}

const states = fc.tuple(...hosts.map(() => fc.constantFrom<State>('to do', 'done', 'dead')))

test('a host is changed where it is as it was when that was shown, and never else', async () => {
  await fc.assert(
    fc.asyncProperty(states, states, async (shown, now) => {
      const { changed, outcomes, agreedOn } = await shownThenRun(shown, now, { maxFailPercentage: 100 })
      const same = hosts.filter((_, index) => shown[index] === 'to do' && now[index] === 'to do')
      assert.equal([...changed].sort(), same)
      assert.is(agreedOn.hosts, shown.filter(state => state === 'to do').length)
      for (const [index, host] of hosts.entries()) {
        const isAsShown = now[index] === shown[index] || (shown[index] === 'dead' && now[index] === 'done')
        const outcome = !isAsShown || now[index] === 'dead' ? 'failed' : now[index] === 'done' ? 'ok' : 'changed'
        assert.ok(outcomes.includes(`${host} ${outcome}`), JSON.stringify({ shown, now, outcomes }))
      }
    }),
    { numRuns: 60 },
  )
})

test('what is refused says why, and what to do', async () => {
  const { messages } = await shownThenRun(['to do', 'done', 'dead'], ['done', 'to do', 'to do'], {
    maxFailPercentage: 100,
  })
  const said = messages.join('\n')
  assert.match(said, /what would be done is not what was shown: .*change it has nothing to do any more/)
  assert.match(said, /what would be done is not what was shown: .*change it was not shown/)
  assert.match(said, /it could not be planned, and nothing is done to it\n.*look at what would be done again/)
})

test('nothing is begun on a host that is refused, not even what takes it out of service', async () => {
  const entered: string[] = []
  const out = { name: 'out', enter: async ({ host }: { host: { name: string } }) => void entered.push(host.name) }
  const { changed } = await shownThenRun(['to do', 'done', 'to do'], ['to do', 'to do', 'to do'], {
    around: [out as never],
    maxFailPercentage: 100,
  })
  assert.equal([...new Set(entered)].sort(), ['a', 'c'])
  assert.equal([...new Set(changed)].sort(), ['a', 'c'])
})

test('a step that was not to run is not run, also where it turns up behind a change', async () => {
  let isNeeded = false
  let ran = 0
  const first = step({
    title: 'first',
    run: async () => {
      isNeeded = true
      return undefined
    },
  })
  const second = step({
    title: 'second',
    facts: {},
    needed: () => isNeeded && 'the first has run',
    run: async () => {
      ran += 1
      return undefined
    },
  })
  const agreed = agreement()
  const options = { tasks: [first, second], maxFailPercentage: 100 }
  await inMemory(options, { agreed, check: true })
  const { messages } = await inMemory(options, { agreed })
  assert.is(ran, 0)
  assert.match(messages.join('\n'), /it was not shown, and is not done: .*second/)
})

/** A value on a host, and tasks that see what it was. */
const value = defineFact<Record<never, never>, string>({ name: 'value', probe: () => '', parse: () => [] })
const set = defineTask<{ to: string }>({
  name: 'set',
  title: ({ to }) => `set ${to}`,
  facts: () => [value({})],
  plan: ({ to }, facts) =>
    facts.get(value({})) === to ? undefined : { summary: `${facts.get(value({}))} → ${to}`, apply: raw('set') },
})

/** `between`: what happens before the run that was agreed on, `once`: while it runs. */
async function withValues(
  tasks: (runsOnce: Step) => readonly TaskOrStep[],
  {
    between = () => {},
    once = () => {},
  }: { readonly [K in 'between' | 'once']?: (values: Map<string, string>) => void },
) {
  const values = new Map(hosts.map(host => [host, 'old'] as [string, string]))
  const agreed = agreement()
  const runsOnce = step({
    title: 'once',
    runOnce: true,
    run: async () => {
      once(values)
      return undefined
    },
  })
  const given = {
    agreed,
    answer: (host: string, { kind }: { readonly kind: { readonly name: string } }) =>
      kind.name === 'value' ? values.get(host) : undefined,
    onEvent: (event: RunEvent) => {
      if (event.kind !== 'task' || event.status !== 'changed') return
      const [, to] = /^set (.*)$/.exec(event.task) ?? []
      if (to !== undefined) values.set(event.host, to)
    },
  }
  const options = { tasks: tasks(runsOnce), maxFailPercentage: 100 }
  await inMemory(options, { ...given, check: true })
  between(values)
  const { messages } = await inMemory(options, given)
  return { values: hosts.map(host => values.get(host)), messages: messages.filter(Boolean).join('\n') }
}

test('a change of which the beginning is another is another change', async () => {
  const { values, messages } = await withValues(() => [set({ to: 'new' })], {
    between: values => void values.set('b', 'other'),
  })
  assert.equal(values, ['new', 'other', 'new'])
  assert.match(messages, /set new is another change/)
})

test('a host that is looked at once more behind what ran once is refused where it is another by then', async () => {
  const { values, messages } = await withValues(runsOnce => [runsOnce, set({ to: 'new' })], {
    once: values => void values.set('b', 'other'),
  })
  assert.equal(values, ['new', 'other', 'new'])
  assert.match(messages, /what would be done is not what was shown: .*set new/)
})

test('behind a step a host may be found as this run has left it', async () => {
  const works = step({ title: 'works', run: async () => undefined })
  const { values, messages } = await withValues(() => [set({ to: 'one' }), works, set({ to: 'two' })], {})
  assert.equal([values, messages], [['two', 'two', 'two'], ''])
})

/** Files of hosts, and who else writes to them: `meanwhile` is called at each change of the run. */
const content = defineFact<{ path: string }, string>({ name: 'content', probe: () => '', parse: () => [] })
const put = defineTask<{ path: string; to: string }>({
  name: 'put',
  title: ({ path }) => `put ${path}`,
  facts: ({ path }) => [content({ path })],
  plan: ({ path, to }, facts) => {
    const now = facts.get(content({ path }))
    return now.includes(to) ? undefined : { summary: `${now} + ${to}`, apply: raw('put') }
  },
})

async function withFiles(
  plays: readonly (readonly TaskOrStep[])[],
  meanwhile: (files: Map<string, string>, changed: string) => void,
  options: Omit<PlayOptions, 'hosts'> = {},
) {
  const files = new Map<string, string>()
  const agreed = agreement()
  const all = plays.map(tasks => ({ tasks, maxFailPercentage: 100, ...options }))
  const [first = {}, ...later] = all
  const given = {
    agreed,
    later,
    answer: (host: string, { kind, args }: { readonly kind: { readonly name: string }; readonly args: unknown }) =>
      kind.name === 'content' ? (files.get(`${host} ${(args as { path: string }).path}`) ?? 'old') : undefined,
    onEvent: (event: RunEvent) => {
      if (event.kind !== 'task' || event.status !== 'changed') return
      const [, path, to] = /^put (\S+).*? \+ (.*)$/.exec(`${event.task} ${event.summary}`) ?? []
      const key = `${event.host} ${path}`
      if (path !== undefined) files.set(key, `${files.get(key) ?? 'old'} ${to}`)
      meanwhile(files, `${event.host} ${event.task}`)
    },
  }
  await inMemory(first, { ...given, check: true })
  const { messages } = await inMemory(first, given)
  const of = (path: string) => hosts.map(host => files.get(`${host} ${path}`))
  return { of, messages: messages.filter(Boolean).join('\n') }
}

test('a later play changes a file that the run has not touched only if it is as it was shown', async () => {
  const plays = [[put({ path: '/one', to: '1' })], [put({ path: '/two', to: '2' }), put({ path: '/one', to: '3' })]]
  const { of, messages } = await withFiles(plays, (files, changed) => {
    if (changed === 'a put /one') files.set('a /two', 'of others')
  })
  assert.equal(of('/two'), ['of others', 'old 2', 'old 2'])
  assert.equal(of('/one'), ['old 1', 'old 1 3', 'old 1 3'], 'what the run itself has changed is its own work')
  assert.match(messages, /what would be done is not what was shown: play: put \/two is another change/)
})

test('a file below a path that the run has changed is its own work, one beside it is not', async () => {
  const touching = (path: string) => [[put({ path: '/one', to: '1' })], [put({ path, to: '2' })]]
  const touched = (path: string) =>
    withFiles(touching(path), (files, changed) => {
      if (changed === 'a put /one') files.set(`a ${path}`, 'another')
    })
  assert.equal((await touched('/one/below')).of('/one/below'), ['another 2', 'old 2', 'old 2'])
  assert.equal((await touched('/onetwo')).of('/onetwo'), ['another', 'old 2', 'old 2'])
})

test('behind a step that has run any file may be its work', async () => {
  const works = step({ title: 'works', run: async () => undefined })
  const { of, messages } = await withFiles([[works], [put({ path: '/two', to: '2' })]], (files, changed) => {
    if (changed === 'a works') files.set('a /two', 'of the step')
  })
  assert.equal([of('/two'), messages], [['of the step 2', 'old 2', 'old 2'], ''])
})

test('two tasks of one title do not stand for each other', async () => {
  const title = 'the same'
  const tasks = [put({ path: '/one', to: '1', title }), put({ path: '/two', to: 'old', title })]
  const plays = [[put({ path: '/first', to: '1' })], tasks]
  const { of, messages } = await withFiles(plays, (files, changed) => {
    if (changed !== 'a put /first') return
    files.set('a /one', 'old 1')
    files.set('a /two', 'emptied')
  })
  assert.equal(of('/two'), ['emptied', undefined, undefined])
  assert.match(messages, /the same \(number 2 of this title\) was not shown/)
})

test('a task that has nothing to do any more is refused before the first change of the run, and not after it', async () => {
  const plays = [[put({ path: '/one', to: '1' })]]
  const after = await withFiles(
    plays,
    (files, changed) => {
      if (changed === 'a put /one') files.set('b /one', 'old 1')
    },
    { serial: 1 },
  )
  assert.equal([after.of('/one'), after.messages], [['old 1', 'old 1', 'old 1'], ''])
  const { messages } = await shownThenRun(['to do', 'to do', 'done'], ['done', 'to do', 'done'], {
    serial: 1,
    maxFailPercentage: 100,
  })
  assert.match(messages.join(), 'change it has nothing to do any more')
})

for (const left of ['around/out', 'play/reload'])
  test(`what an earlier run owes is shown, asked about and done; what was not shown is not: ${left}`, async () => {
    const done: string[] = []
    const out = { name: 'out', leave: async ({ host }: { host: { name: string } }) => void done.push(host.name) }
    const reload = set({ to: 'reloaded' })
    const options = { around: [out as never], handlers: { reload }, maxFailPercentage: 100 }
    const owedBy = (...owing: readonly string[]) => ({
      answer: (host: string, { kind }: { readonly kind: { readonly name: string } }) =>
        kind.name === 'pending' && owing.includes(host) ? [left] : { value: 'old', isDone: true }[kind.name as 'value'],
      onEvent: (event: RunEvent) => {
        if (event.kind === 'task' && event.status === 'changed') done.push(event.host)
      },
    })
    const agreed = agreement()
    const { events, outcomes } = await inMemory(options, { ...owedBy('a'), agreed, check: true })
    assert.equal(agreed.sum(), { hosts: 1, changes: 1 })
    assert.equal(outcomes, ['a changed', 'b ok', 'c ok'])
    assert.ok(events.some(event => event.kind === 'task' && event.host === 'a' && event.status === 'would change'))
    assert.equal(done, [])
    const { messages } = await inMemory(options, { ...owedBy('a', 'b'), agreed })
    assert.equal([...new Set(done)], ['a'])
    assert.match(messages.join(), /(out|set reloaded) was not shown/)
  })

test('of a host that a later play could not plan nothing is done from the first play on', async () => {
  const fails = set({ to: 'new' })
  const agreed = agreement()
  const given = (isBroken: boolean) => ({
    agreed,
    later: [{ tasks: [fails], maxFailPercentage: 100 }],
    answer: (host: string, { kind }: { readonly kind: { readonly name: string } }) => {
      if (kind.name !== 'value') return undefined
      if (isBroken && host === 'b') throw new Error('it can not be read')
      return 'old'
    },
  })
  await inMemory({ maxFailPercentage: 100 }, { ...given(true), check: true })
  assert.equal(agreed.sum(), { hosts: 2, changes: 4 })
  const { changed, messages } = await inMemory({ maxFailPercentage: 100 }, given(false))
  assert.equal([...new Set(changed)].sort(), ['a', 'c'])
  assert.match(messages.join('\n'), /it could not be planned, and nothing is done to it\nsee in the plan why/)
})

test('of a host that the plan did not come to in a later play nothing is done from the first play on', async () => {
  const agreed = agreement()
  const given = (isBroken: boolean) => ({
    agreed,
    later: [{ tasks: [set({ to: 'new' })], serial: 1 }],
    answer: (_: string, { kind }: { readonly kind: { readonly name: string } }) => {
      if (kind.name !== 'value') return undefined
      if (isBroken) throw new Error('it can not be read')
      return 'old'
    },
  })
  await inMemory({}, { ...given(true), check: true })
  const { changed } = await inMemory({ maxFailPercentage: 100 }, given(false))
  assert.equal([changed, agreed.sum()], [[], { hosts: 0, changes: 0 }])
})

test('of hosts of plays behind one at which the plan stopped nothing is done from the first play on', async () => {
  const agreed = agreement()
  const options = { maxFailPercentage: 100 }
  const given = (isBroken: boolean) => ({
    agreed,
    later: [{ tasks: [set({ to: 'new' })], anyErrorsFatal: true }, { tasks: [set({ to: 'newer' })] }],
    answer: (host: string, { kind }: { readonly kind: { readonly name: string } }) => {
      if (kind.name !== 'value') return undefined
      if (isBroken && host === 'b') throw new Error('it can not be read')
      return 'old'
    },
  })
  const { stopped } = await inMemory(options, { ...given(true), check: true })
  assert.match(stopped, 'not run: later 2')
  const { changed } = await inMemory(options, given(false))
  assert.equal([changed, agreed.sum()], [[], { hosts: 0, changes: 0 }])
})

/** What runs once was to run on a; by then a is another, and so may be what b holds of it. */
async function onceComesToB(onB: string) {
  const once = put({ path: '/once', to: '1', runOnce: true })
  const values = new Map<string, string>()
  const agreed = agreement()
  const changes: string[] = []
  const options = {
    tasks: [put({ path: '/one', to: '1' }), once, put({ path: '/two', to: '2' })],
    maxFailPercentage: 100,
  }
  const given = {
    agreed,
    answer: (host: string, { kind, args }: { readonly kind: { readonly name: string }; readonly args: unknown }) =>
      kind.name === 'content' ? (values.get(`${host} ${(args as { path: string }).path}`) ?? 'old') : undefined,
    onEvent: (event: RunEvent) => {
      if (event.kind !== 'task' || event.status !== 'changed') return
      const path = event.task.slice('put '.length)
      values.set(`${event.host} ${path}`, 'old 1 2')
      changes.push(`${event.host} ${path}`)
    },
  }
  await inMemory(options, { ...given, check: true })
  values.set('a /one', 'another')
  values.set('b /once', onB)
  const { outcomes, messages } = await inMemory(options, given)
  return { changes: changes.sort(), outcomes, messages: messages.join('\n') }
}

test('what runs once, and was shown on a host that is refused, runs on the next as it was shown', async () => {
  const { changes, outcomes } = await onceComesToB('old')
  assert.equal(changes, ['b /once', 'b /one', 'b /two', 'c /one', 'c /two'])
  assert.equal(outcomes, ['a failed', 'b changed', 'c changed'])
})

test('where it is another change there, no host of the batch is begun', async () => {
  const { changes, outcomes, messages } = await onceComesToB('another')
  assert.equal(changes, [])
  assert.equal(outcomes, ['a failed', 'b skipped', 'c skipped'])
  assert.match(messages, /what runs once is not done on b: .*put \/once \(runs once\) is another change/)
})

test('what a role brings to this machine is brought before it is shown, so that what is shown is what is sent', async () => {
  const asked: boolean[] = []
  const brings = defineRole({
    name: 'brings',
    params: { type: 'object', properties: {} },
    provide: async ({ check }) => {
      asked.push(check)
      return check ? 'what would be fetched' : 'what was fetched'
    },
    tasks: ({ prepared }) => [set({ to: `${prepared}` })],
  })
  const agreed = agreement()
  const answer = (_: string, { kind }: { readonly kind: { readonly name: string } }) =>
    kind.name === 'value' ? 'old' : undefined
  const options = { tasks: [], roles: [brings()] }
  await inMemory(options, { agreed, answer, check: true })
  const { messages } = await inMemory(options, { agreed, answer })
  assert.equal(asked, [false, false])
  assert.not.match(messages.join(), 'is not what was shown')
})

test('without an agreement nothing is compared', async () => {
  const { changed } = await inMemory({})
  assert.equal([...changed].sort(), [...hosts])
})

test.run()
