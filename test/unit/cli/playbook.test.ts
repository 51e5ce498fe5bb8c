import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { command, defineRole, file, play, type Serial, step, window } from '../../../engine/index.ts'
import type { Playbook } from '../../../engine/playbook/playbook.ts'
import { encryptVault } from '../../../engine/vault/write.ts'
import { heard } from './heard.ts'

// Whole command lines against this machine, in check mode: nothing is written but the journal, which goes elsewhere.
const cwd = mkdtempSync(join(tmpdir(), 'rota-playbook-'))
const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
const vaulted = (text: string) => encryptVault(Buffer.from(text), { id: 'default', password: 'open' })
const inline = (text: string) => `!vault |\n${vaulted(text).replace(/^/gm, '        ').trimEnd()}`

const role = defineRole({
  name: 'show',
  params: {
    type: 'object',
    properties: { first: { type: 'string' }, second: { type: 'string' }, port: { type: 'integer', default: 1 } },
  },
  tasks: ({ params, host }) => {
    const text = `says ${params.first} and ${params.second} and ${host.var('third')}`
    return [command({ title: text, run: ['cat'], stdin: text })]
  },
})
const made = { name: 'show', file: join(cwd, 'show.mjs'), plays: [play('show', { hosts: 'all', roles: [role()] })] }

const run = (...args: string[]) => runPlaybook(made, ...args)

const runPlaybook = (playbook: Playbook, ...args: string[]) =>
  heard(cwd, () => runFromCommandLine(playbook, ['node', playbook.file, ...args]))

process.env.XDG_STATE_HOME = join(cwd, 'state')
write('password', 'open\n')
write('show.mjs', '')
write(
  'hosts.yml',
  `all:
  hosts:
    here:
      ansible_connection: local
      ansible_python_interpreter: /usr/bin/python3
      show_first: ${inline('secret-one')}
      secret: ${inline('secret-two')}
      show_second: "{{ secret | upper }}"
      third: "x-{{ secret }}"
    unused:
      ansible_connection: local
      ansible_become_password: ${inline('never opened').replaceAll(/^ {8}\d{4}/gm, '        9999')}
      show_first: a
      show_second: b
`,
)
test.after(() => rmSync(cwd, { recursive: true }))

const check = ['-i', 'hosts.yml', '-l', 'here', '--check']

test('what comes out of a vault is used, and shown nowhere', async () => {
  const { exitCode, said } = await run(...check, '--vault-password-file', 'password', '-v', '--json')
  assert.is(exitCode, 0, said)
  assert.match(said, /says \*{8} and \*{8} and /)
  assert.not.match(said, /secret-|SECRET-/)
})

test('without the password the error names the place of the vault, and no host is touched', async () => {
  const { exitCode, said } = await run(...check)
  assert.is(exitCode, 1)
  assert.match(said, /hosts\.yml:6:\d+: this is vaulted and there is no vault password/)
  assert.match(said, /--vault-password-file or --vault-id/)
})

test('a vaulted value of the wrong type is not shown by the error', async () => {
  const { said } = await run(...check, '--vault-password-file', 'password', '-e', '{"show_port": "{{ secret }}"}')
  assert.match(said, /show_port: the secret value is not of type integer/)
  assert.not.match(said, /secret-two/)
})

test('without an inventory, or with one in ansible.cfg that is not there, nothing runs, and what to do is said', async () => {
  const bare = await run('--check')
  assert.is(bare.exitCode, 1)
  assert.match(bare.said, /no inventory was given\n +name one with -i .* or as `inventory` in ansible\.cfg/)
  write('ansible.cfg', '[defaults]\ninventory = nowhere.ini\n')
  try {
    const { exitCode, said } = await run('--check')
    assert.is(exitCode, 1)
    assert.match(said, /ansible\.cfg:2 inventory: there is no inventory nowhere\.ini\n +name one with -i/)
  } finally {
    rmSync(join(cwd, 'ansible.cfg'))
  }
})

test('what ansible.cfg says is used, and named with -v; what is ignored is said once', async () => {
  write(
    'ansible.cfg',
    '[defaults]\ninventory = hosts.yml\nvault_password_file = password\nforks = 3\ngathering = smart\n',
  )
  try {
    const { exitCode, said } = await run('-l', 'here', '--check', '-v')
    assert.is(exitCode, 0, said)
    assert.match(said, /ansible\.cfg:2 inventory = hosts\.yml/)
    assert.match(said, /not used here: gathering/)
    assert.is(said.match(/ansible_python_interpreter is not used/g)?.length, 1)
    assert.not.match((await run('-l', 'here', '--check')).said, /ansible\.cfg/)
  } finally {
    rmSync(join(cwd, 'ansible.cfg'))
  }
})

