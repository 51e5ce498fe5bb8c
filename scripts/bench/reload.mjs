// @ts-check
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { median } from './measure.mjs'
import { benchLab, setUp } from './setup.mjs'

/**
 * Seconds of a run that reloads nginx and haproxy on a host: with the watch that ends when both have come to rest, and
 * with a fixed one of half a second. Runs in turn.
 * @param {{ runs: number }} wanted
 */
export async function reloadBench({ runs }) {
  const base = await mkdtemp(join(tmpdir(), 'rota-bench-'))
  try {
    const lab = await benchLab(1)
    const { inventory } = await setUp(lab, base, 1)
    let stamp = 0
    /** @param {readonly string[]} flags */
    const run = async flags => {
      stamp += 1
      const words = ['zx', 'scripts/bench/reload-site.mjs', '-i', inventory, '-e', `stamp=${stamp}`, ...flags]
      const started = performance.now()
      await execa('npx', words, { env: { XDG_STATE_HOME: base } })
      return (performance.now() - started) / 1000
    }
    // The packages, and a warm connection.
    await run([])
    const [watched, fixed] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])]
    for (let index = 0; index < runs; index += 1) {
      watched.push(await run([]))
      fixed.push(await run(['-e', 'settle=0.5']))
    }
    return { watched: median(watched), fixed: median(fixed) }
  } finally {
    await rm(base, { recursive: true, force: true })
  }
}
