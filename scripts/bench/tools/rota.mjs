// @ts-check
/** @import { Tool } from '../types.ts' */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const playbook = fileURLToPath(new URL('../site.mjs', import.meta.url))
const zx = fileURLToPath(new URL('../../../node_modules/zx/build/cli.js', import.meta.url))

/** @type {Tool['run']} */
const run = async ({ dir, inventory, site, targets }, upstreams) => ({
  words: [
    'node',
    zx,
    playbook,
    '-i',
    inventory,
    '-e',
    `upstreams=${upstreams}`,
    '-f',
    String(Math.max(32, targets.length)),
  ],
  // Its own place for warm connections and journals; the compiled engine is the user's.
  env: { BENCH_SITE: site, XDG_RUNTIME_DIR: dir, XDG_STATE_HOME: join(dir, 'state') },
})

/** @type {Tool} */
export const rota = { name: 'rota', run, warm: setup => run(setup, 3) }
