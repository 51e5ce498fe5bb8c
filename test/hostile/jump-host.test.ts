import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, match, not, ok } from 'uvu/assert'
import { ensureCommands } from '../../scripts/lab/apt.mjs'
import { inHost, runPlaybook, upLab, withInventory } from '../lab/lab.ts'
import { daemonPort, loginsOf, refused, whoami, withDaemon, withHost } from '../lab/logins.ts'

// A jump host that writes down every password it is told. The host behind it has another one.
await ensureCommands({ sshpass: 'sshpass' })
const { over, addressOf, knownHosts, password } = loginsOf(await upLab())
const [jump, target] = ['node-1', 'node-2'] as const
const ofJump = `jump-${randomBytes(6).toString('hex')}`
const seenFile = '/var/tmp/rota-seen'
const seen = () => inHost(jump, `cat ${seenFile}; : >${seenFile}`)

const spying = [
  `: >${seenFile}; echo 'operator:${ofJump}' | chpasswd
printf '#!/bin/sh\\n{ cat; echo; } >>${seenFile}\\n' >/opt/spy; chmod 755 /opt/spy
sed -i '1i auth optional pam_exec.so expose_authtok quiet /opt/spy' /etc/pam.d/sshd`,
  `sed -i '/pam_exec.so expose_authtok/d' /etc/pam.d/sshd; rm -f /opt/spy ${seenFile}; echo 'operator:${password()}' | chpasswd`,
] as const

const known = `-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes`
const through = (command: string) => ['-o', `ProxyCommand=${command}`, '-o', 'PubkeyAuthentication=no']
const toJump = (methods: string) =>
  `ssh -F none ${known} -o HostKeyAlias=${addressOf(jump)} -o PubkeyAuthentication=no -o PreferredAuthentications=${methods} -p ${daemonPort} -W %h:%p operator@${addressOf(jump)}`
const passwordsAllowed = ['PasswordAuthentication=yes', 'KbdInteractiveAuthentication=yes', 'AllowTcpForwarding=yes']

const with2 = (work: () => Promise<void>) =>
  withHost(jump, spying[0], spying[1], () =>
    withDaemon(jump, passwordsAllowed, () => withDaemon(target, passwordsAllowed, work)),
  )

test('a jump host is never told the password of the host behind it, and is given its own when there is one', async () => {
  await with2(async () => {
    for (const methods of ['password', 'keyboard-interactive']) {
      const ssh = { port: daemonPort, password, extraArgs: through(toJump(methods)) }
      const { reason, message, hint } = await refused(over(target, 'operator', {}, ssh))
      equal(reason, 'authentication')
      match(message, /not answered: a host on the way asks ".*[Pp]assword:"/)
      match(hint, /--ask-jump-pass or ansible_jump_password/)
      not.match(await seen(), new RegExp(password()), methods)

      is(await whoami(over(target, 'operator', {}, { ...ssh, jumpPassword: () => ofJump })), 'operator')
      const told = await seen()
      ok(told.includes(ofJump), 'a control: what it is told is seen')
      not.match(told, new RegExp(password()), methods)
    }
  })
})

test('with a password for the jump host alone the host is not told it', async () => {
  await with2(async () => {
    const ssh = { port: daemonPort, jumpPassword: () => ofJump, extraArgs: through(toJump('password')) }
    const { reason, message } = await refused(over(target, 'operator', {}, ssh))
    equal(reason, 'authentication')
    match(message, new RegExp(`operator@${addressOf(target)}: Permission denied`))
    const byKey = { ...ssh, port: 22, extraArgs: through(toJump('password')).slice(0, 2) }
    is(await whoami(over(target, 'operator', {}, byKey)), 'operator')
  })
})

test('an ssh on the way that has a terminal of its own is asked there', async () => {
  await with2(async () => {
    const extraArgs = through(`sshpass -p ${ofJump} ${toJump('password')}`)
    is(await whoami(over(target, 'operator', {}, { port: daemonPort, password, extraArgs })), 'operator')
    not.match(await seen(), new RegExp(password()))
  })
})

// kubespray's `[bastion]`: the hosts behind it are reached through it, and its key is checked as theirs are.
const masters = ['master-1', 'master-2', 'master-3']
const behind = (bastion: string) =>
  withInventory(
    // A host that has its own `ansible_ssh_common_args` goes its own way.
    text =>
      `${text.replace('ansible_ssh_common_args', 'ansible_ssh_extra_args')}\n[bastion]\nthrough ansible_host=${addressOf(jump)} ${bastion}\n`,
    async inventory => {
      // A connection that an earlier test left open would be shared, and asked for no key.
      const home = await mkdtemp(join(tmpdir(), 'rota-'))
      try {
        return await runPlaybook('test/lab/playbooks/behind.mjs', [], { inventory, env: { HOME: home } })
      } finally {
        await rm(home, { recursive: true })
      }
    },
  )

test('a bastion whose key is another one is not gone through, and that is said of it', async () => {
  const { exitCode, events } = await behind(
    "ansible_ssh_extra_args='-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null'",
  )
  equal(exitCode, 4)
  const said = events.flatMap(event => (event.kind === 'hostFinished' ? [String(event.message)] : []))
  equal(said.length, masters.length)
  for (const message of said) match(message, /jump host .*[Hh]ost key/)
})

test('hosts behind a bastion are reached from it alone', async () => {
  await Promise.all(masters.map(host => inHost(host, 'rm -f /run/rota-test-from')))
  const { exitCode, stderr } = await behind('')
  equal(exitCode, 0, stderr)
  for (const host of masters)
    match(await inHost(host, 'cat /run/rota-test-from'), new RegExp(`^${addressOf(jump)} `), host)
})

test.run()
