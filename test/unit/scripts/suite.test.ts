import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { resultOf, runFile } from '../../../scripts/test/suite.mjs'

/** A test file of its own text, inside the repository so that it finds uvu. */
async function running(text: string) {
  const dir = mkdtempSync(join('test', '.suite-'))
  try {
    const file = join(dir, 'one.test.mjs')
    writeFileSync(file, `import { test } from 'uvu'\n${text}\ntest.run()\n`)
    const { result, output } = await runFile(file, {})
    const { passed, failed } = result
    return { passed, failed, output }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

for (const hook of ['before', 'before.each', 'after', 'after.each']) {
  test(`a ${hook} that throws fails its file, and its error is shown`, async () => {
    const { failed, output } = await running(
      `test.${hook}(() => { throw new Error('no podman') })\ntest('one', () => {})\ntest('two', () => {})`,
    )
    equal(failed > 0, true)
    match(output, 'Error: no podman')
    match(output, 'one.test.mjs:2')
  })
}

test('a file that dies, or runs no test, is a failure', async () => {
  equal((await running(`test('one', () => process.exit(0))`)).failed, 1)
  equal((await running('')).failed, 1)
  equal(resultOf('a.test.ts', '', undefined).problem, 'did not end in time')
})

test('tests that pass are counted', async () => {
  const { passed, failed } = await running(`test('one', () => {})\ntest('two', () => {})`)
  equal({ passed, failed }, { passed: 2, failed: 0 })
})

test.run()
