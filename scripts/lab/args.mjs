// @ts-check
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A script's own arguments, whether it was started as `zx script.mjs …` or `./script.mjs …`.
 * @param {string} url
 */
export function scriptArgs(url, argv = process.argv) {
  const self = realpathSync(fileURLToPath(url))
  const at = argv.findIndex((arg, i) => i > 0 && real(arg) === self)
  return argv.slice(at < 0 ? 2 : at + 1)
}

/** @param {string} path */
function real(path) {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
