// @ts-check
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { ensureEngine } from '../lab/engine.mjs'
import { ensureImage } from '../lab/image.mjs'
import { controlGroup } from './cgroup.mjs'
import { measured, median } from './measure.mjs'
import { plainSsh } from './plain-ssh.mjs'

const port = 7733
const zx = fileURLToPath(new URL('../../node_modules/zx/build/cli.js', import.meta.url))
const playbook = fileURLToPath(new URL('many-site.mjs', import.meta.url))

/** @param {number} index */
const address = index => `127.0.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`

/**
 * Many hosts that are one: an sshd of its own answers on all of loopback. Ten facts of each by Rota, without a terminal
 * and with the live view on one, beside `ssh true` to each with as many at once. In check mode, because they share one
 * machine's lock.
 * @param {{ hosts: number, forks: readonly number[], runs: number }} wanted
 * @param {(text: string) => void} say
 */
export async function many({ hosts, forks, runs }, say) {
  await ensureEngine()
  const base = await mkdtemp(join(tmpdir(), 'rb-'))
  const names = Array.from({ length: hosts }, (_, index) => address(index))
  const { key, knownHosts, stop } = await startSshd(base)
  const group = controlGroup(`rota-bench-${process.pid}`)
  const inventory = join(base, 'hosts.ini')
  await writeFile(inventory, hostsIni(names, key, knownHosts))
  await writeFile(join(base, 'names'), `${names.join('\n')}\n`)
  const env = { XDG_RUNTIME_DIR: base, XDG_STATE_HOME: join(base, 'state'), BENCH_OWN: join(base, 'own') }
  const plain = [...plainSsh({ key, knownHosts, port }), '-T', '-l', 'root']
  const rows = []
  try {
    for (const at of forks) {
      const words = ['node', zx, playbook, '-i', inventory, '--check', '-f', String(at)]
      const found = { 'ssh true': none(), rota: none(), 'rota, live view': none() }
      const commands = {
        'ssh true': {
          words: ['xargs', '-a', join(base, 'names'), '-P', String(at), '-I', '{}', ...plain, '{}', 'true'],
        },
        rota: { words, env },
        'rota, live view': { words: ['script', '-qec', words.join(' '), '/dev/null'], env: { ...env, TERM: 'xterm' } },
      }
      for (let run = 0; run < runs; run += 1) {
        for (const name of /** @type {const} */ (['ssh true', 'rota', 'rota, live view'])) {
          const { wall, cpu, memory } = await measured(commands[name], group)
          await group?.empty()
          say(`${hosts} hosts, ${at} at once, ${name}: ${wall.toFixed(1)} s`)
          found[name].wall.push(wall)
          if (cpu !== undefined) found[name].cpu.push(cpu)
          if (name === 'ssh true') found[name].memory.push(memory ?? 0)
          else {
            const own = JSON.parse(await readFile(env.BENCH_OWN, 'utf8'))
            found[name].memory.push(own.memory)
            found[name].pause.push(own.pause)
            found[name].pause99.push(own.pause99)
          }
        }
      }
      for (const [tool, { wall, cpu, memory, pause, pause99 }] of Object.entries(found)) {
        rows.push({
          hosts,
          forks: at,
          tool,
          wall: median(wall),
          cpu: cpu.length > 0 ? median(cpu) : undefined,
          memory: Math.max(...memory),
          pause: pause.length > 0 ? Math.max(...pause) : undefined,
          pause99: pause99.length > 0 ? median(pause99) : undefined,
        })
      }
    }
  } finally {
    await group?.empty()
    group?.remove()
    await stop()
    await rm(base, { recursive: true, force: true })
  }
  return rows
}

/**
 * Milliseconds of `pause`: how long the event loop stood still; bytes of `memory`: of Rota the controller's own
 * process, its ssh apart.
 */
const none = () => {
  /** @type {() => number[]} */
  const empty = () => []
  return { wall: empty(), cpu: empty(), memory: empty(), pause: empty(), pause99: empty() }
}

/** @param {readonly string[]} names @param {string} key @param {string} knownHosts */
const hostsIni = (names, key, knownHosts) =>
  [
    '[all]',
    ...names.map((name, index) => `host-${index + 1} ansible_host=${name}`),
    '[all:vars]',
    `ansible_port=${port}`,
    'ansible_user=root',
    `ansible_ssh_private_key_file=${key}`,
    `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts}'`,
    '',
  ].join('\n')

/** It lets in nobody but root from loopback with a key made for this. @param {string} dir */
async function startSshd(dir) {
  await chmod(dir, 0o700)
  const [hostKey, key, authorized, config, knownHosts] = [
    'host',
    'user',
    'authorized_keys',
    'sshd_config',
    'known_hosts',
  ].map(name => join(dir, name))
  for (const file of [hostKey, key]) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', String(file)])
  await execa('cp', [`${key}.pub`, String(authorized)])
  const { stdout } = await execa('cat', [`${hostKey}.pub`])
  await writeFile(String(knownHosts), `[127.0.*]:${port} ${stdout.split(' ').slice(0, 2).join(' ')}\n`)
  const lines = [
    [
      `Port ${port}`,
      'ListenAddress 0.0.0.0',
      'AllowUsers root@127.0.0.0/8',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
    ],
    [
      'UsePAM no',
      'UseDNS no',
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'StrictModes no',
      'PrintMotd no',
    ],
    ['MaxStartups 1000:1:2000', 'MaxSessions 100', 'LogLevel ERROR', 'PidFile none', ''],
  ]
  await writeFile(String(config), lines.flat().join('\n'))
  // The lab's image has an sshd; with the machine's own network it answers on the machine's loopback.
  const name = `rota-bench-sshd-${process.pid}`
  const [image, program] = [await ensureImage(), 'mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e -f "$0"']
  const options = ['--rm', '--network', 'host', '--volume', `${dir}:${dir}:ro`, '--entrypoint', '/bin/sh']
  await execa('docker', ['run', '-d', '--name', name, ...options, image, '-c', program, String(config)])
  for (let tries = 0; tries < 200 && !(await answers()); tries += 1) await sleep(50)
  return {
    key: String(key),
    knownHosts: String(knownHosts),
    stop: () => execa('docker', ['rm', '-f', name]),
  }
}

const answers = () =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.1.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
