import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ConnectionFlags,
  connectionNotes,
  connectionOf,
  connectionSecrets,
  isUnchecked,
} from '../../../engine/host/connection.ts'
import { commandFor } from '../../../engine/transport/command.ts'
import { load } from '../inventory/support.ts'

/** The command line for host `h` with these variables, up to the remote command or the last word of the shell. */
async function words(vars: string, flags: ConnectionFlags = {}, name = 'h'): Promise<string> {
  const inventory = await load({ 'hosts.ini': `${name} ${vars}\n` })
  const [host] = inventory.hosts.values()
  assert.ok(host)
  const { connection, problems } = connectionOf(inventory, host, flags)
  if (!connection) return problems.map(problem => problem.message).join('; ')
  const { file, args } = commandFor(connection, 'MARK', { config: '/c/ssh.conf', session: [] })
  return [file, ...args.slice(0, -1)].join(' ').replace(/ -F \/c\/ssh\.conf| -T/g, '')
}

const plain = '-o ConnectTimeout=10 -o BatchMode=yes'
const asking = '-o ConnectTimeout=10 -o BatchMode=no -o NumberOfPasswordPrompts=1'

/** Variables of the host, flags, the command. */
const table: readonly (readonly [vars: string, flags: ConnectionFlags, expected: string])[] = [
  ['', {}, `ssh ${plain} -- h`],
  ['ansible_host=10.0.0.1 ansible_port=2222 ansible_user=deploy', {}, `ssh ${plain} -p 2222 -l deploy -- 10.0.0.1`],
  [
    'ansible_ssh_host=10.0.0.1 ansible_ssh_port=2222 ansible_ssh_user=old',
    {},
    `ssh ${plain} -p 2222 -l old -- 10.0.0.1`,
  ],
  ['ansible_host=2001:db8::1', {}, `ssh ${plain} -- 2001:db8::1`],
  ['', { user: 'flag', privateKey: '/k' }, `ssh ${plain} -l flag -i /k -- h`],
  [
    'ansible_user=var ansible_ssh_private_key_file=/v',
    { user: 'flag', privateKey: '/k' },
    `ssh ${plain} -l var -i /v -- h`,
  ],
  ['', { timeout: 3 }, 'ssh -o ConnectTimeout=3 -o BatchMode=yes -- h'],
  ['ansible_timeout=7', { timeout: 3 }, 'ssh -o ConnectTimeout=7 -o BatchMode=yes -- h'],
  [
    `ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q u@gw"'`,
    {},
    `ssh -o ProxyCommand=ssh -W %h:%p -q u@gw ${plain} -- h`,
  ],
  ["ansible_ssh_common_args='-J u@gw:22' ansible_ssh_extra_args=-4", {}, `ssh -J u@gw:22 -4 ${plain} -- h`],
  ["ansible_ssh_common_args='-J var'", { sshCommonArgs: '-J flag', sshExtraArgs: '-6' }, `ssh -J var -6 ${plain} -- h`],
  [
    '',
    { sshArgs: '-o A=1', sshCommonArgs: '-o B=2', sshExtraArgs: '-o C=3' },
    `ssh -o A=1 -o B=2 -o C=3 ${plain} -- h`,
  ],
  ['ansible_ssh_executable=/opt/ssh', { sshExecutable: '/flag/ssh' }, `/opt/ssh ${plain} -- h`],
  ['', { hostKeyChecking: false }, `ssh -o StrictHostKeyChecking=no ${plain} -- h`],
  // What the inventory says of keys comes before what flags, environment and ansible.cfg say.
  [
    "ansible_ssh_common_args='-o StrictHostKeyChecking=yes -4'",
    { hostKeyChecking: false },
    `ssh -o StrictHostKeyChecking=yes -4 ${plain} -- h`,
  ],
  [
    "ansible_ssh_extra_args='-oStrictHostKeyChecking=yes'",
    { sshArgs: '-o StrictHostKeyChecking=no', hostKeyChecking: false },
    `ssh -o StrictHostKeyChecking=yes -o StrictHostKeyChecking=no -oStrictHostKeyChecking=yes ${plain} -- h`,
  ],
  [
    'ansible_host_key_checking=true',
    { sshCommonArgs: '-o StrictHostKeyChecking=no' },
    `ssh -o StrictHostKeyChecking=yes -o StrictHostKeyChecking=no ${plain} -- h`,
  ],
  [
    `ansible_host_key_checking=false ansible_ssh_common_args='-o "StrictHostKeyChecking accept-new"'`,
    {},
    `ssh -o StrictHostKeyChecking accept-new ${plain} -- h`,
  ],
  [
    "ansible_ssh_common_args='-o StrictHostKeyChecking=no'",
    { sshArgs: '-o StrictHostKeyChecking=yes' },
    `ssh -o StrictHostKeyChecking=no -o StrictHostKeyChecking=yes -o StrictHostKeyChecking=no ${plain} -- h`,
  ],
  ['ansible_host_key_checking=true', { hostKeyChecking: false }, `ssh ${plain} -- h`],
  ['ansible_ssh_host_key_checking=False', {}, `ssh -o StrictHostKeyChecking=no ${plain} -- h`],
  ['ansible_password=x', {}, `ssh ${asking} -- h`],
  ['', { password: () => 'x' }, `ssh ${asking} -- h`],
  // What a jump host asks does not make ssh ask for this one's.
  ['ansible_jump_password=x', {}, `ssh ${plain} -- h`],
  ['', { connection: 'local' }, 'sh'],
  ['ansible_connection=ssh', { connection: 'local' }, `ssh ${plain} -- h`],
  ['', { connection: 'smart' }, `ssh ${plain} -- h`],
  ['ansible_connection=local', {}, 'sh'],
  ['ansible_connection=docker', {}, 'docker exec -i h sh'],
  ['ansible_connection=community.docker.docker ansible_host=c1 ansible_user=u', {}, 'docker exec -i --user u c1 sh'],
  ['ansible_connection=podman ansible_host=c1', {}, 'podman exec -i c1 sh'],
  ['ansible_connection=containers.podman.podman ansible_user=u', {}, 'podman exec -i --user u h sh'],
  ['ansible_connection=ansible.builtin.ssh', {}, `ssh ${plain} -- h`],
  ['ansible_connection=ansible.builtin.local', {}, 'sh'],
  [
    'ansible_connection=local ansible_become=yes ansible_become_method=community.general.doas',
    {},
    'doas -n -u root -- sh',
  ],
  ['ansible_connection=local ansible_shell_executable=/bin/bash', {}, '/bin/bash'],
  ['ansible_connection=local', { become: true }, 'sudo -H -n -u root -- sh'],
  ['ansible_connection=local ansible_become=no', { become: true }, 'sh'],
  ['ansible_connection=local ansible_become=yes ansible_become_user=etcd', {}, 'sudo -H -n -u etcd -- sh'],
  [
    'ansible_connection=local ansible_become_user=etcd ansible_become_method=doas',
    { become: true, becomeUser: 'other', becomeMethod: 'sudo' },
    'doas -n -u etcd -- sh',
  ],
  [
    'ansible_connection=local',
    { become: true, becomePassword: () => 'x' },
    'sh -c export LC_ALL=C SUDO_PROMPT=rota-MARK-password:; exec "$@" sh sudo -H -S -u root -- sh -c',
  ],
  [
    'ansible_connection=winrm',
    {},
    'host h: ansible_connection: "winrm" is not supported (ssh, local, docker, podman are)',
  ],
  [
    '',
    { connection: 'netconf' },
    'host h: ansible_connection: "netconf" is not supported (ssh, local, docker, podman are)',
  ],
  [
    '',
    { become: true, becomeMethod: 'runas' },
    'host h: ansible_become_method: "runas" is not supported (sudo, su, doas are)',
  ],
]

