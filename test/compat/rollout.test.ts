import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { python } from './oracle.ts'
import { type Case, fromAnsible, type PlayCase, playOf, type Ran, type Result, runRotas, toAnsible } from './rollout.ts'

// Ansible's own strategy, batches, tags and handlers against Rota's, on generated plays. See
// docs/ansible-differences.md.
const seed = process.env.ROTA_SEED === 'random' ? Date.now() % 1_000_000 : Number(process.env.ROTA_SEED ?? 42)
const amount = Number(process.env.ROTA_CASES ?? 300)

const tagNames = ['a', 'b', 'c', 'always', 'never']
const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...tagNames), { minLength: 1, maxLength: 2 }) },
)
const size = fc.oneof(
  fc.integer({ min: 1, max: 25 }),
  fc.integer({ min: 1, max: 110 }).map(percent => `${percent}%`),
  fc.constantFrom(0, -1, '0%'),
)
const serial = fc.oneof(size, fc.array(size, { minLength: 1, maxLength: 4 }))
const once = fc.integer({ min: 0, max: 5 }).map(one => one === 0)
const hostCount = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 13, max: 200 }) },
)

/** Most tasks are fine on most hosts; some cases break a lot. */
const outcome = (trouble: number): fc.Arbitrary<Result | undefined> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 8, arbitrary: fc.constant<Result>('changed') },
    { weight: trouble, arbitrary: fc.constant<Result>('failed') },
    { weight: Math.floor(trouble / 2), arbitrary: fc.constant<Result>('unreachable') },
  )

const playCase = (number: number): fc.Arbitrary<PlayCase> =>
  fc.integer({ min: 0, max: 3 }).chain(handlerCount => {
    const handlers = Array.from({ length: handlerCount }, (_, index) => `handler ${number}.${index}`)
    return fc
      .record({
        serial: fc.option(serial, { nil: undefined }),
        maxFailPercentage: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
        anyErrorsFatal: fc.oneof(
          { weight: 3, arbitrary: fc.constant(false) },
          { weight: 1, arbitrary: fc.constant(true) },
        ),
        tags,
        tasks: fc.array(fc.record({ tags, notify: fc.subarray(handlers), once }), { minLength: 1, maxLength: 4 }),
      })
      .map(({ tasks, serial: size, maxFailPercentage, ...rest }) => ({
        ...rest,
        name: `play ${number}`,
        handlers,
        ...(size === undefined ? {} : { serial: size }),
        ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
        tasks: tasks.map((one, index) => ({ ...one, name: `task ${number}.${index}` })),
      }))
  })

const aCase: fc.Arbitrary<Case> = fc
  .tuple(hostCount, playCase(0), fc.option(playCase(1), { nil: undefined }), fc.integer({ min: 0, max: 4 }))
  .chain(([hosts, first, second, trouble]) => {
    // Batches of a later play are of the hosts that are left: compared only where the play has no batches (see the list
    // of differences).
    const { serial: _, ...whole } = second ?? first
    const plays = second ? [first, whole] : [first]
    const names = plays.flatMap(one => [...one.tasks.map(({ name }) => name), ...one.handlers])
    const results = fc.array(outcome(trouble), { minLength: names.length * hosts, maxLength: names.length * hosts })
    const selection = fc.uniqueArray(fc.constantFrom('a', 'b', 'tagged', 'untagged', 'all', 'never', 'always'), {
      maxLength: 2,
    })
    return fc
      .record({ only: selection, skip: fc.oneof(fc.constant([]), selection), results })
      .map(({ only, skip, results }) => ({
        hosts,
        plays,
        only,
        skip,
        outcomes: Object.fromEntries(
          names.map((name, row) => [
            name,
            Object.fromEntries(
              Array.from({ length: hosts }, (_, host) => [`h${host}`, results[row * hosts + host]]).filter(
                ([, result]) => result,
              ),
            ),
          ]),
        ),
      }))
  })

