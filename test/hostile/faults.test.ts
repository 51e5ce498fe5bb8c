import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { againOf, faults, openBench, pointsOf, strikeAt } from './faults/index.ts'

/**
 * Whatever dies, and wherever: every file is old or new, what is owed is paid, and the same command converges.
 * `npx zx scripts/faults.mjs` strikes at every step with every fault, which takes the better part of an hour. Here it
 * is as many as a gate has time for, the same in each run of the tests.
 */
const sample = 36
const seed = Number(process.env.ROTA_FAULTS_SEED ?? 1)
const bench = await openBench('dash')
test.after(bench.end)

test(`whatever dies, the next run converges (ROTA_FAULTS_SEED=${seed})`, async () => {
  const struck: string[] = []
  const wrong: string[] = []
  for (const point of pointsOf(bench, { sample, seed })) {
    struck.push(point.fault.name)
    const problems = await strikeAt(bench, point)
    wrong.push(...problems.map(problem => `${point.what}: ${problem} (${againOf(point)})`))
  }
  equal(wrong, [])
  console.log(`struck ${struck.length} times, by ${new Set(struck).size} of ${faults.length} faults`)
})

test.run()
