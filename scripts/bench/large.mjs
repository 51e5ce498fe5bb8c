// @ts-check
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { controlGroup } from './cgroup.mjs'
import { measured, median } from './measure.mjs'
import { benchLab, setUp } from './setup.mjs'

const zx = fileURLToPath(new URL('../../node_modules/zx/build/cli.js', import.meta.url))
const playbook = fileURLToPath(new URL('large-site.mjs', import.meta.url))
const remote = '/opt/bench-large'

/**
 * One large file to many hosts by Rota, and by scp to all of them at once. Then the same where it is there already.
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
  const scp = setup.targets.map(
    ({ address }) =>
      `scp -q -F none -i ${setup.key} -o UserKnownHostsFile=${setup.knownHosts} -o ControlPath=none ${source} root@${address}:${remote} & pids="$pids $!"`,
  )
  await writeFile(
    join(base, 'scp.sh'),
    `${scp.join('\n')}\nfor p in $pids; do wait $p || code=$?; done; exit \${code:-0}\n`,
  )
  const commands = {
    scp: { words: ['sh', join(base, 'scp.sh')] },
    rota: { words: ['node', zx, playbook, '-i', setup.inventory, '-f', String(hosts)], env },
  }
  /** @type {{ what: string, wall: number[], cpu: number[], memory: number[] }[]} */
  const rows = [row('scp'), row('rota'), row('rota, nothing to change')]
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const [index, found] of rows.entries()) {
        if (index < 2)
          await Promise.all(
            lab.hosts
              .slice(0, hosts)
              .map(({ container }) =>
                execa('docker', ['exec', container, 'rm', '-rf', remote, '/var/lib/rota/backup']),
              ),
          )
        const figures = await measured(index === 0 ? commands.scp : commands.rota, group)
        await group?.empty()
        say(`${found.what}: ${figures.wall.toFixed(1)} s`)
        found.wall.push(figures.wall)
        if (figures.cpu !== undefined) found.cpu.push(figures.cpu)
        if (index > 0) found.memory.push(Number(await readFile(memory, 'utf8')))
      }
    }
  } finally {
    await group?.empty()
    group?.remove()
    await rm(base, { recursive: true, force: true })
  }
  return rows.map(({ what, wall, cpu, memory: peaks }) => ({
    what,
    wall: median(wall),
    rate: (megabytes * hosts) / median(wall),
    cpu: cpu.length > 0 ? median(cpu) : undefined,
    memory: peaks.length > 0 ? Math.max(...peaks) : undefined,
  }))
}

/** @param {string} what */
const row = what => ({
  what,
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
