// @ts-check
import { execa } from 'execa'

/**
 * Milliseconds: the longest file, a cluster of kubeadm, takes twelve minutes, and twice that where others use the
 * machine. One that hangs is a failure.
 */
const longest = Number(process.env.ROTA_TEST_TIMEOUT ?? 45 * 60) * 1000

/**
 * What one test process said.
 * @typedef {{ file: string, passed: number, failed: number, skipped: number, problem?: string }} Result
 */

/**
 * Runs test files, as many at a time as there are workers; each worker is told by its environment which lab is its own.
 * Each file has a process of its own, so that one which dies can't take others with it.
 * @param {readonly string[]} files
 * @param {readonly Record<string, string>[]} workers
 * @returns {Promise<readonly Result[]>}
 */
export async function runSuite(files, workers) {
  const queue = [...files]
  /** @type {Result[]} */
  const results = []
  await Promise.all(
    workers.map(async env => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) results.push(await runAloud(file, env))
    }),
  )
  return results
}

/**
 * Runs one file and says how it went; all that it printed only where it failed.
 * @param {string} file
 * @param {Record<string, string>} env
 * @returns {Promise<Result>}
 */
async function runAloud(file, env) {
  const started = Date.now()
  const { result, output } = await runFile(file, env)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const { passed, failed, skipped } = result
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`
  console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${file}  ${counts}  ${seconds} s`)
  if (failed > 0) console.log(output)
  return result
}

/**
 * @param {string} file
 * @param {Record<string, string>} env
 * @returns {Promise<{ result: Result, output: string }>}
 */
export async function runFile(file, env) {
  const before = ['./engine/register.mjs', './scripts/test/hooks.mjs'].flatMap(module => ['--import', module])
  const { all = '', exitCode } = await execa('node', [...before, file], {
    all: true,
    reject: false,
    timeout: longest,
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
  const failed = all - passed - skipped
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
    return { file, passed, failed: 1, skipped, problem: `exit code ${exitCode} although its tests passed` }
  return failed > 0
    ? { file, passed, failed, skipped, problem: `${failed} of ${all}` }
    : { file, passed, failed, skipped }
}

/** @param {readonly Result[]} results */
export const total = results => ({
  passed: results.reduce((sum, { passed }) => sum + passed, 0),
  failed: results.reduce((sum, { failed }) => sum + failed, 0),
  skipped: results.reduce((sum, { skipped }) => sum + skipped, 0),
})
