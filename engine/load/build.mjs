// @ts-check
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compile } from './compile.mjs'
import { buildsDir, root } from './ready.mjs'

/** @import { Manifest } from './ready.mjs' */

/**
 * Compiles engine and roles, with the packages they use, and gives the folder. Runs that do this at the same time do
 * not disturb each other: a build has a folder of its own, and which one counts is written last.
 */
export async function build() {
  const builds = buildsDir()
  if (builds === undefined) return undefined
  const started = Date.now()
  const id = randomBytes(8).toString('hex')
  const dir = join(builds, id)
  const inputs = [...(await compile({ outdir: dir, for: 'cache' })), 'engine/load/compile.mjs']
  const manifest = { dir: id, inputs: inputs.map(stamp), digest: digestOf(inputs) }
  // A file that changed while it was read, or in the same tick of the clock, may not be what was compiled: next time
  // again.
  if (manifest.inputs.every(([, , changed]) => changed < started - 50)) {
    writeFileSync(join(builds, `${id}.json`), JSON.stringify(manifest))
    renameSync(join(builds, `${id}.json`), join(builds, 'current.json'))
  }
  removeOld(builds)
  removeForgotten(dirname(builds))
  return dir
}

/** @param {string} file @returns {Manifest['inputs'][number]} */
function stamp(file) {
  const { size, ctimeMs } = statSync(join(root, file))
  return [file, size, ctimeMs]
}

/** @param {readonly string[]} files */
function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of [...files].sort()) hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

const day = 24 * 60 * 60 * 1000

/**
 * All but the newest four builds go, but not one that a run of these days may still read from.
 * @param {string} builds
 */
function removeOld(builds) {
  const longAgo = Date.now() - 2 * day
  const found = readdirSync(builds)
    .filter(name => name !== 'current.json')
    .map(name => ({ path: join(builds, name), changed: statSync(join(builds, name)).ctimeMs }))
    .sort((a, b) => b.changed - a.changed)
  for (const [index, { path, changed }] of found.entries())
    if (index >= 4 && changed < longAgo) rmSync(path, { recursive: true, force: true })
}

/** The builds of checkouts that have not been used for thirty days. @param {string} all */
function removeForgotten(all) {
  for (const name of readdirSync(all)) {
    const used = lastUse(join(all, name))
    if (used !== undefined && used < Date.now() - 30 * day) rmSync(join(all, name), { recursive: true, force: true })
  }
}

/** Nothing where another run has just removed it, or has not finished the first build. @param {string} builds */
function lastUse(builds) {
  for (const path of [join(builds, 'current.json'), builds]) {
    try {
      return statSync(path).mtimeMs
    } catch {}
  }
  return undefined
}
