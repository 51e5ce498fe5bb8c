// @ts-check
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { median } from './measure.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const site = fileURLToPath(new URL('windows-site.mjs', import.meta.url))

/** As many at a time as the playbook says, and how much longer a slow host takes. */
const atATime = 4
const slowness = 10

/** Of root all hosts of a machine have one lock. */
const nobody = 65534
const isRoot = process.getuid?.() === 0
const as = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []

/** Which of the hosts are slow. */
const shapes = /** @type {const} */ ([
  ['the first host', (/** @type {number} */ index) => index === 0],
  ['the last host', (/** @type {number} */ index, /** @type {number} */ hosts) => index === hosts - 1],
  ['a host in each batch', (/** @type {number} */ index) => index % atATime === Math.floor(index / atATime) % atATime],
])

/**
 * Seconds that hosts of this machine take in batches and in a window of the same size, where some are slow. Runs in
 * turn.
 * @param {{ hosts: number, runs: number, seconds: number }} wanted
 */
export async function windowsBench({ hosts, runs, seconds }) {
  const base = await mkdtemp(join(tmpdir(), 'rota-bench-'))
  const rows = []
  /** @param {string} path */
  const ours = async path => {
    if (isRoot) await chown(path, nobody, nobody)
  }
  try {
    await ours(base)
    for (const [slow, isSlow] of shapes) {
      const inventory = join(base, 'hosts.ini')
      const lines = []
      for (let index = 0; index < hosts; index += 1) {
        const state = join(base, `h${index}`)
        await mkdir(state, { recursive: true })
        await ours(state)
        const work = isSlow(index, hosts) ? seconds * slowness : seconds
        const shell = `ansible_shell_executable="env XDG_STATE_HOME=${state} sh"`
        lines.push(`h${index} ansible_connection=local ${shell} work=${work}`)
      }
      await writeFile(inventory, `${lines.join('\n')}\n`)
      /** @param {readonly string[]} flags */
      const run = async flags => {
        const started = performance.now()
        const env = { HOME: base, XDG_STATE_HOME: join(base, 'state'), XDG_CACHE_HOME: join(base, 'cache') }
        const [command = '', ...words] = [...as, process.execPath, join(root, 'engine/bin.mjs'), 'run', site]
        await execa(command, [...words, '-i', inventory, ...flags], { cwd: base, env })
        return (performance.now() - started) / 1000
      }
      // Rota is compiled once.
      if (rows.length === 0) await run(['--list-hosts'])
      const [batches, window] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])]
      for (let index = 0; index < runs; index += 1) {
        batches.push(await run([]))
        window.push(await run(['--window']))
      }
      rows.push({ slow, batches: median(batches), window: median(window) })
    }
    return rows
  } finally {
    await rm(base, { recursive: true, force: true })
  }
}
