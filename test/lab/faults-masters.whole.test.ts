import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { labAgainOf, labPointsOf, openLabBench, strikeInLab } from './faults/index.ts'

/**
 * One strike at a control plane by each fault there is for it; `npx zx scripts/faults.mjs --lab masters` strikes at
 * every step.
 */
const seed = Number(process.env.ROTA_FAULTS_SEED ?? 1)
const bench = await openLabBench('masters')
test.after(bench.end)
const points = labPointsOf(bench, { seed })

for (const point of labPointsOf(bench, { sample: new Set(points.map(({ fault }) => fault)).size, seed }))
  test(`${point.fault.name}, as ${point.what}: the next run converges (ROTA_FAULTS_SEED=${seed})`, async () =>
    equal(await strikeInLab(bench, point), [], labAgainOf('masters', point)))

test.run()
