// @ts-check
/** @import { Command } from './types.ts' */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { controlGroup } from './cgroup.mjs'
import { sshStarts } from './count.mjs'
import { measured, median } from './measure.mjs'
import { benchLab, setUp } from './setup.mjs'

const zx = fileURLToPath(new URL('../../node_modules/zx/build/cli.js', import.meta.url))
const playbook = fileURLToPath(new URL('large-site.mjs', import.meta.url))
const remote = '/opt/bench-large'
const unchanged = 'rota, nothing to change'

/**
 * One large file to many hosts, to all of them at once and with a login to each: by scp; by an ssh that also does on
 * the host what Rota promises (the file is on the disk before it takes its name, and its sum is known); by Rota, to
 * which it is new; and by Rota, where it is already.
 * @param {{ hosts: number, megabytes: number, runs: number }} wanted
 * @param {(text: string) => void} say
 */
export async function large({ hosts, megabytes, runs }, say) {
  const lab = await benchLab(hosts)
  const base = await mkdtemp(join(tmpdir(), 'rb-'))
  const group = controlGroup(`rota-bench-${process.pid}`)
  const setup = await setUp(lab, base, hosts)
  const source = join(base, 'large')
  await fill(source, megabytes)
  const memory = join(base, 'memory')
  const env = {
    BENCH_SOURCE: source,
    BENCH_TARGET: remote,
    BENCH_MEMORY: memory,
    XDG_RUNTIME_DIR: setup.dir,
    XDG_STATE_HOME: join(base, 'state'),
  }
  const options = `-q -F none -i ${setup.key} -o UserKnownHostsFile=${setup.knownHosts} -o ControlPath=none`
  const rota = { words: ['node', zx, playbook, '-i', setup.inventory, '-f', String(hosts)], env }
  /**
   * A script that does something for every host at once.
   * @param {string} name
   * @param {(address: string) => string} command
   */
  const atOnce = async (name, command) => {
    const script = join(base, `${name}.sh`)
    const each = setup.targets.map(({ address }) => `${command(address)} & pids="$pids $!"\n`)
    await writeFile(script, `${each.join('')}for p in $pids; do wait $p || code=$?; done; exit \${code:-0}\n`)
    return { words: ['sh', script] }
  }
  const rows = [
    row('scp', await atOnce('scp', address => `scp ${options} ${source} root@${address}:${remote}`)),
    row(
      'ssh, with sync and sha256sum',
      await atOnce('ssh', address => `ssh ${options} root@${address} '${byHand}' <${source}`),
    ),
    row('rota', rota),
    row(unchanged, rota),
  ]

  try {
    /** @type {number[]} */
    const starts = []
    // The first one compiles what the measured ones find compiled.
    for (let run = 0; run < 4; run += 1) {
      const { first } = await sshStarts(rota, setup.dir, group)
      if (run > 0) starts.push(first ?? 0)
      await group?.empty()
    }
    for (let run = 0; run < runs; run += 1) {
      for (const found of rows) {
        if (found.what !== unchanged) await removeFrom(lab.hosts.slice(0, hosts))
        const figures = await measured(found.command, group)
        await group?.empty()
        say(`${found.what}: ${figures.wall.toFixed(1)} s`)
        found.wall.push(figures.wall)
        if (figures.cpu !== undefined) found.cpu.push(figures.cpu)
        if (found.command === rota) found.memory.push(Number(await readFile(memory, 'utf8')))
      }
    }
    const scp = median(rows[0]?.wall ?? [])
    return rows.map(({ what, command, wall, cpu, memory: peaks }) => {
      const start = command === rota ? median(starts) : 0
      const sends = what !== unchanged
      return {
        what,
        wall: median(wall),
        start,
        rate: sends ? (megabytes * hosts) / median(wall) : undefined,
        ofScp: sends ? scp / (median(wall) - start) : undefined,
        cpu: cpu.length > 0 ? median(cpu) : undefined,
        memory: peaks.length > 0 ? Math.max(...peaks) : undefined,
      }
    })
  } finally {
    await group?.empty()
    group?.remove()
    await rm(base, { recursive: true, force: true })
  }
}

const byHand = `cat >${remote}.new && sync ${remote}.new && mv ${remote}.new ${remote} && sha256sum ${remote} >/dev/null`

/**
 * Neither the file is there then, nor anything that the disk still has to take.
 * @param {readonly { container: string }[]} hosts
 */
async function removeFrom(hosts) {
  await Promise.all(
    hosts.map(({ container }) => execa('docker', ['exec', container, 'rm', '-rf', remote, '/var/lib/rota/backup'])),
  )
  await execa('sync')
}

/** @param {string} what @param {Command} command */
const row = (what, command) => ({
  what,
  command,
  wall: /** @type {number[]} */ ([]),
  cpu: /** @type {number[]} */ ([]),
  memory: /** @type {number[]} */ ([]),
})

/** Nothing that could be compressed. @param {string} file @param {number} megabytes */
async function fill(file, megabytes) {
  const handle = await open(file, 'w')
  for (let count = 0; count < megabytes; count += 1) await handle.write(randomBytes(1_000_000))
  await handle.close()
}
