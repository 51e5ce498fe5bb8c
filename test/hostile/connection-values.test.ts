import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connectionsOf } from '../../engine/cli/connections.ts'
import { printProblems } from '../../engine/cli/problems.ts'
import { formatProblem } from '../../engine/failure/problem.ts'
import type { ConnectionFlags } from '../../engine/host/connection.ts'
import { load, problemsOf } from '../unit/inventory/support.ts'

// An inventory whose values are more than they seem: each becomes a word of ssh's or docker's command line, which ssh
// hands on to shells.

const connect = async (files: Readonly<Record<string, string>>, flags: ConnectionFlags = {}) => {
  const inventory = await load(files, { sources: [Object.keys(files)[0] ?? ''] })
  const { problems, get } = connectionsOf(inventory, flags, inventory.hosts.keys(), () => {})
  return { problems: problems.map(formatProblem), get }
}

const refused = async (name: string, value: unknown, more = {}) =>
  (
    await connect({
      'hosts.yml': JSON.stringify({ all: { hosts: { h: { [name]: value, ...more } } } }, undefined, 1),
    })
  ).problems

const place = /^hosts\.yml:5:\d+: /

for (const value of [
  '22 -oX',
  '22 ',
  '',
  22.5,
  0,
  -1,
  65536,
  '0x16',
  '1e3',
  '٢٢',
  true,
  [22],
  { a: 1 },
  '022x',
  'ssh',
]) {
  if (value === '') continue
  test(`ansible_port: ${JSON.stringify(value)} is an error with its place, never another port`, async () => {
    for (const name of ['ansible_port', 'ansible_ssh_port']) {
      const [problem = '', ...more] = await refused(name, value)
      assert.match(problem, place)
      assert.ok(
        problem.includes(`host h: ${name}: ${JSON.stringify(value)} is not a port: a whole number from 1 to 65535`),
        problem,
      )
      assert.equal(more, [])
    }
  })
}

const texts = [
  '-oProxyCommand=id',
  'a b',
  'a\nb',
  'a\0b',
  'a;id',
  '$(id)',
  '`id`',
  'a|b',
  "a'b",
  'a"b',
  'a\u2028b',
  'a\u202eb',
  true,
  ['a'],
]

for (const [names, expected] of [
  [['ansible_host', 'ansible_ssh_host'], /is not a name or an address/],
  [['ansible_user', 'ansible_ssh_user', 'ansible_become_user'], /is not a user/],
] as const)
  for (const name of names)
    test(`${name} is one plain word, in ssh's command as in docker's`, async () => {
      const become = { ansible_become: true }
      for (const text of texts) {
        const [problem = '', ...more] = await refused(name, text, become)
        assert.match(problem, place)
        assert.match(problem, expected)
        assert.not.match(problem, /[\p{Cc}\p{Zl}\p{Bidi_Control}]/u)
        assert.equal(more, [])
        assert.is((await refused(name, text, { ...become, ansible_connection: 'docker' })).length, 1, String(text))
      }
      for (const good of ['DOM\\user', 'kube.user_1', 'user@corp', 1000])
        if (name !== 'ansible_host' && name !== 'ansible_ssh_host') assert.equal(await refused(name, good, become), [])
      for (const good of ['10.0.0.1', 'fe80::5%eth0', 'cp-a.corp.test', 'CP_A'])
        if (name === 'ansible_host' || name === 'ansible_ssh_host') assert.equal(await refused(name, good, become), [])
    })

test('every other value is text of one line, a number of seconds, or words', async () => {
  for (const name of [
    'ansible_ssh_private_key_file',
    'ansible_ssh_executable',
    'ansible_connection',
    'ansible_password',
  ])
    for (const value of ['a\nb', 'a\0b', ['a'], true])
      assert.match((await refused(name, value)).join(), /hosts\.yml:5:\d+: host h: .* is not one line of text/)
  for (const value of ['soon', 0, -1, '1.5', true])
    assert.match(
      (await refused('ansible_timeout', value)).join(),
      /is not a number of seconds: a whole number, 1 or more/,
    )
  for (const name of [
    'ansible_ssh_args',
    'ansible_ssh_common_args',
    'ansible_ssh_extra_args',
    'ansible_shell_executable',
  ]) {
    assert.match((await refused(name, 'a\0b')).join(), /is not words without control characters/)
    assert.equal(await refused(name, '-o A=1\n-o B=2\n'), [])
  }
})

