// @ts-check
import { lstatSync, mkdirSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * A folder for what can be made again. Code is run from it, so it is ours alone; nothing where there can be no such
 * folder.
 * @param {string[]} names
 */
export function cacheDir(...names) {
  const dir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rota', ...names)
  return isOurs(dir) ? dir : undefined
}

/** Makes the folder where it is missing; whether it is ours, and nobody else may read or write there.
 * @param {string} path @param {number} uid
 */
export function isOurs(path, uid = userInfo().uid) {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const stat = lstatSync(path)
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0
  } catch {
    return false
  }
}