for (const [vars, flags, expected] of table) {
  test(`${vars || 'no variables'} ${Object.entries(flags).join(' ')}`, async () => {
    assert.is(await words(vars, flags), expected)
  })
}

test('a port behind the host name, also of an IPv6 address', async () => {
  assert.is(await words('', {}, 'h:2200'), `ssh ${plain} -p 2200 -- h`)
  assert.is(await words('', {}, '[2001:db8::7]:2200'), `ssh ${plain} -p 2200 -- 2001:db8::7`)
  assert.is(await words('', {}, 'localhost'), 'sh')
  assert.is(await words('ansible_host=10.0.0.9', {}, 'localhost'), `ssh ${plain} -- 10.0.0.9`)
})

test('a password is no part of what can be printed', async () => {
  const inventory = await load({
    'hosts.ini': 'h ansible_password=hunter22 ansible_become_password=hunter23 ansible_jump_password=hunter24\n',
  })
  const [host] = inventory.hosts.values()
  assert.ok(host)
  const { connection } = connectionOf(inventory, host, { become: true })
  assert.ok(connection)
  assert.not.match(JSON.stringify(connection), /hunter2/)
  assert.equal(connectionSecrets(connection), ['hunter22', 'hunter24', 'hunter23'])
})

const behind = `[web]
h ansible_host=10.0.0.1 ansible_user=deploy ansible_ssh_private_key_file=/k/host
`
const gate = '[gate]\ng ansible_host=192.0.2.1'
const jumps: readonly (readonly [what: string, hosts: string, flags: ConnectionFlags, way: string])[] = [
  [
    'its own user, port and key',
    `${behind}${gate} ansible_user=jump ansible_port=2222 ansible_ssh_private_key_file='/k/a b'\n`,
    { user: 'flag' },
    `-p 2222 -l jump -i '/k/a b' -W '[%h]:%p' -- 192.0.2.1`,
  ],
  ['the key of the host where it has none', `${behind}${gate}\n`, {}, `-i /k/host -W '[%h]:%p' -- 192.0.2.1`],
  [
    'as the flags say where nothing else does',
    `[web]\nh\n${gate}\n`,
    { user: 'flag', privateKey: '/k/flag' },
    `-l flag -i /k/flag -W '[%h]:%p' -- 192.0.2.1`,
  ],
]
for (const [what, hosts, flags, way] of jumps)
  test(`through a jump host: ${what}`, async () => {
    const inventory = await load({ 'hosts.ini': hosts }, { jumpHosts: 'gate' })
    const wordsOf = (name: string) => {
      const host = inventory.hosts.get(name)
      const { connection } = host ? connectionOf(inventory, host, flags) : {}
      assert.ok(connection)
      return commandFor(connection, 'MARK', { config: '/c/ssh.conf', session: [] }).args
    }
    const proxy = wordsOf('h').find(word => word.startsWith('ProxyCommand='))
    const before = `ProxyCommand=ssh -F /c/ssh.conf -o RemoteCommand=none -T ${plain}`
    assert.is(proxy, `${before} ${way}`)
    assert.is(
      wordsOf('g').some(word => word.includes('Proxy')),
      false,
    )
  })

