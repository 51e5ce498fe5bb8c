import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { equal, is, match, ok } from 'uvu/assert'
import { raw } from '../../engine/shell/shell.ts'
import type { Become, Connection } from '../../engine/transport/types.ts'
import { runPlaybook, totals, upLab, withInventory } from './lab.ts'
import { daemonPort, loginsOf, refused, using, whoami, withDaemon, withHost } from './logins.ts'

// What hosts ask and say at a login, and what configurations of ssh make of it.
const lab = await upLab({ spareNodes: 2, newer: ['node-4'] })
const { over, password } = loginsOf(lab)
const dir = mkdtempSync(join(tmpdir(), 'rota-prompts-'))
const sudo: Become = { method: 'sudo', user: 'root', password }
const root: Pick<Connection, 'become'> = { become: sudo }
const inContainer = (host: string, user: string, become?: Become): Connection => ({
  host,
  shell: ['sh'],
  transport: { kind: 'docker', container: lab.hosts.find(({ name }) => name === host)?.container ?? '', user },
  ...(become ? { become } : {}),
})

// It waits for as long as a login may take, so it does so while the others run.
const menu = withHost(
  'node-2',
  'echo \'printf "Choose [1-3]: "; sleep 120\' >/opt/menu; usermod -s /bin/bash deploy; sed -i \'s|^|command="sh /opt/menu" |\' /home/deploy/.ssh/authorized_keys',
  "sed -i 's|^command=.* ssh-|ssh-|' /home/deploy/.ssh/authorized_keys; rm /opt/menu",
  () => refused(over('node-2', 'deploy', {}, { connectTimeout: 1 })),
)
menu.catch(() => {})

const asksForCode = [
  'sed -i "1a auth required pam_google_authenticator.so" /etc/pam.d/sudo',
  'sed -i "/pam_google/d" /etc/pam.d/sudo',
] as const

test('sudo and sudo-rs that ask for a verification code: said in seconds, with the question', async () => {
  const [make, undo] = asksForCode
  for (const [more, less] of [
    ['', ''],
    ['; ln -s /usr/bin/sudo-rs /usr/local/bin/sudo', '; rm /usr/local/bin/sudo'],
  ])
    await withHost('node-4', make + more, undo + less, async () => {
      const { reason, message, hint, seconds } = await refused(over('node-4', 'operator', root))
      equal(reason, 'become')
      match(message, /Verification code:/)
      match(hint, /asks ".*Verification code:", which only a person can answer/)
      ok(seconds < 15, `${seconds} s`)
    })
})

test('sudo-rs: the password is taken, and a wrong one is called so', async () => {
  await withHost('node-4', 'ln -s /usr/bin/sudo-rs /usr/local/bin/sudo', 'rm /usr/local/bin/sudo', async () => {
    is(await whoami(over('node-4', 'operator', root)), 'root')
    const wrong = await refused(over('node-4', 'operator', { become: { ...sudo, password: () => 'wrong' } }))
    equal([wrong.reason, wrong.hint], ['become', 'the become password is wrong'])
    const none = await refused(over('node-4', 'operator', { become: { method: 'sudo', user: 'root' } }))
    equal(none.reason, 'become')
    match(none.hint, /-K/)
  })
})

test('sudo with a lecture, and without visiblepw', async () => {
  const file = '/etc/sudoers.d/rota-test'
  for (const line of [
    'Defaults lecture=always',
    'Defaults !visiblepw',
    'Defaults passprompt_override',
    'Defaults use_pty',
  ])
    for (const host of ['node-1', 'node-4'])
      await withHost(host, `echo '${line}' >${file}; chmod 440 ${file}`, `rm ${file}`, async () => {
        is(await whoami(over(host, 'operator', root)), 'root', line)
      })
})

test('an expired password: of the login, of sudo, of su', async () => {
  const expired = /has expired: log in once by hand/
  await withHost('node-1', 'chage -d 0 operator', 'chage -d 2025-01-01 operator', async () => {
    const login = await refused(over('node-1', 'operator'))
    equal(login.reason, 'authentication')
    match(login.message, /must change your password|Password change required/i)
    match(login.hint, expired)
    const { reason, message, hint, seconds } = await refused(inContainer('node-1', 'operator', sudo))
    equal(reason, 'become')
    match(message, /password is expired/)
    match(hint, expired)
    ok(seconds < 15, `${seconds} s`)
    const su = await refused(inContainer('node-1', 'deploy', { method: 'su', user: 'operator', password }))
    match(su.message, /required to change your password/)
    match(su.hint, expired)
  })
  await withHost('node-1', 'chage -E 0 operator', 'chage -E -1 operator', async () => {
    match((await refused(over('node-1', 'operator'))).hint, expired)
    match((await refused(inContainer('node-1', 'operator', sudo))).hint, expired)
  })
})

