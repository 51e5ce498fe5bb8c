// @ts-check
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildsDir, root } from './ready.mjs'

/** @import { Manifest } from './ready.mjs' */

/** Where esbuild is: it comes with tsx. */
const require = createRequire(createRequire(import.meta.url).resolve('tsx/package.json'))

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
  const inputs = await compile(dir)
  const manifest = { dir: id, inputs: inputs.map(stamp) }
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

/** @param {string} outdir @returns {Promise<string[]>} the files that were read, relative to the root */
async function compile(outdir) {
  /** @type {typeof import('esbuild')} */
  const esbuild = require('esbuild')
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { engine: 'engine/index.ts', roles: 'roles/index.ts', rota: 'engine/cli/rota.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported only when it is needed stays apart.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    alias: { rota: join(root, 'engine/index.ts') },
    banner: { js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf('${here}')` },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
    plugins: [ownPlace, leftOutside],
  })
  return [...Object.keys(metafile.inputs), 'engine/load/build.mjs']
}

const here = pathToFileURL(join(root, 'engine/index.ts')).href

/** Our modules find files beside them by `import.meta.url`: it stays that of the source. */
const ownPlace = {
  name: 'own place',
  /** @param {import('esbuild').PluginBuild} build */
  setup: build => {
    build.onLoad({ filter: /\/(engine|roles)\/.*\.m?[tj]s$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (path.includes('/node_modules/') || !text.includes('import.meta.url')) return undefined
      const url = JSON.stringify(pathToFileURL(path).href)
      return { contents: text.replaceAll('import.meta.url', url), loader: path.endsWith('ts') ? 'ts' : 'js' }
    })
  },
}

/**
 * A CommonJS package that is imported when it is needed stays where it is: compiled, it would have lost the names of
 * its exports.
 */
const leftOutside = {
  name: 'left outside',
  /** @param {import('esbuild').PluginBuild} build */
  setup: build => {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'found' || path.startsWith('node:')) return undefined
      const found = await build.resolve(path, { kind, resolveDir, pluginData: 'found' })
      if (found.errors.length > 0 || isModule(found.path)) return undefined
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/** As Node tells: by the ending, or by the nearest package.json. @param {string} file */
function isModule(file) {
  if (/\.m[jt]s$|\.ts$/.test(file)) return true
  for (let dir = dirname(file); dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'package.json')
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')).type === 'module'
  }
  return false
}

/** @param {string} file @returns {Manifest['inputs'][number]} */
function stamp(file) {
  const { size, ctimeMs } = statSync(join(root, file))
  return [file, size, ctimeMs]
}

const day = 24 * 60 * 60 * 1000

/**
 * All but the newest four builds go, but not one that a run of these days may still read from. @param {string} builds
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