test('a fact that a needed value is made from is read from just that host', async () => {
  const extra = (template: string) => ['-e', JSON.stringify({ show_first: template, third: 'x' })]
  const { exitCode, said } = await run(
    ...check,
    '--vault-password-file',
    'password',
    '-v',
    ...extra('on {{ ansible_system }} {{ ansible_facts.machine }}'),
  )
  assert.is(exitCode, 0, said)
  assert.match(said, /says on Linux \w+ and/)
  const other = await run(...check, '--vault-password-file', 'password', ...extra('{{ ansible_memtotal_mb }}'))
  assert.match(other.said, /'ansible_memtotal_mb' is undefined\n.*templates may use these facts: ansible_all_ipv4/)
})

test('a host that can not be asked for the facts is named, with what to do', async () => {
  const vars = JSON.stringify({ show_first: '{{ ansible_hostname }}', show_second: 'b' })
  const { exitCode, said } = await run('-i', '192.0.2.1,', '-c', 'docker', '--check', '-e', vars)
  assert.is(exitCode, 1)
  assert.match(said, /192\.0\.2\.1: a template needs its facts, and it could not be asked/)
  const set = await run('-i', '192.0.2.1,', '-c', 'docker', '--list-tasks', '-e', vars, '-e', 'ansible_hostname=h')
  assert.is(set.exitCode, 0, 'a value in the inventory comes first, and nobody is asked')
})

test('a password for ssh comes through SSH_ASKPASS, from a file, a script or a vault; no other question is answered with it', async () => {
  // Stands in for ssh: asks as it does, then is the host.
  write(
    'ssh',
    `#!/bin/sh
"$SSH_ASKPASS" 'Are you sure you want to continue connecting (yes/no/[fingerprint])? ' >/dev/null && exit 3
[ "$("$SSH_ASKPASS" "me@h's password: ")" = hunter22 ] || { echo 'me@h: Permission denied (publickey,password).' >&2; exit 255; }
case "$* $(env)" in *hunter22*) exit 4 ;; esac
for last; do :; done
exec sh -c "$last"
`,
  )
  chmodSync(join(cwd, 'ssh'), 0o755)
  write('right', 'hunter22\n')
  write('wrong', 'hunter23\n')
  write('script', '#!/bin/sh\necho hunter22\n')
  chmodSync(join(cwd, 'script'), 0o755)
  const vars = { show_first: 'a', show_second: 'b', ansible_ssh_executable: join(cwd, 'ssh') }
  const login = (...args: string[]) => run('-i', 'h,', '--check', '-e', JSON.stringify(vars), ...args)
  for (const file of ['right', 'script']) {
    const { exitCode, said } = await login('--connection-password-file', file)
    assert.is(exitCode, 0, said)
    assert.not.match(said, /hunter22/)
  }
  const wrong = await login('--conn-pass-file', 'wrong')
  assert.is(wrong.exitCode, 4)
  assert.not.match(wrong.said, /hunter2/)
  write('login.yml', `ansible_password: ${inline('hunter22')}\n`)
  const vaultedLogin = await login('-e', '@login.yml', '--vault-id', 'default@password')
  assert.is(vaultedLogin.exitCode, 0, vaultedLogin.said)
})

test('a login without checking host keys is said in every run', async () => {
  process.env.ANSIBLE_HOST_KEY_CHECKING = 'False'
  try {
    const { said } = await run('-i', '192.0.2.1,', '-T', '1', '--check', '-e', 'show_first=a show_second=b')
    assert.match(said, /host keys are not checked on 192\.0\.2\.1/)
  } finally {
    delete process.env.ANSIBLE_HOST_KEY_CHECKING
  }
})

const needy = defineRole({
  name: 'needy',
  params: {
    type: 'object',
    properties: { address: { type: 'string' }, port: { type: 'integer' } },
    required: ['address'],
  },
  tasks: ({ params }) => [command({ run: ['echo', params.address], tags: 'inner' })],
})
const two = {
  ...made,
  plays: [
    play('easy', { hosts: 'all', tags: 'easy', tasks: [command({ run: 'true' })] }),
    play('needy', { hosts: 'all', tags: 'needy', roles: [needy()] }),
  ],
}
const here = ['-i', 'here,', '-c', 'local', '--check'] as const

