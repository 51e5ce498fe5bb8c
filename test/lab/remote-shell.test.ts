import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pending } from '../../engine/facts/pending.ts'
import { isFailure } from '../../engine/failure/index.ts'
import { blob, raw, sh } from '../../engine/shell/shell.ts'
import type { ShellChannel } from '../../engine/transport/channel.ts'
import { openChannel } from '../../engine/transport/channel.ts'
import type { Become, ChannelOptions, Connection, Transport } from '../../engine/transport/types.ts'
import { upLab } from './lab.ts'

// A channel to a real host of the lab: sshd, sudo, su, docker exec.
const info = await upLab()
const hostName = 'node-2'
const { ip: address, container } = info.hosts.find(host => host.name === hostName) ?? { ip: '', container: '' }
const lab = dirname(info.files.key)
/** An address of the lab's own network that no host has. */
const nobody = address.replace(/\d+$/, '250')
// Not the usual state directory: others may be at work on this lab.
const stateDir = '/var/tmp/rota-remote-shell'

type Ssh = Extract<Transport, { kind: 'ssh' }>

const knownHosts = (path: string): readonly string[] => [
  '-o',
  `UserKnownHostsFile=${path}`,
  '-o',
  'StrictHostKeyChecking=yes',
]
const cold = ['-o', 'ControlPath=none']

const over = (user: string, become?: Become, more: Partial<Ssh> = {}): Connection => ({
  host: hostName,
  shell: ['sh'],
  ...(become ? { become } : {}),
  transport: {
    kind: 'ssh',
    address,
    user,
    identityFile: join(lab, 'id_ed25519'),
    extraArgs: knownHosts(join(lab, 'known_hosts')),
    executable: 'ssh',
    connectTimeout: 10,
    ...more,
  },
})

const operatorPassword = (): string => readFileSync(join(lab, 'operator-password'), 'utf8').trim()

async function using<T>(
  connection: Connection,
  use: (channel: ShellChannel) => Promise<T>,
  options: Partial<ChannelOptions> = {},
): Promise<T> {
  const channel = await openChannel(connection, { readOnly: false, stateDir, ...options })
  try {
    return await use(channel)
  } finally {
    await channel.close()
  }
}

const whoami = (connection: Connection): Promise<string> =>
  using(connection, async channel => (await channel.run({ script: raw('id -un') })).stdout.trim(), { readOnly: true })

/** Every ssh that this process has started. */
function killOurSsh(): void {
  const children = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,comm='], { encoding: 'utf8' })
  for (const [, pid] of children.matchAll(/^ *(\d+) ssh$/gm)) process.kill(Number(pid), 'SIGKILL')
}

async function unreachable(connection: Connection) {
  try {
    await whoami(connection)
  } catch (error) {
    if (!isFailure(error, 'unreachable')) throw error
    const { obstacle: reason, ...more } = error.reason
    return { ...more, reason, message: error.message }
  }
  throw new Error('the host was reached')
}

test('root, a user, and a user who becomes root without a password', async () => {
  assert.is(await whoami(over('root')), 'root')
  assert.is(await whoami(over('deploy')), 'deploy')
  assert.is(await whoami(over('deploy', { method: 'sudo', user: 'root' })), 'root')
  // The password is given, but nobody asks for it.
  assert.is(await whoami(over('deploy', { method: 'sudo', user: 'root', password: () => 'unused' })), 'root')
  assert.is(await whoami(over('root', { method: 'su', user: 'deploy' })), 'deploy')
})

test('a password for sudo and for su goes in when it is asked for', async () => {
  assert.is(await whoami(over('operator', { method: 'sudo', user: 'root', password: operatorPassword })), 'root')
  assert.is(await whoami(over('deploy', { method: 'su', user: 'operator', password: operatorPassword })), 'operator')
})

