import { type Command, CommanderError } from 'commander'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { settings } from '../../engine/cli/config/settings.ts'
import { parseFlags } from '../../engine/cli/flags.ts'
import { inventoryCommand } from '../../engine/cli/inventory-command.ts'
import { vaultCommand } from '../../engine/cli/vault/command.ts'
import { newRedactor } from '../../engine/secrets/redactor.ts'
import { askCommands, python } from './oracle.ts'

// Every flag that the --help of Ansible's commands names is there, with a value where it has one there; or its error
// says what to use.
interface Flag {
  readonly name: string
  readonly takesValue: boolean
}

function flagsOf(help: string): readonly Flag[] {
  const lines = help.split('\n').filter(line => /^ {2}-/.test(line))
  const flags = lines.flatMap(line => {
    const [words = ''] = line.trim().split(/ {2,}/)
    return words.split(', ').map(word => {
      const [name = '', value] = word.split(' ')
      return { name, takesValue: value !== undefined }
    })
  })
  assert.ok(flags.length > 4, help)
  return flags
}

/** Undefined where it is taken. */
function refusalOf(args: readonly string[]): string | undefined {
  const before = { out: process.stdout.write, error: process.stderr.write }
  process.stdout.write = () => true
  process.stderr.write = () => true
  try {
    parseFlags({ name: 'p', file: 'p.mjs', plays: [] }, args)
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? undefined : error.message
  } finally {
    process.stdout.write = before.out
    process.stderr.write = before.error
  }
}

const values: Readonly<Record<string, string>> = {
  '-f': '3',
  '--forks': '3',
  '-T': '3',
  '--timeout': '3',
  '--become-method': 'su',
}

function checkOptions(command: Command, flags: readonly Flag[]): void {
  const version = command.options.concat(command.createOption('-h, --help'))
  for (const { name, takesValue } of flags) {
    const option = version.find(({ long, short }) => long === name || short === name)
    assert.ok(option, `${command.name()} ${name}`)
    assert.is(option.required || option.optional, takesValue, `${command.name()} ${name} takes a value`)
  }
}

if (python === undefined) {
  test.skip('every flag of Ansible is there, or says what to use (ansible-core is not installed)')
} else {
  const actions = ['create', 'decrypt', 'edit', 'view', 'encrypt', 'encrypt_string', 'rekey']
  const questions = [
    { tool: 'playbook', args: ['--help'] },
    { tool: 'inventory', args: ['--help'] },
    { tool: 'vault', args: ['--help'] },
    ...actions.map(action => ({ tool: 'vault', args: [action, '--help'] }) as const),
    ...['base', 'connection', 'become'].map(type => ({ tool: 'config', args: ['list', '-t', type] }) as const),
  ] as const
  const answers = askCommands(questions.map(question => ({ ...question, cwd: '.' }))).map(({ out = '' }) => out)
  const [playbook = '', inventory = '', vaults = ''] = answers

  test('ansible-playbook: every flag is there, or its error says what to use', () => {
    const refused: string[] = []
    for (const { name, takesValue } of flagsOf(playbook)) {
      const refusal = refusalOf(takesValue ? [name, values[name] ?? 'x'] : [name])
      if (refusal === undefined) continue
      assert.match(refusal, /^error: rota has no --[\w-]+: .{20}/, name)
      refused.push(name)
    }
    assert.equal(refused.sort(), [
      '--flush-cache',
      '--force-handlers',
      '--module-path',
      '--scp-extra-args',
      '--sftp-extra-args',
      '--start-at-task',
      '--step',
      '--syntax-check',
      '-M',
    ])
    assert.match(refusalOf(['--frobnicate']) ?? '', /unknown option/)
  })

  test('ansible-inventory: every flag is there', () =>
    checkOptions(inventoryCommand(newRedactor()), flagsOf(inventory)))

  test('every setting has the names that Ansible has for it, in ansible.cfg and in the environment', () => {
    const text = answers.slice(-3).join('\n')
    for (const [name, { ini, env }] of Object.entries(settings)) {
      for (const word of env) assert.match(text, new RegExp(`name: ANSIBLE_${word}\\b`), `${name}: ANSIBLE_${word}`)
      for (const place of ini) {
        const [section = '', key = ''] = place.split('.')
        const pair = new RegExp(`(key: ${key}\\s+section: ${section}|section: ${section}\\s+key: ${key})\\b`)
        assert.match(text, pair, `${name}: ${place}`)
      }
    }
  })

  const vault = vaultCommand()
  test('ansible-vault: every flag is there', () => checkOptions(vault, flagsOf(vaults)))
  for (const [index, name] of actions.entries()) {
    test(`ansible-vault ${name}: every flag is there`, () => {
      const command = vault.commands.find(one => one.name() === name)
      assert.ok(command)
      checkOptions(command, flagsOf(answers[index + 3] ?? ''))
    })
  }
}

test.run()