test('a secret that is refused is not shown', async () => {
  const problems = await refused('ansible_password', 'hunter2\n')
  assert.match(problems.join(), /ansible_password: the secret value is not one line of text/)
  assert.not.match(problems.join(), /hunter2/)
})

test('all that is wrong with all hosts is told at once, and none of them gets a connection', async () => {
  const { problems, get } = await connect({
    'hosts.ini': 'a ansible_port=0 ansible_user=-x\nb ansible_host=-oX\n[b2]\n[all:vars]\nansible_timeout=x\n',
  })
  assert.equal(
    problems.map(text => text.replace(/ is not .*/, '')),
    [
      'hosts.ini:1:31: host a: ansible_user: "-x"',
      'hosts.ini:1:16: host a: ansible_port: 0',
      'hosts.ini:5:17: host a: ansible_timeout: "x"',
      'hosts.ini:2:16: host b: ansible_host: "-oX"',
      'hosts.ini:5:17: host b: ansible_timeout: "x"',
    ],
  )
  assert.throws(() => get('a'), /ansible_user/)
})

test('what the flags say is refused as well, once for all hosts', async () => {
  const { problems } = await connect({ 'hosts.ini': 'a\nb\n' }, { user: '-oX', becomeUser: 'a b', timeout: 0 })
  assert.equal(
    problems.map(text => text.replace(/ is not .*/, '')),
    ['--user (remote_user): "-oX"', '--become-user (become_user): "a b"', '--timeout (timeout): 0'],
  )
})

test('a host whose name is no address needs ansible_host', async () => {
  assert.match(
    (await connect({ 'hosts.ini': 'ok\na;id\n' })).problems.join('|'),
    /^hosts\.ini:2:1: host a;id: without ansible_host its name: .*\(set ansible_host\)$/,
  )
  assert.equal((await connect({ 'hosts.ini': 'a;id ansible_host=10.0.0.1\n' })).problems, [])
})

test('no format of inventory lets a name in that begins with a dash or has a control character', async () => {
  const names = ['-oProxyCommand=id', 'a\nb', 'a\x1b7b', 'a\x9bb', 'a\u2028b', 'a\u202eb', '']
  for (const name of names) {
    const script = `#!/bin/sh\ncat <<'END'\n${JSON.stringify({ g: { hosts: [name] } })}\nEND\n`
    const yaml = JSON.stringify({ all: { hosts: { [name]: {} } } })
    for (const files of [{ 'hosts.sh': script }, { 'hosts.yml': yaml }])
      assert.match(
        (await problemsOf(() => load(files, { sources: Object.keys(files) }))).join(' '),
        /is no host name|is empty/,
        JSON.stringify([name, files]),
      )
  }
  // The same words with another name are fine: it is the name that is refused.
  assert.ok(
    (await load({ 'hosts.sh': `#!/bin/sh\necho '{"g": {"hosts": ["a"]}}'\n` }, { sources: ['hosts.sh'] })).hosts.has(
      'a',
    ),
  )
})

test('what a problem quotes does not reach the terminal as it is', () => {
  const { write } = process.stderr
  const said: string[] = []
  process.stderr.write = text => said.push(String(text)) > 0
  try {
    printProblems([
      { message: 'a\x1b[2Jb\x9bc\r\u202ed', origin: { file: 'x\x07', line: 1, column: 1 }, hint: '\x1b]0;x\x07' },
    ])
  } finally {
    process.stderr.write = write
  }
  assert.not.match(said.join(''), /[^\P{Cc}\n]|\u202e/u)
  assert.match(said.join(''), /error x\\x07:1:1: a\\x1b\[2Jb\\x9bc\\r\\u202ed\n/)
})

test.run()