test('a param that only another part of the playbook needs may be missing, not be wrong', async () => {
  const all = await runPlaybook(two, ...here)
  assert.is(all.exitCode, 1)
  assert.match(all.said, /role needy needs address/)
  for (const tag of ['needy', 'all'])
    assert.match((await runPlaybook(two, ...here, '--tags', tag)).said, /role needy needs address/)
  const easy = await runPlaybook(two, ...here, '--tags', 'easy')
  assert.is(easy.exitCode, 0, easy.said)
  assert.is((await runPlaybook(two, ...here, '--skip-tags', 'needy')).exitCode, 0)
  const wrong = await runPlaybook(two, ...here, '--tags', 'easy', '-e', 'needy_port=http')
  assert.is(wrong.exitCode, 1)
  assert.match(wrong.said, /needy_port: "http" is not of type integer/)
})

test('a task that is not selected may name a file that is not there', async () => {
  const task = file({ path: '/etc/x', source: join(cwd, 'no-such-file') })
  const part = {
    ...two,
    plays: [...two.plays.slice(0, 1), play('copy', { hosts: 'all', tags: 'copy', tasks: [task] })],
  }
  assert.match((await runPlaybook(part, ...here)).said, /source: there is no file/)
  assert.is((await runPlaybook(part, ...here, '--tags', 'easy')).exitCode, 0)
})

test('a play that nobody is in, and one that --limit leaves nobody in, are named at the end', async () => {
  const tasks = [command({ run: 'true' })]
  const some = {
    ...made,
    plays: [
      play('everybody', { hosts: 'all', tasks }),
      play('balancers', { hosts: 'load_balancer', optional: true, tasks }),
      play('there', { hosts: 'there', tasks }),
    ],
  }
  const args = ['-i', 'here,there,', '-c', 'local', '--check', '-l', 'here'] as const
  const { exitCode, said } = await runPlaybook(some, ...args)
  assert.is(exitCode, 0, said)
  assert.match(
    said,
    /round trips\nhere .*\nnot run: balancers \(no host: there is no host or group 'load_balancer'\)\n/,
  )
  assert.match(said, /\nnot run: there \(--limit leaves none of its 1 hosts\)\n/)
  const end = JSON.parse((await runPlaybook(some, ...args, '--json')).said.trim().split('\n').at(-1) ?? '')
  assert.equal(
    end.notRun.map((one: { play: string }) => one.play),
    ['balancers', 'there'],
  )
})

test('hosts are listed also where a run would be refused, and it is said that it would be', async () => {
  const hosts = await runPlaybook(two, ...here, '--list-hosts')
  assert.is(hosts.exitCode, 0)
  assert.match(hosts.said, /play: needy \(hosts: all; tags: needy\)\n {2}hosts \(1\):\n {4}here/)
  assert.match(hosts.said, /role needy needs address[\s\S]*1 problem; a run would be refused/)
  // Without its params a role has no tasks to list.
  assert.is((await runPlaybook(two, ...here, '--list-tasks')).exitCode, 1)
  assert.is((await runPlaybook(two, ...here, '--list-tasks', '--tags', 'easy')).exitCode, 0)
})

const blanks = {
  ...made,
  plays: [
    play('of the play', { hosts: 'all', tags: 'x, of-play', tasks: [command({ run: 'echo play' })] }),
    play('the rest', {
      hosts: 'all',
      roles: [role({}, { tags: ' x,of-role ' })],
      tasks: [
        command({ run: 'echo task', tags: 'x, of-task' }),
        command({ run: 'echo list', tags: ['x', ' of-list, of-item'] }),
        step({ title: 'a step', tags: 'x, of-step', run: async () => undefined }),
      ],
    }),
  ],
}

test('blanks around a tag count nowhere', async () => {
  const listed = async (...args: string[]) =>
    (await runPlaybook(blanks, '-i', 'here,', '-c', 'local', '--list-tasks', '-e', 'show_first=a', ...args)).said
  for (const [tag, title] of [
    ['of-play', 'echo play'],
    ['of-role', 'says a'],
    ['of-task', 'echo task'],
    ['of-list', 'echo list'],
    ['of-item', 'echo list'],
    ['of-step', 'a step'],
  ] as const) {
    const said = await listed('--tags', ` ${tag} , ${tag}`)
    assert.match(said, title)
    assert.is(said.match(/^ {4}\w+: /gm)?.length, 1, said)
    assert.not.match(await listed('--skip-tags', ` ${tag},`), title)
  }
  assert.match(await listed('--list-tags'), /^tags: of-item, of-list, of-play, of-role, of-step, of-task, x$/m)
})

