import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { announcedShell, readingShell, runtimeText } from '../../../engine/program/runtime.ts'
import { quote } from '../../../engine/shell/shell.ts'
import { commandFor } from '../../../engine/transport/command.ts'
import { sessionOptions, sshConfig, sshFiles } from '../../../engine/transport/ssh.ts'
import type { Become, Connection, Transport } from '../../../engine/transport/types.ts'
import { scratch, shells } from '../program/shells.ts'

const ssh: Extract<Transport, { kind: 'ssh' }> = {
  kind: 'ssh',
  address: '10.0.0.1',
  extraArgs: [],
  executable: 'ssh',
  connectTimeout: 10,
}
const files = { config: '/run/user/1/rota/ssh.conf', session: ['-o', 'RemoteCommand=none'] }
const words = (transport: Transport, become?: Become, shell: readonly string[] = ['sh']): readonly string[] => {
  const connection: Connection = { host: 'h', transport, shell, ...(become ? { become } : {}) }
  const { file, args } = commandFor(connection, 'MARK', files)
  return [file, ...args]
}
const announced = announcedShell(['sh'], 'MARK')
const secret = (): string => {
  throw new Error('the password is not needed for the words')
}

test('ssh: config of ours, then what the inventory says, and the runtime by stdin', () => {
  assert.equal(words(ssh), [
    'ssh',
    '-F',
    files.config,
    '-o',
    'RemoteCommand=none',
    '-T',
    '-o',
    'ConnectTimeout=10',
    '-o',
    'BatchMode=yes',
    '--',
    '10.0.0.1',
    'exec sh -s',
  ])
  assert.equal(
    words({ ...ssh, port: 2222, user: 'deploy', identityFile: '/k', extraArgs: ['-o', 'ProxyJump=b'] }).slice(2, -1),
    [
      files.config,
      ...files.session,
      '-o',
      'ProxyJump=b',
      '-T',
      '-o',
      'ConnectTimeout=10',
      '-o',
      'BatchMode=yes',
      '-p',
      '2222',
      '-l',
      'deploy',
      '-i',
      '/k',
      '--',
      '10.0.0.1',
    ],
  )
})

test("ssh: with a config of the user's own our defaults go as options after it", () => {
  const line = words({ ...ssh, extraArgs: ['-F', '/my/config'] }).join(' ')
  assert.match(line, /^ssh -o RemoteCommand=none -F \/my\/config -T -o ConnectTimeout/)
  assert.match(line, /-o ControlPath=\/run\/user\/1\/rota\/%C/)
  assert.not.match(line, /ssh\.conf/)
})

test('ssh: a password allows one question and is in no word', () => {
  const line = words({ ...ssh, password: secret }).join(' ')
  assert.match(line, /BatchMode=no -o NumberOfPasswordPrompts=1/)
})

test('ssh: an old one is given no option that it does not know', () => {
  const named = (version: string) => sessionOptions(version).filter(word => word !== '-o')
  const all = ['RemoteCommand=none', 'SessionType=default', 'StdinNull=no', 'ForkAfterAuthentication=no']
  for (const version of ['OpenSSH_8.7p1, OpenSSL 3.0.1', 'OpenSSH_9.2p1 Debian-2+deb12u6', 'OpenSSH_10.0p2'])
    assert.equal(named(version), all, version)
  for (const version of ['OpenSSH_8.6p1', 'OpenSSH_7.9p1 Debian-10', '', 'something else'])
    assert.equal(named(version), ['RemoteCommand=none'], version)
})

test('a host can not be taken for an option', () => {
  assert.equal(words({ ...ssh, address: '-oProxyCommand=x' }).slice(-3, -1), ['--', '-oProxyCommand=x'])
  assert.throws(() => words({ kind: 'docker', container: '-v/:/host' }), /not a name of a container/)
})

test('become', () => {
  const local: Transport = { kind: 'local' }
  assert.equal(words(local, { method: 'sudo', user: 'root' }), ['sudo', '-H', '-n', '-u', 'root', '--', 'sh', '-s'])
  assert.equal(words(local, { method: 'sudo', user: 'app', password: secret }), [
    'sh',
    '-c',
    'export LC_ALL=C SUDO_PROMPT=rota-MARK-password:; exec "$@"',
    'sh',
    'sudo',
    '-H',
    '-S',
    '-u',
    'app',
    '--',
    ...announced,
  ])
  assert.equal(words(local, { method: 'su', user: 'root' }), [
    'env',
    'LC_ALL=C',
    'su',
    '-s',
    '/bin/sh',
    '-c',
    'sh -s',
    'root',
  ])
  assert.equal(words(local, { method: 'doas', user: 'root' }, ['busybox', 'sh']), [
    'doas',
    '-n',
    '-u',
    'root',
    '--',
    'busybox',
    'sh',
    '-s',
  ])
})

test('containers', () => {
  assert.equal(words({ kind: 'podman', container: 'web', user: 'app' }), [
    'podman',
    'exec',
    '-i',
    '--user',
    'app',
    'web',
    'sh',
    '-s',
  ])
})

const preamble = { nonce: 'abc', readOnly: true, shell: ['sh'], owner: 'x', first: 'touch harm' }

