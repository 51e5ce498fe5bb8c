import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { type Problem, refused } from '../failure/index.ts'
import { printable } from '../journal/index.ts'
import type { OwnPlaybook } from './gather.ts'
import { playbooksOf } from './lint-command.ts'
import { writeOutput } from './output-file.ts'
import { several } from './usage.ts'

interface Flags {
  readonly playbook: readonly string[]
  readonly output?: string
  readonly vscode?: boolean
}

/** `rota schema`: what files of variables may hold, for editors. */
export const schemaCommand = (own: OwnPlaybook): Command =>
  new Command('schema')
    .description(
      'write a JSON Schema of group_vars and host_vars: editors complete, explain and check variables with it',
    )
    .option('-p, --playbook <file>', `whose roles read the variables; may be repeated (${own.name})`, several, [])
    .option('-o, --output <file>', 'write it there instead of to the screen')
    .option(
      '--vscode',
      'write it to .vscode of this folder, and what VS Code needs to know of it to its settings there',
    )
    .action(async ({ playbook: files, output, vscode }: Flags) => {
      const playbooks = await playbooksOf(files, own)
      const { schemaDocument } = await import('./schema/document.ts')
      const dependent = playbooks.filter(({ plays }) => typeof plays === 'function')
      if (dependent.length > 0) throw refused(dependent.map(({ name }) => ofNoInventory(name)))
      const plays = playbooks.flatMap(each => (typeof each.plays === 'function' ? [] : each.plays))
      const theirs = new Set(playbooks.flatMap(({ inventory }) => inventory?.knows ?? []))
      const document = schemaDocument({ plays, theirs: [...theirs].map(knows => knows()) })
      const text = `${JSON.stringify(document, undefined, 1)}\n`
      if (output !== undefined) writeOutput(output, text, 0o644)
      else if (!vscode) process.stdout.write(text)
      if (output !== undefined)
        say(`a file of variables that begins so is checked: # yaml-language-server: $schema=${output}`)
      if (vscode) await forVsCode(text)
    })

const ofNoInventory = (playbook: string): Problem => ({
  message: `playbook ${playbook}: which roles it calls is made of the inventory and of -e`,
  hint: 'name one that is a list of plays',
})

async function forVsCode(text: string): Promise<void> {
  const { schemaFile, settingsFile, withOurs } = await import('./schema/vscode.ts')
  const before = existsSync(settingsFile) ? readFileSync(settingsFile, 'utf8') : ''
  const after = withOurs(before)
  mkdirSync(dirname(schemaFile), { recursive: true })
  writeOutput(schemaFile, text, 0o644)
  if (after !== before) writeOutput(settingsFile, after, before === '' ? 0o644 : undefined)
  say(
    `${schemaFile} is written; ${settingsFile} ${after === before ? 'names it already' : 'names it, and has kept all else'}`,
  )
}

const say = (text: string): void => void process.stderr.write(`${printable(text)}\n`)