test('su that wants a password which was not given', async () => {
  const { reason, hint } = await refused(over('node-1', 'deploy', { become: { method: 'su', user: 'operator' } }))
  equal(reason, 'become')
  match(hint, /-K/)
})

test('ssh that asks for a verification code: the password does not answer it, and the question is quoted', async () => {
  await withHost(
    'node-4',
    'sed -i "1i auth required pam_google_authenticator.so" /etc/pam.d/sshd',
    'sed -i "/pam_google/d" /etc/pam.d/sshd',
    () =>
      withDaemon('node-4', ['KbdInteractiveAuthentication=yes', 'PasswordAuthentication=no'], async () => {
        const keyless = { port: daemonPort, password, extraArgs: ['-o', 'PubkeyAuthentication=no'] }
        const { reason, message, hint, seconds } = await refused(over('node-4', 'operator', {}, keyless))
        equal(reason, 'authentication')
        match(message, /not answered: the host asks ".*Verification code:"/)
        match(hint, /only a person can answer that/)
        ok(seconds < 15, `${seconds} s`)
      }),
  )
})

test('more keys in the agent than the host lets one try', async () => {
  const agent = spawnSync('ssh-agent', ['-s'], { encoding: 'utf8' }).stdout
  const [, socket = ''] = /SSH_AUTH_SOCK=([^;]+)/.exec(agent) ?? []
  const [, pid] = /SSH_AGENT_PID=(\d+)/.exec(agent) ?? []
  const before = process.env.SSH_AUTH_SOCK
  try {
    process.env.SSH_AUTH_SOCK = socket
    for (let number = 0; number < 7; number += 1) {
      const key = join(dir, `key-${number}`)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
      execFileSync('ssh-add', ['-q', key])
    }
    const { reason, message, hint } = await refused(over('node-1', 'root'))
    equal(reason, 'authentication')
    match(message, /Too many authentication failures/)
    match(hint, /IdentitiesOnly/)
    is(await whoami(over('node-1', 'root', {}, { extraArgs: ['-o', 'IdentitiesOnly=yes'] })), 'root')
  } finally {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK
    else process.env.SSH_AUTH_SOCK = before
    if (pid) process.kill(Number(pid))
  }
})

test('login shells: fish, tcsh, and ones that say something before', async () => {
  for (const shell of ['/usr/bin/fish', '/usr/bin/tcsh', '/bin/bash', '/bin/sh'])
    await withHost('node-4', `usermod -s ${shell} operator`, 'usermod -s /bin/bash operator', async () => {
      is(await whoami(over('node-4', 'operator')), 'operator', shell)
      is(await whoami(over('node-4', 'operator', root)), 'root', shell)
    })
  const noise = 'echo noise of the login shell; printf "a question? Password: no line end"; echo more >&2'
  const ofBash = '/home/operator/.bashrc'
  await withHost(
    'node-4',
    `cp -p ${ofBash} ${ofBash}.kept; { echo '${noise}'; cat ${ofBash}.kept; } >${ofBash}; echo '${noise.replace(' >&2', '')}' >/home/operator/.tcshrc`,
    `mv ${ofBash}.kept ${ofBash}; rm /home/operator/.tcshrc; usermod -s /bin/bash operator`,
    async () => {
      for (const shell of ['/bin/bash', '/usr/bin/tcsh']) {
        execFileSync('docker', ['exec', `rota-${lab.name}-node-4`, 'usermod', '-s', shell, 'operator'])
        is(await whoami(over('node-4', 'operator')), 'operator', shell)
        is(await whoami(over('node-4', 'operator', root)), 'root', shell)
      }
    },
  )
})