for (const shell of ['sh', 'bash', 'dash', 'zsh', 'fish', 'tcsh', 'csh', 'ksh', 'mksh']) {
  if (spawnSync('sh', ['-c', `command -v ${shell}`]).status !== 0) continue
  test(`a login shell ${shell} starts the runtime`, () => {
    const started = (command: string): string =>
      execFileSync(shell, ['-c', command], { input: runtimeText({ ...preamble, first: '' }), encoding: 'utf8' })
    assert.match(started(words(ssh).at(-1) ?? ''), /^\nrota:abc:\nhello 0 1 /)
    assert.match(started(announced.map(quote).join(' ')), /^rota-ready-MARK\n\nrota:abc:\nhello 0 1 /)
    if (process.getuid?.() !== 0) return
    assert.match(started(words(ssh, { method: 'su', user: 'root' }).at(-1) ?? ''), /^\nrota:abc:\nhello 0 1 /)
  })
}

for (const [name, shell] of shells(scratch())) {
  test(`${name}: half of the runtime does nothing`, () => {
    const directory = scratch()
    const whole = runtimeText({ ...preamble, stateDir: join(directory, 'state') })
    const cuts = [0.1, 0.5, 0.9].map(share => Math.floor(whole.length * share))
    for (let cut = whole.length - 40; cut < whole.length - 1; cut += 1) cuts.push(cut)
    for (let cut = 0; cut <= whole.indexOf('ROTA_NONCE'); cut += 5) cuts.push(cut)
    // Where the first half of a function's name is the name of another.
    for (const { index } of whole.toString('latin1').matchAll(/(?<=\nrota_[a-z_]+)(?=_|\()/g)) cuts.push(index)
    const [file = '', ...args] = readingShell(shell)
    const env = { ...process.env, HOME: directory }
    for (const cut of cuts) {
      const { stdout } = spawnSync(file, args, { input: whole.subarray(0, cut), cwd: directory, env, encoding: 'utf8' })
      assert.is(stdout, '', `cut at ${cut}`)
    }
    assert.equal(readdirSync(directory), [])
  })
}

if (spawnSync('ssh', ['-V']).status === 0) {
  const directory = scratch()
  const config = (text: string): ReadonlyMap<string, string> => {
    const path = join(directory, 'config')
    writeFileSync(path, text)
    const out = execFileSync('ssh', ['-G', '-F', path, 'somehost'], { encoding: 'utf8', stdio: 'pipe' })
    return new Map(out.split('\n').map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  }
  const ours = sshConfig('/run/user/1/rota/%C')

  test('ssh takes our defaults where nothing else is said', () => {
    const read = config(ours)
    assert.is(read.get('controlmaster'), 'auto')
    assert.is(read.get('controlpersist'), '60')
    assert.match(read.get('controlpath') ?? '', /^\/run\/user\/1\/rota\/[0-9a-f]{40}$/)
    assert.is(read.get('serveraliveinterval'), '15')
  })

  test("what an operator's configuration says of sessions does not keep a shell from being one", async () => {
    const user = join(directory, 'sessions')
    const text = 'Host *\n  RemoteCommand tmux new -A\n  RequestTTY force\n  StdinNull yes\n'
    writeFileSync(user, `${text}  SessionType none\n  ForkAfterAuthentication yes\n  ForwardAgent yes\n`)
    const { session } = await sshFiles('ssh')
    const { args } = commandFor({ host: 'h', shell: ['sh'], transport: { ...ssh, extraArgs: ['-tt'] } }, 'MARK', {
      config: user,
      session,
    })
    const read = execFileSync('ssh', ['-G', ...args.slice(0, -1)], { encoding: 'utf8', stdio: 'pipe' }).split('\n')
    for (const line of ['requesttty false', 'stdinnull no', 'sessiontype default', 'forkafterauthentication no'])
      assert.ok(read.includes(line), line)
    assert.ok(read.includes('forwardagent yes'), 'the agent is forwarded as the operator said')
    assert.equal(
      read.filter(line => line.startsWith('remotecommand')),
      [],
    )
  })

  test("the user's settings win, whatever block they end in", () => {
    const user = join(directory, 'user')
    writeFileSync(user, 'Host somehost\n  ControlPath /mine/%C\n  ServerAliveInterval 3\nHost other\n  Port 99\n')
    const read = config(ours.replace('~/.ssh/config', user))
    assert.match(read.get('controlpath') ?? '', /^\/mine\//)
    assert.is(read.get('serveraliveinterval'), '3')
    assert.is(read.get('controlmaster'), 'auto')
    assert.is(read.get('port'), '22')
  })

  test('what ssh reads besides is the same as without our config', async () => {
    const { config: ourConfig } = await sshFiles('ssh')
    const plain = execFileSync('ssh', ['-G', 'somehost'], { encoding: 'utf8', stdio: 'pipe' }).split('\n')
    const with_ = execFileSync('ssh', ['-G', '-F', ourConfig, 'somehost'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).split('\n')
    const changed = with_.filter(line => !plain.includes(line)).map(line => line.split(' ')[0])
    assert.equal(
      changed.sort(),
      ['controlmaster', 'controlpath', 'controlpersist', 'serveralivecountmax', 'serveraliveinterval'].filter(name =>
        changed.includes(name),
      ),
    )
    assert.ok(existsSync(ourConfig))
  })
}

test.run()
