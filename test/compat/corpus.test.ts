import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { graphInventory } from '../../engine/inventory/graph.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import { listInventory } from '../../engine/inventory/list.ts'
import { askCommands, python } from './oracle.ts'

interface Case {
  readonly sources: readonly string[]
  readonly playbookDir?: string
  readonly extraVars?: readonly string[]
  /** File of the vault password. */
  readonly vault?: string
  /** A host to show alone. */
  readonly host?: string
}

const corpus = fileURLToPath(new URL('corpus', import.meta.url))
const cases = readdirSync(corpus).map(name => {
  const cwd = join(corpus, name)
  const given: Case = JSON.parse(readFileSync(join(cwd, 'case.json'), 'utf8'))
  return { name, cwd, given }
})

function toArguments({ sources, playbookDir, extraVars = [], vault }: Case): string[] {
  return [
    ...sources.flatMap(source => ['-i', source]),
    ...(playbookDir === undefined ? [] : ['--playbook-dir', playbookDir]),
    ...extraVars.flatMap(extra => ['-e', extra]),
    ...(vault === undefined ? [] : ['--vault-password-file', vault]),
  ]
}

if (python === undefined) {
  test.skip('the corpus reads as with the real ansible-inventory (ansible-core is not installed)')
} else {
  const answers = askCommands(
    cases.flatMap(({ cwd, given }) =>
      ['--list', '--graph'].map(action => ({ args: [...toArguments(given), action], cwd })),
    ),
  )
  cases.forEach(({ name, cwd, given }, index) => {
    const load = () => {
      const secret =
        given.vault === undefined
          ? []
          : [{ id: 'default', password: readFileSync(join(cwd, given.vault), 'utf8').trim() }]
      const { vault: _, host: __, ...options } = given
      return loadInventory({ ...options, playbookDir: given.playbookDir ?? '.', cwd, vaultSecrets: secret })
    }
    test(`${name}: --list prints what ansible-inventory prints`, async () => {
      assert.is(`${listInventory(await load(), { reveal: true })}\n`, answers[index * 2]?.out)
    })
    test(`${name}: --graph prints what ansible-inventory prints`, async () => {
      assert.is(`${graphInventory(await load())}\n`, answers[index * 2 + 1]?.out)
    })
  })
}

test.run()
