// @ts-check
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDir } from './cache.mjs'
import { isPackage, wantsSources } from './sources.mjs'
import { readTypeScript } from './typescript.mjs'

/** @typedef {'engine' | 'roles' | 'rota' | 'kube'} Name */

/** The sources of each, relative to this file. The package has none. */
const sources = {
  engine: '../index.ts',
  roles: '../../roles/index.ts',
  rota: '../cli/rota.ts',
  kube: '../../roles/kube-binaries/command.ts',
}

/** @type {Promise<string | undefined> | undefined} */
let building

/**
 * The engine, the roles, or a command. The package was compiled when it was packed. A checkout has no build step:
 * what is on disk is compiled when it has changed, which a few hundred `stat`s tell in each run, because some three
 * hundred small modules take a second to load. `npx zx scripts/bench.mjs start` says what this earns.
 * @param {Name} name
 * @returns {Promise<any>}
 */
export async function load(name) {
  building ??= isPackage ? packaged() : wantsSources() ? Promise.resolve(undefined) : compiled()
  const dir = await building
  if (dir === undefined) {
    await import('../register.mjs')
    return import(new URL(sources[name], import.meta.url).href)
  }
  const loaded = await import(`file://${encodeURI(dir)}/${name}.mjs`)
  // A playbook may import TypeScript of its own. After ours, which need not go through the hooks for it.
  readTypeScript()
  return loaded
}

async function packaged() {
  keepCompiled(cacheDir('v8'))
  return fileURLToPath(new URL('../../dist', import.meta.url))
}

async function compiled() {
  try {
    const { readyBuild } = await import('./ready.mjs')
    const dir = readyBuild() ?? (await (await import('./build.mjs')).build())
    // What V8 has made of it lies beside the build, so that it goes when the build goes.
    if (dir !== undefined) keepCompiled(join(dir, 'v8'))
    return dir
  } catch {
    // Sources that can't be compiled, no compiler for this machine, no place to write: the sources say what is wrong,
    // or run.
    return undefined
  }
}

/** Node 22 and later can keep what V8 has made of a module. @param {string | undefined} dir */
function keepCompiled(dir) {
  // What an error says of its place is the place in the sources.
  process.setSourceMapsEnabled(true)
  // @ts-expect-error Node 22 has it; @types/node is of Node 20, the oldest that is supported
  if (dir !== undefined) module.enableCompileCache?.(dir)
}
