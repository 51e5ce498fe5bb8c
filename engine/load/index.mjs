// @ts-check
import module from 'node:module'
import { join } from 'node:path'
import { readyBuild } from './ready.mjs'
import { readTypeScript } from './typescript.mjs'

/** @typedef {'engine' | 'roles' | 'rota'} Name */

/** The sources of each, relative to this file. */
const sources = { engine: '../index.ts', roles: '../../roles/index.ts', rota: '../cli/rota.ts' }

/** @type {Promise<string | undefined> | undefined} */
let building

/**
 * The engine, the roles, or the command: what is on disk, at once. Some three hundred small modules take a second to
 * load, so they are compiled into one; a few hundred `stat`s tell in each run whether that is still what is on disk.
 * @param {Name} name
 * @returns {Promise<any>}
 */
export async function load(name) {
  building ??= wantsSources() ? Promise.resolve(undefined) : compiled()
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

async function compiled() {
  try {
    const dir = readyBuild() ?? (await (await import('./build.mjs')).build())
    if (dir === undefined) return undefined
    // What an error says of its place is the place in the sources.
    process.setSourceMapsEnabled(true)
    // Node 22 and later keep what V8 has made of it: beside the build, so that it goes when the build goes.
    // @ts-expect-error Node 22 has it; @types/node is of Node 20, the oldest that is supported
    module.enableCompileCache?.(join(dir, 'v8'))
    return dir
  } catch {
    // Sources that can't be compiled, no compiler for this machine, no place to write: the sources say what is wrong,
    // or run.
    return undefined
  }
}

/**
 * Tests import single modules, and what is measured or debugged are the sources: a second copy of them would get in the
 * way.
 */
const wantsSources = () =>
  'rotaSources' in globalThis || Boolean(process.env.ROTA_SOURCES) || process.env.NODE_V8_COVERAGE !== undefined
