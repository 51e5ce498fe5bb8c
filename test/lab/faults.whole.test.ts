import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { labAgainOf, labFaults, labPointsOf, openLabBench, strikeInLab } from './faults/index.ts'

/**
 * One strike by each fault that needs real hosts, the same in each run of the tests; `npx zx scripts/faults.mjs --lab`
 * strikes at every step.
 */
const seed = Number(process.env.ROTA_FAULTS_SEED ?? 1)
const bench = await openLabBench('proxies')
test.after(bench.end)

for (const point of labPointsOf(bench, { sample: labFaults.length, seed }))
  test(`${point.fault.name}, as ${point.what}: the next run converges (ROTA_FAULTS_SEED=${seed})`, async () =>
    equal(await strikeInLab(bench, point), [], labAgainOf('proxies', point)))

test.run()
