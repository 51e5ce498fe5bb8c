import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askCommands, python } from './oracle.ts'
import { runRota } from './rota.ts'

// What ansible-vault writes, rota vault reads, and the other way round.
const cwd = mkdtempSync(join(tmpdir(), 'rota-vault-test-'))
const path = (name: string) => join(cwd, name)
const write = (name: string, content: string | Buffer, mode = 0o644) => {
  writeFileSync(path(name), content)
  chmodSync(path(name), mode)
}
const modeOf = (name: string) => statSync(path(name)).mode & 0o777
const head = (name: string) => readFileSync(path(name), 'utf8').split('\n')[0]
const vault = (...args: string[]) => runRota(['vault', ...args], cwd)
const ansible = (commands: readonly string[][]) =>
  askCommands(commands.map(args => ({ args, cwd, tool: 'vault' }) as const))

const secretText = 'user: admin\npassword: "grüße ☺ {{ x }}"\n'
const binary = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256))
const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 4096]
write('one', 'first password\n')
write('two', '#!/bin/sh\necho second password\n', 0o755)
write('named-client.sh', '#!/bin/sh\n[ "$1" = --vault-id ] && echo "password of $2"\n', 0o755)

test.after(() => rmSync(cwd, { recursive: true }))

if (python === undefined) {
  test.skip('rota vault and ansible-vault read each other (ansible-core is not installed)')
} else {
  test('ansible-vault opens what rota vault encrypts: any length, any bytes, every kind of password', async () => {
    const flags = [
      ['--vault-password-file', 'one'],
      ['--vault-id', 'prod@two'],
      ['--vault-id', 'dev@named-client.sh'],
    ]
    const files: { name: string; flags: string[]; content: Buffer }[] = []
    for (const [index, given] of flags.entries()) {
      for (const length of index === 0 ? lengths : [100]) {
        const name = `ours-${index}-${length}`
        const content = length === 100 ? Buffer.from(secretText) : binary.subarray(0, length)
        write(name, content)
        const { exitCode, error } = await vault('encrypt', ...given, name)
        assert.is(exitCode, 0, error)
        files.push({ name, flags: given, content })
      }
    }
    assert.is(head('ours-0-16'), '$ANSIBLE_VAULT;1.1;AES256')
    assert.is(head('ours-1-100'), '$ANSIBLE_VAULT;1.2;AES256;prod')
    const answers = ansible(files.map(file => ['decrypt', ...file.flags, file.name]))
    files.forEach(({ name, content }, index) => {
      assert.is(answers[index]?.error, undefined, name)
      assert.ok(readFileSync(path(name)).equals(content), name)
    })
  })

  test('rota vault opens what ansible-vault encrypts', async () => {
    const files = lengths.slice(1).map(length => `theirs-${length}`)
    for (const [index, name] of files.entries()) write(name, binary.subarray(0, lengths[index + 1]))
    write('theirs-id', secretText)
    ansible([
      ...files.map(name => ['encrypt', '--vault-password-file', 'one', name]),
      ['encrypt', '--vault-id', 'prod@two', 'theirs-id'],
    ])
    for (const name of files) {
      const { exitCode, error } = await vault('decrypt', '--vault-password-file', 'one', name)
      assert.is(exitCode, 0, error)
      assert.ok(readFileSync(path(name)).equals(binary.subarray(0, Number(name.split('-')[1]))), name)
      assert.is(modeOf(name), 0o600)
    }
    assert.is((await vault('view', '--vault-id', 'prod@two', 'theirs-id')).out, secretText)
    const [theirs] = ansible([['view', '--vault-id', 'prod@two', 'theirs-id']])
    assert.is(theirs?.out?.trimEnd(), secretText.trimEnd())
  })

  test('encrypt_string: the same shape as ansible-vault, and it opens as an inventory variable', async () => {
    const args = ['encrypt_string', '--vault-id', 'prod@two', '-n', 'a', '-n', 'b', 'text of a', 'text of b', 'none']
    const mine = await vault(...args)
    // ansible-vault writes one string at a time into a file.
    ansible([['encrypt_string', '--vault-id', 'prod@two', '-n', 'a', 'text of a', '--output', 'strings']])
    const shape = (text: string) => text.replaceAll(/\n( +[0-9a-f]+\n?)+/g, '\n  …\n')
    const block = shape(readFileSync(path('strings'), 'utf8')).trimEnd()
    assert.is(shape(mine.out).trimEnd(), [block, block.replace('a:', 'b:'), block.replace('a: ', '')].join('\n'))
    write(
      'hosts.yml',
      `all:\n  hosts:\n    h:\n      ${mine.out.split('\n          ').join('\n            ').split('\nb:')[0]}\n`,
    )
    const shown = await runRota(
      ['inventory', '-i', 'hosts.yml', '--host', 'h', '--explain', 'a', '--vault-id', 'prod@two'],
      cwd,
    )
    assert.match(shown.out, /hosts\.yml:4:\d+/)
    assert.not.match(shown.out, /text of a/)
  })

  test('rekey: only the new password opens it, the mode stays, several files or none', async () => {
    write('rekeyed', secretText, 0o640)
    write('damaged', '$ANSIBLE_VAULT;1.1;AES256\n6162\n')
    await vault('encrypt', '--vault-password-file', 'one', 'rekeyed')
    const before = readFileSync(path('rekeyed'), 'utf8')
    const refused = await vault(
      'rekey',
      '--vault-password-file',
      'one',
      '--new-vault-id',
      'prod@two',
      'rekeyed',
      'damaged',
    )
    assert.is(refused.exitCode, 1)
    assert.is(readFileSync(path('rekeyed'), 'utf8'), before, 'nothing is rekeyed when one of them can not be')
    const { exitCode } = await vault('rekey', '--vault-password-file', 'one', '--new-vault-id', 'prod@two', 'rekeyed')
    assert.is(exitCode, 0)
    assert.is(modeOf('rekeyed'), 0o640)
    assert.is((await vault('view', '--vault-password-file', 'one', 'rekeyed')).exitCode, 1)
    const [theirs] = ansible([['view', '--vault-id', 'prod@two', 'rekeyed']])
    assert.is(theirs?.out?.trimEnd(), secretText.trimEnd())
  })
}