test('a password for sudo that is wrong or missing', async () => {
  assert.is(
    (await unreachable(over('operator', { method: 'sudo', user: 'root', password: () => 'wrong' }))).hint,
    'the become password is wrong',
  )
  const missing = await unreachable(over('operator', { method: 'sudo', user: 'root' }))
  assert.is(missing.reason, 'become')
  assert.match(missing.hint ?? '', /-K/)
  assert.is(
    (await unreachable(over('deploy', { method: 'su', user: 'operator', password: () => 'wrong' }))).reason,
    'become',
  )
  assert.is((await unreachable(over('deploy', { method: 'doas', user: 'root' }))).reason, 'become')
  assert.is((await unreachable(over('deploy', { method: 'sudo', user: 'nosuch' }))).reason, 'become')
})

test('a password for ssh', async () => {
  // The lab's sshd takes keys only: one more that takes passwords, for the length of this test.
  const pidFile = '/run/rota-remote-shell-sshd.pid'
  const begin = sh`/usr/sbin/sshd -p 2299 -o PidFile=${pidFile} -o PasswordAuthentication=yes -o KbdInteractiveAuthentication=yes -o UsePAM=yes; sleep 0.5`
  const keyless: Partial<Ssh> = {
    port: 2299,
    extraArgs: [
      ...knownHosts(join(lab, 'known_hosts')),
      ...cold,
      ...['-o', `HostKeyAlias=${address}`, '-o', 'PubkeyAuthentication=no'],
    ],
  }
  await using(over('root'), async channel => {
    assert.equal(await channel.run({ script: begin }), { exitCode: 0, stdout: '', stderr: '' })
    try {
      assert.is((await unreachable(over('operator', undefined, keyless))).reason, 'authentication')
      const become: Become = { method: 'sudo', user: 'root', password: operatorPassword }
      for (const method of ['password', 'keyboard-interactive']) {
        const by = {
          ...keyless,
          extraArgs: [...(keyless.extraArgs ?? []), '-o', `PreferredAuthentications=${method}`],
          password: operatorPassword,
        }
        assert.is(await whoami(over('operator', undefined, by)), 'operator')
        assert.is(await whoami(over('operator', become, by)), 'root')
      }
      const wrong = await unreachable(over('operator', undefined, { ...keyless, password: () => 'wrong' }))
      assert.is(wrong.reason, 'authentication')
    } finally {
      await channel.run({ script: sh`kill "$(cat ${pidFile})"` })
    }
  })
})

