// @ts-check
import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Whether the script that runs, or a file that it leads to, may import TypeScript: false only where its text rules that
 * out. Teaching Node TypeScript takes a thread and 30 ms, and most playbooks need nothing but 'rota' and zx.
 * @param {readonly string[]} argv
 */
export function mayImportTypeScript(argv = process.argv) {
  const script = argv.slice(1).map(realPath).find(isScript)
  return script === undefined || leadsToTypeScript(script, new Set())
}

/**
 * What zx and Node were asked to run is the first word that is a script and none of a package. @param {string |
 * undefined} path
 */
const isScript = path => path !== undefined && /\.[cm]?js$/.test(path) && !path.includes('/node_modules/')

const known = /^(node:|(rota|rota\/roles|zx|zx\/globals)$)/
const specifiers = /\b(?:from|import)\s*\(?\s*(["'`])(.*?)\1/g

/** @param {string} file @param {Set<string>} seen @returns {boolean} */
function leadsToTypeScript(file, seen) {
  if (seen.has(file)) return false
  seen.add(file)
  const text = read(file)
  // A name that is only known when it runs, or a way to load that is not import.
  if (text === undefined || /\bimport\s*\(\s*(?!["'])|\brequire\b|\bcreateRequire\b/.test(text)) return true
  return [...text.matchAll(specifiers)].some(([, , name = '']) => {
    if (known.test(name)) return false
    if (!/^\.\.?\/.*\.([cm]?js|json)$/.test(name)) return true
    return leadsToTypeScript(join(dirname(file), name), seen)
  })
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @param {string} path */
function realPath(path) {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
