// @ts-check
import { createHash } from 'node:crypto'
import { readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDir } from './cache.mjs'
import { isPackage, wantsSources } from './sources.mjs'

/** The checkout, or where the package is installed. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Where the builds of these sources are. */
export const buildsDir = () => cacheDir('build', createHash('sha256').update(root).digest('hex').slice(0, 16))

/**
 * What a build was made from: each file, relative to the root, with its size and the time of its last change, which no
 * tool can set; and a digest of what was in them.
 * @typedef {{ dir: string, inputs: [file: string, size: number, changed: number][], digest?: string }} Manifest
 */

/** The folder of the build that was made from what is on disk now. */
export function readyBuild() {
  const builds = buildsDir()
  if (builds === undefined) return undefined
  const current = join(builds, 'current.json')
  try {
    /** @type {Manifest} */
    const { dir, inputs } = JSON.parse(readFileSync(current, 'utf8'))
    const fresh = inputs.every(([file, size, changed]) => {
      const stat = statSync(`${root}/${file}`)
      return stat.ctimeMs === changed && stat.size === size
    })
    if (!fresh || !statSync(join(builds, dir)).isDirectory()) return undefined
    sayInUse(current)
    return join(builds, dir)
  } catch {
    return undefined
  }
}

/**
 * The digest of what runs is made from. Undefined in the package, whose version says it, and where the sources run
 * themselves.
 */
export function builtFrom() {
  if (isPackage || wantsSources()) return undefined
  const builds = buildsDir()
  if (builds === undefined) return undefined
  try {
    /** @type {Manifest} */
    const { digest } = JSON.parse(readFileSync(join(builds, 'current.json'), 'utf8'))
    return digest
  } catch {
    return undefined
  }
}

const day = 24 * 60 * 60 * 1000

/**
 * Builds of checkouts that nobody uses any more are removed: once a day it is noted that this one is used.
 * @param {string} current
 */
function sayInUse(current) {
  const now = new Date()
  if (now.getTime() - statSync(current).mtimeMs < day) return
  try {
    utimesSync(current, now, now)
  } catch {
    // It is written anew just now.
  }
}