function ask(cases: readonly Case[]): readonly Ran[] {
  const script = fileURLToPath(new URL('rollout-oracle.py', import.meta.url))
  const input = JSON.stringify(cases.map(toAnsible))
  const out = execFileSync(String(python), [script], { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  return (JSON.parse(out) as Parameters<typeof fromAnsible>[0][]).map(fromAnsible)
}

/** Ansible gives hosts that are out a place in the batches of later plays; they are not worked on. */
function withoutTheDead({ batches, done }: Ran, plays: readonly PlayCase[]): Ran['batches'] {
  const diedIn = (host: string): number => {
    const last = done.get(host)?.find(what => /(failed|unreachable)$/.test(what))
    return last === undefined ? plays.length : playOf(last)
  }
  return batches
    .map(([name, hosts]) => [name, hosts.filter(host => diedIn(host) >= playOf(name))] as const)
    .filter(([, hosts]) => hosts.length > 0)
}

type Verdict =
  | 'the same'
  | 'unreachable hosts count'
  | 'an unreachable host is not counted twice'
  | 'a batch that is broken off is finished'
  | 'different'

function judge({ plays }: Case, theirs: Ran, mine: Ran): Verdict {
  const batches = withoutTheDead(theirs, plays)
  const last = mine.batches.at(-1)
  const stoppedThere = JSON.stringify(batches) === JSON.stringify(mine.batches)
  if (!stoppedThere) {
    const begin = JSON.stringify(batches.slice(0, mine.batches.length)) === JSON.stringify(mine.batches)
    if (!begin || !last || !sameUpTo(mine, theirs, last)) return 'different'
    if (countsUnreachable(last, plays, mine)) return 'unreachable hosts count'
    return isBrokenOff(last, plays, mine) && ended(last, mine, /unreachable$/) > 0
      ? 'an unreachable host is not counted twice'
      : 'different'
  }
  if (theirs.failed !== mine.failed) return 'different'
  const unlike = [...mine.done].filter(([host, done]) => String(done) !== String(theirs.done.get(host) ?? []))
  if (unlike.length === 0) return 'the same'
  const ofLast = unlike.every(
    ([host, done]) =>
      last?.[1].includes(host) && (theirs.done.get(host) ?? []).every((what, index) => done[index] === what),
  )
  return ofLast && last && isBrokenOff(last, plays, mine) ? 'a batch that is broken off is finished' : 'different'
}

function ended([name, hosts]: Ran['batches'][number], ran: Ran, how: RegExp): number {
  return hosts.filter(host => ran.done.get(host)?.some(what => playOf(what) === playOf(name) && how.test(what))).length
}

/** ansible#56265: Rota stops where Ansible goes on, only because of hosts that could not be reached. */
function countsUnreachable(batch: Ran['batches'][number], plays: readonly PlayCase[], mine: Ran): boolean {
  const limit = plays[playOf(batch[0])]?.maxFailPercentage
  const share = (how: RegExp) => ended(batch, mine, how) / batch[1].length
  return limit !== undefined && share(/failed$/) <= limit / 100 && share(/(failed|unreachable)$/) > limit / 100
}

const didSomething = (ran: Ran, task: string): boolean =>
  [...ran.done.values()].some(done => done.some(what => what.startsWith(`${task} `)))

function isBrokenOff(batch: Ran['batches'][number], plays: readonly PlayCase[], mine: Ran): boolean {
  const { maxFailPercentage, anyErrorsFatal, tasks = [] } = plays[playOf(batch[0])] ?? {}
  const once = tasks.filter(task => task.once).map(({ name }) => name)
  const isOnceBroken = batch[1].some(host =>
    mine.done.get(host)?.some(what => once.some(name => what === `${name} failed` || what === `${name} unreachable`)),
  )
  const bad = ended(batch, mine, /(failed|unreachable)$/)
  return (
    bad > 0 &&
    (anyErrorsFatal === true ||
      isOnceBroken ||
      (maxFailPercentage !== undefined && bad / batch[1].length > maxFailPercentage / 100))
  )
}

/** Whatever Rota did, Ansible did too, before it went on; but for a last batch that Ansible broke off. */
function sameUpTo(mine: Ran, theirs: Ran, [name, hosts]: Ran['batches'][number]): boolean {
  return [...mine.done].every(([host, done]) => {
    const other = theirs.done.get(host) ?? []
    const isLonger =
      hosts.includes(host) && other.every(what => playOf(what) <= playOf(name)) && other.length < done.length
    return isLonger
      ? other.every((what, index) => done[index] === what)
      : done.every((what, index) => other[index] === what)
  })
}

if (python === undefined) {
  test.skip('rollouts go as with ansible-playbook (ansible-core is not installed)')
} else {
  test(`${amount} generated rollouts go as with ansible-playbook, but for the differences that are documented`, async () => {
    const cases = fc.sample(aCase, { numRuns: amount, seed })
    const answers = ask(cases)
    const verdicts = new Map<Verdict, number>()
    let once = 0
    let large = 0
    for (const [index, given] of cases.entries()) {
      const theirs = answers[index]
      assert.ok(theirs)
      const mine = await runRotas(given)
      const verdict = judge(given, theirs, mine)
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
      if (given.plays.some(({ tasks }) => tasks.some(task => task.once && didSomething(mine, task.name)))) once += 1
      if (given.hosts > 60) large += 1
      const shown = (ran: Ran) => JSON.stringify({ ...ran, done: [...ran.done] })
      const text = `case ${index}, seed ${seed}: ${JSON.stringify(given)}\nansible ${shown(theirs)}\nrota    ${shown(mine)}`
      assert.is.not(verdict, 'different', text)
    }
    // What is generated must be worth comparing.
    const said = JSON.stringify({ verdicts: [...verdicts], once, large })
    assert.ok((verdicts.get('the same') ?? 0) > amount * 0.6 && once > amount * 0.1 && large > amount * 0.1, said)
    if (process.env.ROTA_SEED) console.log(said)
  })
}

test.run()
