import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { pastBatches } from '../../../engine/cli/past-batches.ts'
import type { Asked } from '../../../engine/journal/events.ts'
import { journalsIn } from '../../../engine/runs/index.ts'
import { askedBy } from '../runs/stories.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-past-'))
test.after(() => rmSync(dir, { recursive: true, force: true }))
const marks = { file: 'upgrade', inventory: 'prod' }

interface Run {
  readonly number: number
  /** Seconds that its only batch took. */
  readonly seconds: number
  readonly inventory?: string
  readonly file?: string
  readonly play?: string
  readonly check?: boolean
  readonly more?: Partial<Asked>
  readonly outcome?: string
}

/** The journal of a run. */
function journal({ number, seconds, inventory = 'prod', file = 'upgrade', play = 'masters', ...run }: Run): void {
  const { check = false, more = {}, outcome = 'changed' } = run
  const from = Date.parse('2026-01-01T00:00:00Z')
  const line = (second: number, event: object) => JSON.stringify({ at: new Date(from + second * 1000), ...event })
  const asked = askedBy({ marks: { cwd: 'infra', file, inventory }, ...more })
  const name = `202601${String(number).padStart(2, '0')}T000000Z-1`
  const lines = [
    line(0, { kind: 'runStarted', run: name, playbook: 'upgrade', check, diff: false, asked }),
    line(0, { kind: 'playStarted', play, number: 1, hosts: ['a'], batches: 1 }),
    line(seconds, { kind: 'hostFinished', host: 'a', play, outcome, changes: 1 }),
  ]
  writeFileSync(join(dir, `${name}.ndjson`), `${lines.join('\n')}\n`)
}

async function secondsOf(runs: readonly Run[], plays: readonly string[] = ['masters']): Promise<readonly number[]> {
  for (const file of journalsIn(dir)) rmSync(file)
  for (const run of runs) journal(run)
  writeFileSync(join(dir, '20260199T000000Z-1.ndjson'), 'no journal\n')
  return (await pastBatches(marks, plays, journalsIn(dir))).map(({ seconds }) => seconds)
}
const run = (number: number, more: Partial<Run> = {}): Run => ({ number, seconds: number, ...more })

const cases: readonly (readonly [what: string, runs: readonly Run[], expected: readonly number[]])[] = [
  ['nothing was run', [], []],
  ['the newest first', [run(1), run(2)], [2, 1]],
  ['the newest five', [1, 2, 3, 4, 5, 6, 7].map(number => run(number)), [7, 6, 5, 4, 3]],
  ['of another playbook', [run(1), run(2, { file: 'other' })], [1]],
  ['in check mode', [run(1), run(2, { check: true })], [1]],
  ['one that took another back', [run(1), run(2, { more: { takesBack: '1' } })], [1]],
  ['one that went on with another', [run(1), run(2, { more: { resumes: '1' } })], [2, 1]],
  ['with another inventory, where it is known with this one', [run(1), run(2, { inventory: 'test' })], [1]],
  [
    'with another inventory, where nothing else is known',
    [run(1, { inventory: 'test' }), run(2, { play: 'workers' })],
    [1],
  ],
  ['of another play', [run(1), run(2, { play: 'workers' })], [1]],
  [
    'in which nothing was changed: an older one counts',
    [run(1), ...[2, 3, 4, 5, 6, 7].map(number => run(number, { outcome: 'ok' }))],
    [1],
  ],
  [
    'more than fifty journals are not read',
    [run(1), ...Array.from({ length: 50 }, (_, index) => run(index + 2, { outcome: 'ok' }))],
    [],
  ],
]
for (const [what, runs, expected] of cases)
  test(`which runs: ${what}`, async () => equal(await secondsOf(runs), expected))

test('a play that was changed long ago has its own, though others were since', async () => {
  const since = [2, 3, 4, 5, 6, 7].map(number => run(number))
  equal((await secondsOf([run(1, { play: 'workers' }), ...since], ['masters', 'workers'])).includes(1), true)
})

test('each play has its own', async () => {
  const runs = [run(1, { play: 'workers' }), run(2), run(3, { play: 'workers', inventory: 'test' })]
  equal(await secondsOf(runs, ['masters', 'workers', 'proxies']), [2, 1])
})

test('a journal that is not there any more, or that nobody may read, is none', async () => {
  for (const file of journalsIn(dir)) rmSync(file)
  journal(run(1))
  const known = await pastBatches(marks, ['masters'], [join(dir, 'gone.ndjson'), ...journalsIn(dir)])
  equal(
    known.map(({ seconds }) => seconds),
    [1],
  )
})

test.run()
