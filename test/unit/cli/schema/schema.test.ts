import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok, throws } from 'uvu/assert'
import { schemaDocument } from '../../../../engine/cli/schema/document.ts'
import { filesOfVariables, schemaFile, withOurs } from '../../../../engine/cli/schema/vscode.ts'
import { defineRole, play } from '../../../../engine/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-schema-'))
test.after(() => rmSync(dir, { recursive: true }))
mkdirSync(join(dir, 'node_modules'))
symlinkSync(process.cwd(), join(dir, 'node_modules/rota'))

const role = (name: string, schema: object) =>
  defineRole({ name, params: { type: 'object', properties: { level: schema } }, tasks: () => [] })
const plays = [
  play('first', {
    hosts: 'all',
    roles: [
      role('one', { type: 'string', enum: ['low', 'high'], default: 'low', var: 'level', description: 'How loud.' })(),
      role('two', { type: 'integer', var: 'level', secret: true, default: 7 })(),
    ],
  }),
]
const theirs = [
  {
    of: 'theirs',
    variables: new Set(['theirs_region', '_inner', '']),
    others: new Set(['theirs_task']),
    deprecated: new Map([['one_level', 'level']]),
  },
]
type Described = Readonly<Record<string, Readonly<Record<string, unknown>>>>
const document = schemaDocument({ plays, theirs }) as { readonly properties: Described; readonly $defs: Described }

test('every variable is described under each of its names: what for, default, which role of which play', () => {
  const { one_level: one = {} } = document.properties
  equal(one.description, 'How loud.')
  equal(one.default, 'low')
  equal(
    one.markdownDescription,
    'How loud.\n\nDefault: `"low"`.\n\nParam `level` of role one (play "first").\n\nOther names: `level`.',
  )
  equal(one.deprecated, true)
  equal(one.deprecationMessage, 'deprecated: say level')
})

test('a name that two roles read must be right for both', () => {
  const { level = {}, two_level: two = {} } = document.properties
  equal(level.allOf, [{ $ref: '#/$defs/level' }, { $ref: '#/$defs/level-2' }])
  equal(two.$ref, '#/$defs/level-2')
})

test('the default of a secret is none to complete', () => {
  const { two_level: two = {} } = document.properties
  ok(!('default' in two))
  match(String(two.markdownDescription), 'A secret: it is never shown. Vault it.')
})

test('names of others are known, but not what their tasks alone have', () => {
  const { properties } = document
  equal(properties.theirs_region, { description: "A variable of theirs's. No role reads it." })
  ok('ansible_user' in properties)
  equal(properties.ansible_ssh_user?.deprecationMessage, 'deprecated: say ansible_user')
  for (const name of ['theirs_task', '_inner', '']) ok(!(name in properties), name)
})

const ours = { [`./${schemaFile}`]: filesOfVariables }
const parsed = (text: string) => JSON.parse(text.replace(/\/\/.*|,(?=\s*[}\]])/g, ''))

test('settings that there are none of are made', () => {
  for (const text of ['', '\n', '{}'])
    equal(parsed(withOurs(text)), {
      'yaml.schemas': ours,
      'yaml.customTags': ['!vault scalar', '!unsafe scalar'],
      'yaml.yamlVersion': '1.1',
    })
})

test('what stands in settings stays: comments, order, tabs, other schemas, other tags, another version', () => {
  const text = `{
\t// whose
\t"editor.tabSize": 4, // four
\t"yaml.schemas": { "x.json": "a.yml" },
\t"yaml.customTags": ["!own mapping", "!vault scalar"],
\t"yaml.yamlVersion": "1.2",
}
`
  const after = withOurs(text)
  for (const kept of [
    '{\n\t// whose\n\t"editor.tabSize": 4, // four\n',
    '"x.json": "a.yml"',
    '"yaml.yamlVersion": "1.2"',
  ])
    ok(after.includes(kept), after)
  equal(parsed(after), {
    'editor.tabSize': 4,
    'yaml.schemas': { 'x.json': 'a.yml', ...ours },
    'yaml.customTags': ['!own mapping', '!vault scalar', '!unsafe scalar'],
    'yaml.yamlVersion': '1.2',
  })
  match(after, /^\t\t"\.\/\.vscode/m)
  equal(withOurs(after), after)
})

test('files that somebody has added for the schema stay, and line ends are those of the file', () => {
  const mine = JSON.stringify({ 'yaml.schemas': { [`./${schemaFile}`]: 'vars/*.yml' } })
  equal(parsed(withOurs(mine))['yaml.schemas'], { [`./${schemaFile}`]: ['vars/*.yml', ...filesOfVariables] })
  ok(!/[^\r]\n/.test(withOurs('{\r\n  "a": 1\r\n}\r\n')))
})

test('settings that can not be read are refused with their place, and so are such as are none', () => {
  throws(() => withOurs('{\n  "a": 1\n  "b": 2\n}\n'), /^\.vscode\/settings\.json:3:3: is no JSON/)
  throws(() => withOurs('[]'), /^\.vscode\/settings\.json:1:1: is no object/)
  throws(() => withOurs('{"yaml.schemas": []}'), /^\.vscode\/settings\.json:1:1: yaml.schemas is no object/)
})

const rota = (...args: readonly string[]) =>
  execa('node', [resolve('engine/bin.mjs'), ...args], { cwd: dir, reject: false, all: true })

test('on the command line: to the screen, to a file, to where VS Code looks', async () => {
  const screen = await rota('schema')
  equal(screen.exitCode, 0, screen.all)
  ok('kube_apiserver_port' in JSON.parse(screen.stdout).properties)
  const { stdout, stderr } = await rota('schema', '-o', 'variables.json')
  equal(
    [stdout, stderr],
    ['', 'a file of variables that begins so is checked: # yaml-language-server: $schema=variables.json'],
  )
  equal(readFileSync(join(dir, 'variables.json'), 'utf8').trim(), screen.stdout.trim())
  match((await rota('schema', '--vscode')).stderr, 'settings.json names it, and has kept all else')
  equal(readFileSync(join(dir, schemaFile), 'utf8').trim(), screen.stdout.trim())
  match((await rota('schema', '--vscode')).stderr, 'settings.json names it already')
})

test('settings that are refused stay as they are, and no schema is written', async () => {
  rmSync(join(dir, '.vscode'), { recursive: true, force: true })
  mkdirSync(join(dir, '.vscode'))
  writeFileSync(join(dir, '.vscode/settings.json'), '{ broken')
  const { exitCode, all = '' } = await rota('schema', '--vscode')
  equal(exitCode, 1, all)
  match(all, '.vscode/settings.json:1:')
  equal(readFileSync(join(dir, '.vscode/settings.json'), 'utf8'), '{ broken')
  ok(!existsSync(join(dir, schemaFile)))
})

test('a playbook of which nobody knows its roles without an inventory is refused', async () => {
  const { exitCode, all = '' } = await rota('schema', '-p', resolve('playbooks/remove-node.mjs'))
  equal(exitCode, 1, all)
  match(all, 'which roles it calls is made of the inventory and of -e')
})

test.run()
