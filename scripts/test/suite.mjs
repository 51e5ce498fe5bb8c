// @ts-check
import { execa } from 'execa'

/**
 * What one test process said.
 * @typedef {{ file: string, passed: number, failed: number, skipped: number, problem?: string, reasons?: string[] }}
 * Result
 */

/**
 * Runs test files, as many at a time as there are workers; each worker is told by its environment which lab is its own.
 * Each file has a process of its own, so that one which dies can't take others with it.
 * @param {readonly string[]} files
 * @param {readonly Record<string, string>[]} workers
 * @param {number} minutes that a file may take: one that hangs is a failure, and may not take the others' time
 * @returns {Promise<readonly Result[]>}
 */
export async function runSuite(files, workers, minutes) {
  const queue = [...files]
  /** @type {Result[]} */
  const results = []
  await Promise.all(
    workers.map(async env => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift())
        results.push(await runAloud(file, env, minutes))
    }),
  )
  return results
}

/**
 * Runs one file and says how it went; all that it printed only where it failed.
 * @param {string} file
 * @param {Record<string, string>} env
 * @param {number} minutes
 * @returns {Promise<Result>}
 */
async function runAloud(file, env, minutes) {
  const started = Date.now()
  const { result, output } = await runFile(file, env, minutes)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const { passed, failed, skipped } = result
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`
  console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${file}  ${counts}  ${seconds} s`)
  if (failed > 0) console.log(output)
  else for (const [line] of output.matchAll(/^slow .*$/gm)) console.log(`       ${line}`)
  return result
}

/**
 * @param {string} file
 * @param {Record<string, string>} env
 * @param {number} minutes
 * @returns {Promise<{ result: Result, output: string }>}
 */
export async function runFile(file, env, minutes) {
  const before = ['./engine/register.mjs', './scripts/test/hooks.mjs'].flatMap(module => ['--import', module])
  const { all = '', exitCode } = await execa('node', [...before, file], {
    all: true,
    reject: false,
    timeout: minutes * 60_000,
    env: { FORCE_COLOR: '1', ...env },
  })
  return { result: resultOf(file, all, exitCode), output: all }
}

/**
 * uvu's own count; a process that ended badly without one is a failure, and so is one that ran no test.
 * @param {string} file
 * @param {string} output
 * @param {number | undefined} exitCode
 * @returns {Result}
 */
export function resultOf(file, output, exitCode) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken out
  const text = output.replace(/\x1b\[[0-9;]*m/g, '')
  const count = (/** @type {string} */ name) =>
    [...text.matchAll(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0)
  const all = count('Total')
  const passed = count('Passed')
  const skipped = count('Skipped')
  // uvu's total is without those that are skipped.
  const failed = all - passed
  if (all === 0)
    return {
      file,
      passed: 0,
      failed: 1,
      skipped: 0,
      problem:
        exitCode === 0
          ? 'ran no test'
          : exitCode === undefined
            ? 'did not end in time'
            : `ended with exit code ${exitCode} before any test`,
    }
  if (exitCode !== 0 && failed === 0)
    return {
      ...{ file, passed, failed: 1, skipped },
      problem: `${exitCode === undefined ? 'did not end in time' : `exit code ${exitCode}`} although its tests passed`,
    }
  return failed > 0
    ? { file, passed, failed, skipped, problem: `${failed} of ${all}`, reasons: reasonsOf(text) }
    : { file, passed, failed, skipped }
}

/** Lines of a failure that are repeated at the end. */
const most = 30

/**
 * Each test that failed and why, and where in its file: said again at the very end of a long run, of which often
 * nothing else is kept.
 * @param {string} text
 */
const reasonsOf = text =>
  text
    .split(/^(?= *FAIL\s)/m)
    .slice(1)
    .map(block => {
      const lines = block.split('\n').filter(line => line.trim() !== '')
      const stack = lines.findIndex(line => /^\s+at /.test(line))
      const where = lines.find(line => /^\s+at .*\.test\.\w+:\d+/.test(line))
      return [...lines.slice(0, Math.min(stack < 0 ? most : stack, most)), ...(where ? [where] : [])].join('\n')
    })

/** @param {readonly Result[]} results */
export const total = results => ({
  passed: results.reduce((sum, { passed }) => sum + passed, 0),
  failed: results.reduce((sum, { failed }) => sum + failed, 0),
  skipped: results.reduce((sum, { skipped }) => sum + skipped, 0),
})
