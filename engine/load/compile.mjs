// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './ready.mjs'

/** Where esbuild is: it comes with tsx. */
const require = createRequire(createRequire(import.meta.url).resolve('tsx/package.json'))

/**
 * Compiles engine, roles and command into a folder. `for` a checkout's cache, the packages they use are compiled with
 * them, and the place of a module is its place on this machine. For the package, both are found from where it is
 * installed, and the source maps hold the sources.
 * @param {{ outdir: string, for: 'cache' | 'package' }} wanted
 * @returns {Promise<string[]>} the files that were read, relative to the root
 */
export async function compile({ outdir, for: use }) {
  const forCache = use === 'cache'
  const here = forCache ? JSON.stringify(pathToFileURL(join(root, 'engine/index.ts')).href) : 'import.meta.url'
  /** @type {typeof import('esbuild')} */
  const esbuild = require('esbuild')
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      engine: 'engine/index.ts',
      roles: 'roles/index.ts',
      rota: 'engine/cli/rota.ts',
      kube: 'roles/kube-binaries/command.ts',
    },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported only when it is needed stays apart.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    alias: { rota: join(root, 'engine/index.ts') },
    packages: forCache ? 'bundle' : 'external',
    banner: { js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(${here})` },
    sourcemap: true,
    sourcesContent: !forCache,
    metafile: true,
    logLevel: 'silent',
    plugins: forCache ? [ownPlace(absolute), leftOutside] : [ownPlace(path => fromPackage(outdir, path))],
  })
  return Object.keys(metafile.inputs)
}

/** @param {string} path */
const absolute = path => JSON.stringify(pathToFileURL(path).href)

/** All that is compiled lies in one folder. @param {string} outdir @param {string} path */
const fromPackage = (outdir, path) => `new URL(${JSON.stringify(relative(outdir, path))}, import.meta.url).href`

/**
 * Our modules find files beside them by `import.meta.url`: it stays that of the source.
 * @param {(path: string) => string} place
 */
const ownPlace = place => ({
  name: 'own place',
  /** @param {import('esbuild').PluginBuild} build */
  setup: build => {
    build.onLoad({ filter: /\/(engine|roles)\/.*\.m?[tj]s$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (path.includes('/node_modules/') || !text.includes('import.meta.url')) return undefined
      return { contents: text.replaceAll('import.meta.url', place(path)), loader: path.endsWith('ts') ? 'ts' : 'js' }
    })
  },
})

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
