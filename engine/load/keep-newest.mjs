// @ts-check
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Removes the oldest entries of a folder of what can be made again. What another run removes meanwhile is not missed.
 * @param {string} dir @param {number} count
 */
export function keepNewest(dir, count) {
  const names = readdirSync(dir)
  if (names.length <= count) return
  const newestFirst = names
    .map(name => ({ name, changed: changedAt(join(dir, name)) }))
    .sort((a, b) => b.changed - a.changed)
  for (const { name } of newestFirst.slice(count)) rmSync(join(dir, name), { recursive: true, force: true })
}

/** @param {string} path */
function changedAt(path) {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}
