import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { ensureCommands } from '../../scripts/lab/apt.mjs'
import { runPlaybook, totals } from './lab.ts'

// Ways of OpenSSH that the lab's hosts don't have: an IPv6 address, a jump host, many hosts whose keys nobody knows
// yet. Two daemons on this machine.
await ensureCommands({ '/usr/sbin/sshd': 'openssh-server', ssh: 'openssh-client' })
const dir = mkdtempSync(join(tmpdir(), 'rota-ssh-'))
const path = (name: string) => join(dir, name)
const daemons: { readonly kill: () => boolean }[] = []

const freePort = () =>
  new Promise<number>(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

const hasIpv6 = Object.values(networkInterfaces()).some(found => found?.some(({ address }) => address === '::1'))

async function startDaemon(name: string, port: number): Promise<void> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)])
  const config = `ListenAddress 127.0.0.1:${port}
${hasIpv6 ? `ListenAddress [::1]:${port}` : ''}
HostKey ${path(name)}
AuthorizedKeysFile ${path('key.pub')}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
MaxStartups 50
LogLevel VERBOSE
`
  writeFileSync(path(`${name}.conf`), config)
  daemons.push(
    execa('/usr/sbin/sshd', ['-D', '-f', path(`${name}.conf`), '-E', path(`${name}.log`)], { reject: false }),
  )
}

const [target, jump] = [await freePort(), await freePort()]
test.before(async () => {
  mkdirSync('/run/sshd', { recursive: true })
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path('key')])
  await Promise.all([startDaemon('target', target), startDaemon('jump', jump)])
  const key = (name: string, port: number, host: string) =>
    `[${host}]:${port} ${readFileSync(path(`${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')}\n`
  const known = ['127.0.0.1', '::1'].flatMap(host => [key('target', target, host), key('jump', jump, host)])
  writeFileSync(path('known'), known.join(''))
  const config = `Host *\n  IdentityFile ${path('key')}\n  UserKnownHostsFile ${path('known')}\n  User root\n`
  writeFileSync(path('config'), config)
})
test.after(() => {
  for (const daemon of daemons) daemon.kill()
  rmSync(dir, { recursive: true })
})

async function run(hosts: readonly string[], ...args: readonly string[]) {
  writeFileSync(path('hosts.ini'), `[kube_control_plane]\n${hosts.join('\n')}\n`)
  const vars = JSON.stringify({ files_count: 1, files_dir: path('made') })
  const result = await runPlaybook('test/lab/playbooks/files.mjs', ['--check', '--serial', '0', '-e', vars, ...args], {
    inventory: path('hosts.ini'),
  })
  return { ...result, outcomes: [...totals(result).values()].map(({ outcome }) => outcome) }
}

const config = `ansible_ssh_common_args="-F ${path('config')}"`

const ofIpv6 = hasIpv6 ? test : test.skip
ofIpv6('an IPv6 address with a port', async () => {
  const { exitCode, outcomes, stderr } = await run([`h ansible_host=::1 ansible_port=${target} ${config}`])
  equal([exitCode, outcomes], [0, ['changed']], stderr)
})

test('through a jump host, which sees the connection', async () => {
  const before = readFileSync(path('jump.log'), 'utf8').length
  const through = `ansible_ssh_extra_args="-o ProxyJump=127.0.0.1:${jump}"`
  const host = `h ansible_host=127.0.0.1 ansible_port=${target} ${config} ${through}`
  const { exitCode, outcomes, stderr } = await run([host])
  equal([exitCode, outcomes], [0, ['changed']], stderr)
  match(readFileSync(path('jump.log'), 'utf8').slice(before), /Accepted publickey for root/)
})

test('many hosts with keys that nobody knows: refused at once without a question, and accepted together where that is wanted', async () => {
  writeFileSync(path('nobody'), '')
  // They are one daemon: none may come in over another's warm connection.
  const words = `-F ${path('config')} -o ControlPath=none -o UserKnownHostsFile=${path('nobody')} -o HashKnownHosts=no`
  const hosts = (more: string) =>
    Array.from(
      { length: 12 },
      (_, index) =>
        `h${index} ansible_host=127.0.0.1 ansible_port=${target} ansible_ssh_common_args="${words} -o HostKeyAlias=h${index} ${more}"`,
    )
  const refused = await run(hosts(''))
  equal([refused.exitCode, [...new Set(refused.outcomes)]], [4, ['unreachable']], refused.stdout.slice(-1500))
  match(refused.stdout, /host key/i)
  const accepted = await run(hosts('-o StrictHostKeyChecking=accept-new'))
  equal([accepted.exitCode, [...new Set(accepted.outcomes)]], [0, ['changed']])
  const lines = readFileSync(path('nobody'), 'utf8').trim().split('\n').sort()
  equal(lines.length, 12)
  for (const line of lines) match(line, /^h\d+ ssh-ed25519 [\w+/=]+$/)
})

test.run()
