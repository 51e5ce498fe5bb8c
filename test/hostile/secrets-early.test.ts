import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../../engine/secrets/find.ts'
import { formsOf } from '../../engine/secrets/forms.ts'
import { encryptVault } from '../../engine/vault/write.ts'

// Whatever is refused, thrown or printed before a run quotes a secret: what reaches the operator must not.
const dir = mkdtempSync(join(tmpdir(), 'rota-secrets-early-'))
test.after(() => rmSync(dir, { recursive: true }))

const secret = 'CANARY"quote\\back$dollar'
const vaulted = (text: string, indent = 10): string =>
  `!vault |\n${encryptVault(Buffer.from(text), { id: 'default', password: 'sesame-7391' })
    .trimEnd()
    .replaceAll(/^/gm, ' '.repeat(indent))}`
writeFileSync(join(dir, 'password'), 'sesame-7391\n')
const inventory = (more: string): string => `all:
  hosts:
    here:
${more}
      db_pw: ${vaulted(secret)}
      other: ${vaulted('CANARY-two-other')}
`
const write = (name: string, more: string): string => {
  writeFileSync(join(dir, name), inventory(more))
  return join(dir, name)
}
const local = '      ansible_connection: local'
const inventories = {
  plain: write('plain.yml', local),
  derived: write(
    'derived.yml',
    `${local}\n      derived: "{{ db_pw | upper }}-1"\n      made: "{{ db_pw | reverse }}-2"`,
  ),
  filter: write('filter.yml', `${local}\n      broken: "{{ db_pw | upper | from_json }}"`),
  sum: write('sum.yml', `${local}\n      broken: "{{ [db_pw | upper, 1] | sum }}"`),
  syntax: write('syntax.yml', `${local}\n      broken: "{{ (db_pw | lower) + 1 }}"`),
  kind: write('kind.yml', `${local}\n      kind: "{{ db_pw | lower }}"`),
  short: write('short.yml', `${local}\n      pin: ${vaulted('x7q')}`),
  connection: write('connection.yml', `      ansible_connection: ${vaulted(secret)}`),
  become: write('become.yml', `${local}\n      ansible_become: yes\n      ansible_become_method: ${vaulted(secret)}`),
}

const isSecret = finder([secret, secret.toUpperCase(), secret.toLowerCase(), 'CANARY-two-other'].map(formsOf))
const leaks = (text: string): boolean =>
  isSecret(text).length > 0 || /canary|yranac|ralloddollar|rallod/i.test(text.replaceAll(dir, ''))

const playbook = new URL('./playbooks/secrets-early.mjs', import.meta.url).pathname
const zx = new URL('../../node_modules/.bin/zx', import.meta.url).pathname

async function run(which: string, from: keyof typeof inventories, by: 'zx' | 'node', ...args: readonly string[]) {
  const words = [playbook, '-i', inventories[from], '--vault-password-file', join(dir, 'password'), ...args]
  const env = { WHICH: which, XDG_STATE_HOME: join(dir, 'state') }
  return execa(by === 'zx' ? zx : 'node', words, { env, cwd: dir, all: true, reject: false })
}

interface Case {
  readonly which: string
  readonly from?: keyof typeof inventories
  readonly exitCode?: number
  /** What is said all the same. */
  readonly says: RegExp
}