test('edit and create: through $EDITOR, in a private file that is gone afterwards', async () => {
  write(
    'editor',
    `#!/bin/sh\nstat -c '%a %n' "$1" "$(dirname "$1")" >${path('seen')}\necho 'added: line' >>"$1"\n`,
    0o755,
  )
  const before = process.env.EDITOR
  process.env.EDITOR = path('editor')
  try {
    assert.is((await vault('create', '--vault-id', 'prod@two', 'made.yml')).exitCode, 0)
    assert.is(modeOf('made.yml'), 0o600)
    assert.is(head('made.yml'), '$ANSIBLE_VAULT;1.2;AES256;prod')
    assert.is((await vault('create', '--vault-id', 'prod@two', 'made.yml')).exitCode, 1, 'it is there')
    chmodSync(path('made.yml'), 0o644)
    assert.is((await vault('edit', '--vault-id', 'prod@two', 'made.yml')).exitCode, 0)
    assert.is(modeOf('made.yml'), 0o644)
    assert.is((await vault('view', '--vault-id', 'prod@two', 'made.yml')).out, 'added: line\nadded: line\n')
    const [file = '', directory = ''] = readFileSync(path('seen'), 'utf8').trim().split('\n')
    assert.match(file, /^600 .*\/vault\.yml$/)
    assert.match(directory, /^700 /)
    assert.not.ok(existsSync(directory.slice(4)))
    write('editor', '#!/bin/sh\necho lost >"$1"\nexit 3\n', 0o755)
    const failed = await vault('edit', '--vault-id', 'prod@two', 'made.yml')
    assert.is(failed.exitCode, 1)
    assert.match(failed.error, /the editor .* failed .*nothing was written/)
    assert.is((await vault('view', '--vault-id', 'prod@two', 'made.yml')).out, 'added: line\nadded: line\n')
  } finally {
    if (before === undefined) delete process.env.EDITOR
    else process.env.EDITOR = before
  }
})

test('what can not be done is refused, and nothing is left beside', async () => {
  write('plain', 'x: 1\n')
  const refusals: [string[], RegExp][] = [
    [['view', '--vault-password-file', 'one', 'plain'], /plain:1:1: this is not vaulted/],
    [['view', '--vault-password-file', 'nowhere', 'plain'], /nowhere:1:1: there is no such vault password file/],
    [
      ['encrypt', '--vault-password-file', 'one', '--vault-id', 'prod@two', 'plain'],
      /several vault passwords .*\n.*--encrypt-vault-id/,
    ],
    [['encrypt', '--vault-password-file', 'one', 'missing'], /missing:1:1: can't be read/],
  ]
  for (const [args, expected] of refusals) {
    const { exitCode, error } = await vault(...args)
    assert.is(exitCode, 1)
    assert.match(error, expected)
  }
  assert.is(readFileSync(path('plain'), 'utf8'), 'x: 1\n')
  assert.is(
    (
      await vault(
        'encrypt',
        '--vault-password-file',
        'one',
        '--vault-id',
        'prod@two',
        '--encrypt-vault-id',
        'prod',
        'plain',
      )
    ).exitCode,
    0,
  )
  assert.match((await vault('encrypt', '--vault-password-file', 'one', 'plain')).error, /encrypted already/)
  assert.equal(
    readdirSync(cwd).filter(name => /\.[0-9a-f]{12}$/.test(name)),
    [],
  )
})

test.run()