test('a tag to be skipped that nothing has is a warning; one that all of a play has is none', async () => {
  const part = {
    ...two,
    plays: [...two.plays, play('all of it', { hosts: 'all', tasks: [command({ run: 'true', tags: 'inner' })] })],
  }
  const skip = (...tags: string[]) => runPlaybook(part, ...here, '-e', 'needy_address=a', '--skip-tags', ...tags)
  const { exitCode, said } = await skip('esay,never')
  assert.is(exitCode, 0, said)
  assert.match(
    said,
    /warning: --skip-tags esay: no play, role or task has this tag, so nothing is left out; did you mean easy\?/,
  )
  assert.is(said.match(/warning/g)?.length, 1, said)
  assert.not.match((await skip('inner')).said, /warning/)
  assert.not.match((await skip('needy', '-l', 'here')).said, /warning/)
})

test("kubespray's -e serial=1 is refused where nothing works in batches, whatever the inventory holds", async () => {
  for (const vars of ['serial=1', 'serial=20%', '{"serial": [1, "20%"], "show_first": "{{ serial_number }}"}']) {
    const { exitCode, said } = await runPlaybook(made, ...here, '-e', vars)
    assert.is(exitCode, 1, said)
    assert.match(said, 'extra variable serial: no play of this playbook works in batches\n')
  }
})

test("kubespray's -e serial=1 is --serial 1 where plays have batches, and that is said", async () => {
  write('six.ini', 'h[1:6] ansible_connection=local\n')
  const batches = play('in batches', { hosts: 'all', serial: '50%', tasks: [command({ run: 'true' })] })
  const six = { ...made, plays: [batches] }
  const go = (...args: string[]) => runPlaybook(six, '-i', 'six.ini', '--check', ...args)
  for (const [vars, as, count] of [
    ['serial=1', '1', 6],
    ['serial=34%', '34%', 3],
    ['{"serial": 4}', '4', 2],
    ['{"serial": [1, "50%"]}', '1,50%', 3],
    ['serial=1,50%', '1,50%', 3],
  ] as const) {
    const { exitCode, said } = await go('-e', vars)
    assert.is(exitCode, 0, said)
    assert.match(said, `6 hosts, ${count} batches`)
    assert.match(said, `-e serial=${as} is taken for --serial ${as}\n`)
  }
  assert.match((await go()).said, '6 hosts, 2 batches')
  assert.match((await go('-e', 'serial=1', '--serial', '1')).said, '6 hosts, 6 batches')
  for (const [args, reason] of [
    [['-e', 'serial=some'], 'extra variable serial: serial "some" is neither a number of hosts nor a percentage'],
    [
      ['-e', 'serial=1', '--serial', '2'],
      'extra variable serial: 1, and --serial says 2\n      leave one of them away',
    ],
  ] as const) {
    const { exitCode, said } = await go(...args)
    assert.is(exitCode, 1, said)
    assert.match(said, reason)
  }
})

const pace = (name: string, serial?: Serial) =>
  play(name, { hosts: 'all', tasks: [command({ run: 'true' })], ...(serial === undefined ? {} : { serial }) })
const paces: readonly (readonly [what: string, args: readonly string[], own: Serial, said: string])[] = [
  ["the play's own size", ['--window'], '50%', '6 hosts, a window of 3'],
  ['canaries stay batches', ['--window'], [1, 2, '50%'], '6 hosts, 2 batches and a window of 3'],
  ['where all go at once they go on to do so', ['--window'], 0, '6 hosts\n'],
  ["a window of the play's own is what it is", ['--window'], window(4), '6 hosts, a window of 4'],
  ['without a flag too', [], [1, window(4)], '6 hosts, 1 batch and a window of 4'],
  ['the size of --serial', ['--serial', '34%', '--window'], 1, '6 hosts, a window of 2'],
  ['a list of --serial', ['--serial', '1,34%', '--window'], 1, '6 hosts, 1 batch and a window of 2'],
  ['-e serial', ['-e', 'serial=2', '--window'], 1, '6 hosts, a window of 2'],
  ['--serial alone means batches, whatever the play says', ['--serial', '2'], window(4), '6 hosts, 3 batches'],
]
for (const [what, args, own, expected] of paces)
  test(`a window on the command line: ${what}`, async () => {
    write('six.ini', 'h[1:6] ansible_connection=local\n')
    const two = { ...made, plays: [pace('in parts', own), pace('all at once')] }
    const { exitCode, said } = await runPlaybook(two, '-i', 'six.ini', '--check', ...args)
    assert.is(exitCode, 0, said)
    assert.match(said, `in parts  ${expected}`)
    assert.match(said, 'all at once  6 hosts\n')
  })