const cases: readonly Case[] = [
  { which: 'check', says: /bad value \*{8}/ },
  { which: 'derived', from: 'derived', says: /bad values \*{8} \*{8}/ },
  { which: 'var', says: /bad value \*{8}/ },
  { which: 'prepare', says: /it failed with \*{8}/ },
  { which: 'tasks', says: /it failed with \*{8}/ },
  { which: 'handlers', says: /it failed with \*{8}/ },
  { which: 'plays', says: /it failed with \*{8}/ },
  { which: 'path', says: /"relative\/\*{8}/ },
  { which: 'mode', says: /mode: .?\*{8}/ },
  { which: 'owner', says: /owner: .*\*{8}/ },
  { which: 'gate url', says: /gate "g \*{8}": "\/\/\*{8}" is no http/ },
  { which: 'gate host', says: /there is no host "\*{8}"/ },
  { which: 'gate command', says: /a secret stands in its command/ },
  { which: 'serial', says: /play "play \*{8}"/ },
  { which: 'filter', from: 'filter', says: /filter\.yml:5:\d+: template of 'broken'/ },
  { which: 'filter', from: 'sum', says: /sum\.yml:5:\d+: template of 'broken'/ },
  { which: 'filter', from: 'syntax', says: /syntax\.yml:5:\d+: template of 'broken'/ },
  { which: 'kind', from: 'kind', says: /kind\.yml:5:\d+: kind: the secret value/ },
  { which: 'connection', from: 'connection', says: /ansible_connection: .?\*{8}/ },
  { which: 'become', from: 'become', says: /ansible_become_method: .?\*{8}/ },
  { which: 'argv', says: /run: holds a secret, .* list of processes/ },
  { which: 'shell', says: /run: holds a secret, .* list of processes/ },
  { which: 'unless', says: /unless: holds a secret, .* list of processes/ },
  { which: 'open', says: /mode: 0644 opens a file to others whose content holds a secret/ },
  { which: 'open edit', says: /mode: a secret is put into a file that others may read/ },
  { which: 'late', says: /task "raw \*{8}": run: holds a secret/ },
  { which: 'uncaught', says: /it failed with \*{8}[\s\S]*secrets-early\.mjs:\d+/ },
  { which: 'output', says: /stdout: <Buffer( 78){40} \*{8}>/ },
  { which: 'rejection', says: /it failed with \*{8}/ },
  { which: 'odd rejection', says: /\*{8}/ },
]

for (const by of ['zx', 'node'] as const)
  for (const { which, from = 'plain', exitCode = 1, says } of cases)
    test(`a secret is in no refusal and no stack trace: ${which}${from === 'plain' ? '' : `, ${from}.yml`}, ${by}`, async () => {
      const result = await run(which, from, by)
      assert.match(result.all, says)
      assert.not.ok(leaks(result.all), result.all)
      assert.is(result.exitCode, exitCode, result.all)
    })

for (const which of ['console', 'console.error', 'cut', 'hosts', 'tags'])
  test(`a secret that an author prints or names something by is not shown: ${which}`, async () => {
    const result = await run(which, 'plain', 'zx', ...(which === 'tags' ? ['--list-tags'] : ['--check', '-vvv']))
    assert.match(result.all, /\*{8}/)
    assert.not.ok(leaks(result.all), result.all)
  })

test('no form of a secret is shown, nor written to the journal', async () => {
  for (const flags of [['-vvv'], ['--json']]) {
    const result = await run('forms', 'plain', 'node', '--check', ...flags)
    assert.is(result.exitCode, 0, result.all)
    assert.ok((result.all.match(/\*{8}/g) ?? []).length >= 6, result.all)
    assert.not.ok(leaks(result.all), result.all)
  }
})

test('a secret that is too short to be told from other text is named, not shown', async () => {
  const { all, exitCode } = await run('none', 'short', 'node', '--check')
  assert.is(exitCode, 2, all)
  assert.match(all, /warning: role early: the secret pin has fewer than 4 characters/)
  assert.not.match(all, /x7q/)
})

test('rota inventory tells why a template fails without what it was made from', async () => {
  const bin = new URL('../../engine/bin.mjs', import.meta.url).pathname
  const words = [
    'inventory',
    '-i',
    inventories.filter,
    '--vault-password-file',
    join(dir, 'password'),
    '--host',
    'here',
  ]
  const result = await execa('node', [bin, ...words, '--explain', 'broken'], { cwd: dir, all: true, reject: false })
  assert.match(result.all, /can't be evaluated/)
  assert.not.ok(leaks(result.all), result.all)
})

test('no journal holds a secret', () => {
  const runs = join(dir, 'state', 'rota', 'runs')
  const journals = readdirSync(runs).map(name => readFileSync(join(runs, name), 'utf8'))
  assert.ok(journals.length > 0)
  for (const text of journals) assert.not.ok(leaks(text), text)
})

test('control: the same words without redaction are recognised', () => {
  assert.ok(leaks(`bad value ${secret}`))
  assert.ok(leaks(JSON.stringify({ a: secret })))
  assert.ok(leaks(Buffer.from(`user:${secret}`).toString('base64')))
  assert.ok(leaks([...secret].reverse().join('')))
  assert.not.ok(leaks('error: it failed with ********'))
})

test.run()
