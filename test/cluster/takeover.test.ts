import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { labDown, labUp } from '../../scripts/lab/index.mjs'
import { changesIn, compare } from '../../scripts/takeover/changes.mjs'
import { carryOut, comesAndGoes, renderRows } from '../../scripts/takeover/index.mjs'
import { testLab } from '../lab/lab.ts'
import { whole } from './whole.ts'

/**
 * A cluster in kubespray’s layout is taken over as its operator would do it, while clients ask through every node. A
 * part of what `scripts/takeover.mjs` does: upgrades are in workers.whole.test.ts.
 */
const carriedOut = ['check-ha', 'check and diff', 'an image that nobody has', 'take over', 'add']
/** These with `--whole`. */
const longer = ['remove the first', 'replace the first', 'replace a dead one']
const lab = `${testLab}-takeover`
const table = changesIn(readFileSync('docs/kubespray.md', 'utf8'))
type Done = Awaited<ReturnType<typeof carryOut>>
const rows: Done[] = []

async function does(operation: string): Promise<Done> {
  const done = await carryOut(lab, operation)
  rows.push(done)
  const failed = done.runs.find(({ asWanted }) => !asWanted)
  if (failed) console.log(failed.output)
  if (done.failed > 0) console.log([done.table, ...done.failures.slice(0, 20)].join('\n'))
  equal([failed?.playbook, done.failed], [undefined, 0], 'a playbook that failed, and requests that did')
  return done
}

test.before(async () => {
  await labDown({ name: lab })
  await labUp({
    name: lab,
    layout: 'kubespray',
    masters: 3,
    nodes: 2,
    spareMasters: 1,
    spareNodes: 0,
  })
})

for (const operation of [...carriedOut, ...longer]) {
  const register = longer.includes(operation) ? whole : test
  register(`${operation}: nobody who asks is failed, what is changed is what docs/kubespray.md says`, async () => {
    const { changes } = await does(operation)
    equal(compare(table, operation, changes, comesAndGoes[operation]).unexpected, [])
  })
}

test.after(async () => {
  console.log(renderRows(rows))
  if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
})

test.run()