test('what is wrong with a host that is not reached', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rota-test-'))
  const empty = join(directory, 'empty')
  const other = join(directory, 'other')
  writeFileSync(empty, '')
  const key = readFileSync(join(lab, 'known_hosts'), 'utf8')
    .split('\n')
    .find(line => line.startsWith('10.77.0.101 ') || line.includes('.101'))
  try {
    assert.is((await unreachable(over('root', undefined, { port: 1 }))).reason, 'connect')
    assert.is((await unreachable(over('nosuchuser'))).reason, 'authentication')
    assert.is((await unreachable(over('root', undefined, { address: 'no-such-host.invalid' }))).reason, 'connect')
    assert.is(
      (await unreachable(over('root', undefined, { extraArgs: [...knownHosts(empty), ...cold] }))).reason,
      'host-key',
    )
    // A password does not make ssh trust an unknown host.
    const unknown = { extraArgs: ['-o', `UserKnownHostsFile=${empty}`, ...cold], password: operatorPassword }
    assert.is((await unreachable(over('operator', undefined, unknown))).reason, 'host-key')
    if (key) {
      writeFileSync(other, key.replace(/^\S+/, address))
      const changed = await unreachable(over('root', undefined, { extraArgs: [...knownHosts(other), ...cold] }))
      assert.is(changed.reason, 'host-key')
    }
    assert.is((await unreachable(over('root', undefined, { address: nobody, connectTimeout: 1 }))).host, hostName)
    assert.is(
      (await unreachable({ ...over('root'), shell: ['no-such-shell'] })).hint,
      'no shell could be started: no-such-shell',
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('content, facts and output over ssh and docker exec', async () => {
  for (const connection of [
    over('root'),
    over('deploy', { method: 'sudo', user: 'root' }),
    { host: hostName, shell: ['sh'], transport: { kind: 'docker', container } } satisfies Connection,
  ])
    await using(connection, async channel => {
      const data = randomBytes(3_000_000)
      const outputs: string[] = []
      const applied = channel.apply(
        {
          run: 'r',
          items: [
            { id: 1, owes: ['a/b'], script: sh`cat ${blob(data, '/var/tmp/x')} | wc -c` },
            { id: 2, owes: [], pays: 'a/b', script: raw('echo paid') },
          ],
        },
        event => event.kind === 'done' && outputs.push(event.output.trim()),
      )
      const facts = channel.probe([pending({})])
      assert.equal(await applied, {})
      assert.equal((await facts).get(pending({})), [])
      assert.equal(outputs, ['3000000', 'paid'])
      assert.is(channel.stats().roundTrips, 2)
      const { stdout, stderr, exitCode } = await channel.run({
        script: sh`cat; echo ${"it's"} >&2; exit 9`,
        stdin: 'ü\n',
      })
      assert.equal({ stdout, stderr, exitCode }, { stdout: 'ü\n', stderr: "it's\n", exitCode: 9 })
      assert.is((await channel.target).os.get('ID'), 'debian')
    })
})

test('no argument list on the host or here shows a value or a password', async () => {
  const secret = `s3cret-${randomBytes(6).toString('hex')}`
  const processes = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  await using(over('operator', { method: 'sudo', user: 'root', password: operatorPassword }), async channel => {
    const seen = channel.apply(
      { run: 'r', items: [{ id: 1, owes: [], script: sh`: ${secret}; : ${blob(secret)}; ps -eo args` }] },
      event => {
        if (event.kind !== 'done') return
        assert.not.match(event.output, new RegExp(secret))
        assert.not.ok(event.output.includes(operatorPassword()))
      },
    )
    const here = processes()
    assert.not.match(here, new RegExp(secret))
    assert.not.ok(here.includes(operatorPassword()))
    assert.equal(await seen, {})
  })
})

test('when the connection dies, the host finishes the change that runs, begins no other, and cleans up', async () => {
  const mark = `/var/tmp/rota-lost-${randomBytes(4).toString('hex')}`
  const connection = over('root', undefined, { extraArgs: [...knownHosts(join(lab, 'known_hosts')), ...cold] })
  const channel = await openChannel(connection, { readOnly: false, stateDir })
  const items = [
    { id: 1, owes: [], script: sh`echo "$ROTA_TMP" >${`${mark}.tmp`}; sleep 2; : >${`${mark}.first`}` },
    { id: 2, owes: [], script: sh`: >${`${mark}.second`}` },
  ]
  const result = channel.apply({ run: 'r', items }, event => {
    if (event.kind === 'started') killOurSsh()
  })
  await result.then(
    () => assert.unreachable(),
    error => {
      assert.is(error.reason.obstacle, 'lost')
      assert.match(error.message, /0 of 2 changes had been made, item 1 was running/)
    },
  )
  await channel.close()
  // The lock is held until the change is finished, then it is free.
  const held = await openChannel(over('root'), { readOnly: false, stateDir }).catch((error: unknown) => error)
  assert.ok(isFailure(held, 'unreachable'))
  await sleep(2500)
  await using(over('root'), async after => {
    const { stdout } = await after.run({
      script: sh`ls -d ${mark}.*; ls -d "$(cat ${`${mark}.tmp`})" 2>&1; rm -f ${mark}.*`,
    })
    assert.match(stdout, /\.first/)
    assert.not.match(stdout, /\.second/)
    assert.match(stdout, /No such file/)
  })
})

test('abort stops after the change that runs, also as another user', async () => {
  for (const connection of [
    over('root'),
    over('operator', { method: 'sudo', user: 'root', password: operatorPassword }),
  ]) {
    const abort = new AbortController()
    const seen: string[] = []
    await using(
      connection,
      async channel => {
        const items = [1, 2, 3].map(id => ({ id, owes: [], script: raw(id === 1 ? 'sleep 2' : 'true') }))
        const result = await channel.apply({ run: 'r', items }, event => {
          seen.push(`${event.kind} ${event.id}`)
          if (event.kind === 'started') abort.abort()
        })
        assert.equal(result, {})
      },
      { signal: abort.signal },
    )
    assert.equal(seen, ['started 1', 'done 1', 'notRun 2', 'notRun 3'])
  }
})

test.run()