test('who says its own way is not led through the jump host', async () => {
  const own = `${behind.trim()} ansible_ssh_common_args='-o Compression=yes'\n[local]\nl ansible_connection=local\n${gate}\ng2\n`
  const inventory = await load({ 'hosts.ini': own }, { jumpHosts: 'gate' })
  for (const host of inventory.hosts.values()) {
    const { connection, problems } = connectionOf(inventory, host, {})
    assert.equal(problems, [])
    assert.is(connection && 'jump' in connection.transport, false, host.name)
  }
})

test('the password of a host is not told to its jump host, which has its own', async () => {
  const transportOf = async (vars: string, flags: ConnectionFlags) => {
    const hosts = `[web]\nh ansible_password=of-host\n${gate} ${vars}\n`
    const inventory = await load({ 'hosts.ini': hosts }, { jumpHosts: 'gate' })
    const host = inventory.hosts.get('h')
    const transport = host && connectionOf(inventory, host, flags).connection?.transport
    assert.ok(transport?.kind === 'ssh')
    return [transport.password?.(), transport.jumpPassword?.(), transport.jump?.password?.()]
  }
  assert.equal(await transportOf('', { password: () => 'asked' }), ['of-host', undefined, undefined])
  assert.equal(await transportOf('ansible_password=own', {}), ['of-host', 'own', 'own'])
  assert.equal(await transportOf('', { jumpPassword: () => 'asked' }), ['of-host', 'asked', 'asked'])
})

test('what is wrong with a jump host is wrong for whom it leads to; keys that it is not checked by are said', async () => {
  const of = async (vars: string, flags: ConnectionFlags = {}) => {
    const inventory = await load({ 'hosts.ini': `[web]\nh\n${gate} ${vars}\n` }, { jumpHosts: 'gate' })
    const host = inventory.hosts.get('h')
    assert.ok(host)
    return connectionOf(inventory, host, flags)
  }
  const messages = async (vars: string) => (await of(vars)).problems.map(({ message }) => message)
  assert.match((await messages('ansible_port=x'))[0] ?? '', /^host g: ansible_port: "x" is not a port/)
  assert.equal(await messages('ansible_connection=local'), [
    'host g: the others are reached through it, so its ansible_connection must be ssh',
  ])
  assert.is(isUnchecked((await of('')).connection), false)
  assert.is(isUnchecked((await of('ansible_ssh_host_key_checking=false')).connection), true)
})

test('what is ignored or weakens a connection is said once', async () => {
  const inventory = await load({
    'hosts.ini':
      'a\nb\nc ansible_ssh_common_args="-o StrictHostKeyChecking=no"\n[all:vars]\nansible_python_interpreter=/usr/bin/python3\n',
  })
  const hosts = [...inventory.hosts.values()]
  assert.equal(connectionNotes(hosts), [
    'ansible_python_interpreter is not used: nothing on a host needs Python (a, inventory group [all:vars])',
  ])
  assert.equal(
    hosts.map(host => isUnchecked(connectionOf(inventory, host, {}).connection)),
    [false, false, true],
  )
  // The first is what ssh takes.
  const strict = { sshArgs: '-o StrictHostKeyChecking=no' }
  const [, , c] = hosts
  assert.ok(c)
  assert.is(isUnchecked(connectionOf(inventory, c, strict).connection), true)
  const own = await load({ 'hosts.ini': 'h ansible_ssh_extra_args="-o StrictHostKeyChecking=yes"\n' })
  const [h] = own.hosts.values()
  assert.ok(h)
  assert.is(isUnchecked(connectionOf(own, h, { ...strict, hostKeyChecking: false }).connection), false)
})

test.run()