const noPaces: readonly (readonly [args: readonly string[], own: Serial | undefined, said: string])[] = [
  [['--window'], undefined, '--window: no play of this playbook works in batches'],
  [['--serial', '20%', '--window'], undefined, '--serial: no play of this playbook works in batches'],
  [['--serial', '0', '--window'], 1, '--serial: serial window("0"): a window has one host at least'],
  [['-e', 'serial=0%', '--window'], 1, 'extra variable serial: serial window("0%"): a window has one host at least'],
  [['--serial', 'window(20%)'], 1, 'and --serial 20% --window on the command line'],
  [['-e', 'serial=window(2)'], 1, 'and --serial 20% --window on the command line'],
  [['--window=20%'], 1, '--window takes no size: say --serial 20% --window'],
  [['--window', '20%'], 1, '--window takes no size: say --serial 20% --window'],
  [[], window('0%'), 'play "in parts": serial window("0%"): a window has one host at least'],
  [[], [window(1), 2], 'play "in parts": serial window(1): a window takes the rest, so it comes last'],
  [[], window('some'), 'play "in parts": serial window("some"): expected a number of hosts or a percentage'],
]
for (const [args, own, expected] of noPaces)
  test(`refused before any host is touched: ${[...args, JSON.stringify(own)].join(' ')}`, async () => {
    write('six.ini', 'h[1:6] ansible_connection=local\n')
    const one = { ...made, plays: [pace('in parts', own)] }
    const { exitCode, said } = await runPlaybook(one, '-i', 'six.ini', '--check', ...args)
    assert.is(exitCode, 1, said)
    assert.match(said, expected)
    assert.not.match(said, '6 hosts')
  })
test('a pause is of playbooks that work in batches, and is a duration', async () => {
  write('two.ini', 'h[1:2] ansible_connection=local\n')
  const batches = play('in batches', { hosts: 'all', serial: 1, tasks: [command({ run: 'true', unless: 'true' })] })
  const go = (...args: string[]) => runPlaybook({ ...made, plays: [batches] }, '-i', 'two.ini', '--check', ...args)
  for (const time of ['300', '5m', '1h30m', '24h', '0']) assert.is((await go('--pause', time)).exitCode, 0, time)
  const wrong = await go('--pause', 'soon')
  assert.is(wrong.exitCode, 1)
  const long = await go('--pause', '600h')
  assert.is(long.exitCode, 1)
  assert.match(long.said, /--pause: 2160000 s is more than 24 h[\s\S]*--limit/)
  const none = await runPlaybook(made, ...here, '--pause', '5m')
  assert.is(none.exitCode, 1)
  assert.match(none.said, '--pause: no play of this playbook works in batches')
})

test('an extra variable serial that a role reads is that of the role', async () => {
  const reading = defineRole({
    name: 'reading',
    params: { type: 'object', properties: { serial: { type: 'string', var: 'serial' } } },
    tasks: ({ params }) => [command({ title: `number ${params.serial}`, run: 'true' })],
  })
  const of = { ...made, plays: [play('read', { hosts: 'all', roles: [reading()], serial: 1 })] }
  const { exitCode, said } = await runPlaybook(of, ...check.slice(0, 4), '-v', '-e', 'serial=X-7', '--check')
  assert.is(exitCode, 0, said)
  assert.match(said, 'number X-7')
  assert.not.match(said, 'is taken for')
})

const refused = [
  '--force-handlers',
  '--step',
  '--start-at-task x',
  '--syntax-check',
  '-M x',
  '--flush-cache',
  '--scp-extra-args x',
]
for (const flag of refused) {
  test(`${flag} says what to use`, async () => {
    const { exitCode, said } = await run(...flag.split(' '))
    assert.is(exitCode, 1)
    assert.match(said, /error: rota has no --[\w-]+: ./)
  })
}

test('localhost is this machine, also where the inventory does not name it', async () => {
  const plays = [play('here', { hosts: 'localhost', tasks: [command({ run: 'true' })] })]
  const { exitCode, said } = await runPlaybook({ ...made, plays }, '-i', 'elsewhere,', '--check')
  assert.is(exitCode, 0, said)
  assert.match(said, /localhost: would change, 1 change/)
})

test.run()