test('login shells that take no command', async () => {
  for (const [shell, reason, hint] of [
    ['/usr/sbin/nologin', 'authentication', /no shell/],
    ['/bin/false', 'connect', /takes no commands.*nologin, false/],
  ] as const)
    await withHost('node-1', `usermod -s ${shell} deploy`, 'usermod -s /bin/bash deploy', async () => {
      const said = await refused(over('node-1', 'deploy'))
      equal(said.reason, reason)
      match(said.hint, hint)
    })
})

test("an operator's configuration of ssh: a command of its own, a terminal, no stdin, no session", async () => {
  const config = join(dir, 'config')
  writeFileSync(
    config,
    'Host *\n  RemoteCommand tmux new -A\n  RequestTTY force\n  StdinNull yes\n  SessionType none\n  ForkAfterAuthentication yes\n',
  )
  is(await whoami(over('node-1', 'root', {}, { extraArgs: ['-F', config] })), 'root')
  is(await whoami(over('node-1', 'operator', root, { extraArgs: ['-F', config, '-tt'] })), 'root')
})

test('a ControlPath that is longer than the name of a socket may be', async () => {
  const long = join(dir, 'long'.repeat(30))
  const { reason, hint } = await refused(
    over('node-1', 'root', {}, { extraArgs: ['-o', `ControlPath=${long}`, '-o', 'ControlMaster=auto'] }),
  )
  equal(reason, 'connect')
  match(hint, /ControlPath of your ssh_config is longer/)
})

test('a host that takes one session a connection: others come in beside it, and a run is told to stop', async () => {
  const warm = {
    port: daemonPort,
    extraArgs: ['-o', `ControlPath=${join(dir, '%C')}`, '-o', 'ControlMaster=auto', '-o', 'ControlPersist=20s'],
  }
  await withDaemon('node-1', ['MaxSessions=1'], async () => {
    const abort = new AbortController()
    const connection = over('node-1', 'root', {}, warm)
    const seen: string[] = []
    await using(
      connection,
      async channel => {
        is(await whoami(connection), 'root', 'another one meanwhile')
        const items = [1, 2, 3].map(id => ({ id, owes: [], script: raw(id === 1 ? 'sleep 3' : 'true') }))
        await channel.apply({ run: 'r', items }, event => {
          seen.push(`${event.kind} ${event.id}`)
          if (event.kind === 'started') abort.abort()
        })
      },
      { signal: abort.signal },
    )
    equal(seen, ['started 1', 'done 1', 'notRun 2', 'notRun 3'])
  })
})

test('bash as /bin/sh with TMOUT in its environment: a host that waits for longer is still there', async () => {
  await withHost(
    'node-1',
    'ln -sf bash /bin/sh; echo TMOUT=2 >>/etc/environment',
    'ln -sf dash /bin/sh; : >/etc/environment',
    () =>
      using(over('node-1', 'root'), async channel => {
        await sleep(3500)
        const script = raw('readlink "/proc/$$/exe"; tr "\\0" "\\n" <"/proc/$$/environ" | grep ^TMOUT || :; echo here')
        match((await channel.run({ script })).stdout, /\/bash\n(TMOUT=2\n)?here\n$/)
      }),
  )
})

test('the same while another host is waited for: one connection for the whole run', async () => {
  const variables = 'ansible_ssh_extra_args="-o ControlPath=none"'
  await withHost(
    'node-1',
    'ln -sf bash /bin/sh; echo TMOUT=2 >>/etc/environment',
    'ln -sf dash /bin/sh; : >/etc/environment',
    () =>
      withInventory(
        text => text.replace(/^node-1 .*$/m, line => `${line} ${variables}`),
        async inventory => {
          const result = await runPlaybook('test/lab/playbooks/waits.mjs', ['-l', 'node-1,node-2'], { inventory })
          const first = totals(result).get('node-1')
          equal([result.exitCode, first?.failed, first?.connections], [0, 0, 1], result.stdout.slice(-1500))
          ok(
            result.events.some(
              event => event.kind === 'gate' && event.status === 'holds' && (event.seconds ?? 0) > 2.5,
            ),
          )
        },
      ),
  )
})

test('a login that ends in a question of its own is given up in time, with the question', async () => {
  const { reason, message, hint, seconds } = await menu
  equal(reason, 'authentication')
  match(message, /no answer within 31 s; what was said: Choose \[1-3\]:/)
  match(hint, /it asks "Choose \[1-3\]:"/)
  ok(seconds < 40, `${seconds} s`)
})

test.after(() => rmSync(dir, { recursive: true }))

test.run()
