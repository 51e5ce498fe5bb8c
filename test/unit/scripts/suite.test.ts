import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { resultOf, runFile } from '../../../scripts/test/suite.mjs'

/** A test file of its own text, inside the repository so that it finds uvu. */
async function running(text: string, minutes = 1) {
  const dir = mkdtempSync(join('test', '.suite-'))
  try {
    const file = join(dir, 'one.test.mjs')
    writeFileSync(file, `import { test } from 'uvu'\n${text}\ntest.run()\n`)
    const { result, output } = await runFile(file, {}, minutes)
    const { passed, failed, reasons = [] } = result
    return { passed, failed, output, reasons }
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

test('a file that hangs is ended, and a failure, were all of its tests passed', async () => {
  for (const text of [
    `test('one', () => new Promise(() => setInterval(() => {}, 1000)))`,
    `test('one', () => { setInterval(() => {}, 1000) })`,
  ])
    equal((await running(text, 0.03)).failed, 1)
})

test('one that fails is a failure, however many are skipped', async () => {
  const { passed, failed } = await running(
    `test('one', () => { throw new Error('no') })\ntest('two', () => {})\ntest.skip('three', () => {})\ntest.skip('four', () => {})`,
  )
  equal({ passed, failed }, { passed: 1, failed: 1 })
})

test('why each test failed, and where, is kept for the end', async () => {
  const { reasons } = await running(
    `test('one', () => { throw new Error('no room') })\ntest('two', () => {})\ntest('three', () => { throw new Error('no air') })`,
  )
  equal(reasons.length, 2)
  match(reasons[0] ?? '', /"one"[\s\S]*no room[\s\S]*one\.test\.mjs:2/)
  match(reasons[1] ?? '', /"three"[\s\S]*no air[\s\S]*one\.test\.mjs:4/)
})

test('tests that pass are counted', async () => {
  const { passed, failed } = await running(`test('one', () => {})\ntest('two', () => {})`)
  equal({ passed, failed }, { passed: 2, failed: 0 })
})

test('the suites are those that are named, wherever --whole stands', async () => {
  for (const words of [
    ['--whole', 'nowhere'],
    ['nowhere', '--whole'],
  ]) {
    const call = ['node_modules/zx/build/cli.js', 'scripts/test.mjs', ...words, '--only', 'no file']
    const { stderr } = await execa('node', call, { reject: false })
    match(stderr, 'there is no suite nowhere; the suites are unit')
  }
})

test.run()
