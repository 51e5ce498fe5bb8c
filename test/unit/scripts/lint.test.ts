import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { is, match } from 'uvu/assert'

// What the house's own rules are for: each is broken once.
const planted: readonly (readonly [name: string, folder: string, text: string, said: RegExp])[] = [
  [
    'a role that asks the inventory for a variable',
    'roles/planted',
    "import type { HostView } from 'rota'\n\nexport const port = (host: HostView) => host.var('kube_apiserver_port')\n",
    /A role asks the inventory for no variable/,
  ],
  [
    'the same, handed on',
    'roles/planted',
    "import type { HostView } from 'rota'\n\nexport const all = (host: HostView) => ['a'].map(host.var)\n",
    /A role asks the inventory for no variable/,
  ],
  [
    'a room that enters another past its index',
    'engine/values',
    "export { readFrames } from '../inventory/load.ts'\n",
    /noRestrictedImports/,
  ],
  ['a room that looks up', 'engine/values', "export { bindPlays } from '../plan/index.ts'\n", /noRestrictedImports/],
  [
    'a role that stands on the inside of the engine',
    'roles/planted',
    "export { bindPlays } from '../../engine/plan/index.ts'\n",
    /import from 'rota'/,
  ],
]

/** A tree of its own with the rules of this one: nothing is planted here. */
const dir = mkdtempSync(join(tmpdir(), 'rota-lint-'))
test.after(() => rmSync(dir, { recursive: true }))
cpSync('biome.json', join(dir, 'biome.json'))
cpSync('scripts/lint', join(dir, 'scripts/lint'), { recursive: true })

for (const [index, [name, folder, text, said]] of planted.entries())
  test(`refused by npm run check: ${name}`, async () => {
    const file = join(folder, `planted-${index}.ts`)
    mkdirSync(join(dir, folder), { recursive: true })
    writeFileSync(join(dir, file), text)
    const biome = join(process.cwd(), 'node_modules/.bin/biome')
    const words = ['lint', '--vcs-enabled=false', file]
    const { exitCode, all } = await execa(biome, words, { cwd: dir, all: true, reject: false })
    is(exitCode, 1, all)
    match(all, said)
  })

test.run()
