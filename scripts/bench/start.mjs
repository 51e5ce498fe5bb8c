// @ts-check
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { median } from './measure.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const zx = join(root, 'node_modules/zx/build/cli.js')

/**
 * Seconds from the start of a command to the first ssh, and what Node and zx alone take of it. The hosts are not there:
 * ssh only says when it was started.
 * @param {{ runs: number }} wanted
 */
export async function start({ runs }) {
  const base = await mkdtemp(join(tmpdir(), 'rb-'))
  const [ssh, log, inventory] = ['ssh', 'log', 'hosts.ini'].map(name => join(base, name))
  await writeFile(String(ssh), `#!/bin/sh\ndate +%s%N >>'${log}'\nexit 255\n`)
  await chmod(String(ssh), 0o755)
  await writeFile(
    String(inventory),
    '[kube_control_plane]\nm1 ip=192.0.2.1\nm2 ip=192.0.2.2\nm3 ip=192.0.2.3\n[etcd:children]\nkube_control_plane\n' +
      '[kube_node]\nn1 ip=192.0.2.4\nn2 ip=192.0.2.5\n' +
      '[k8s_cluster:children]\nkube_control_plane\nkube_node\n',
  )
  await mkdir(join(base, 'v1.20.2'))
  for (const program of [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubectl',
    'kubeadm',
    'kubelet',
  ])
    await writeFile(join(base, 'v1.20.2', program), '')
  const env = { ROTA_SSH_EXECUTABLE: String(ssh), XDG_STATE_HOME: base }
  const [plain, typed] = ['plain.mjs', 'typed.mjs'].map(name => join(base, name))
  const engine = `import ${JSON.stringify(join(root, 'engine/entry.mjs'))}\n`
  await writeFile(String(plain), engine)
  await writeFile(String(typed), `${engine}await import('./role.ts')\n`)
  await writeFile(join(base, 'role.ts'), 'export const mode: string = "0644"\n')
  const playbook = join(root, 'playbooks/upgrade.mjs')
  const flags = [
    '-i',
    String(inventory),
    '-e',
    'kube_vip_address=127.9.9.9',
    '-e',
    'kube_version=v1.20.2',
    '-e',
    `kube_bin_cache=${base}`,
  ]
  const commands = [
    { what: 'node alone', words: ['-e', '0'] },
    { what: 'zx alone', words: [zx, '/dev/null'] },
    { what: 'node playbooks/upgrade.mjs, to the first ssh', words: [playbook, ...flags] },
    { what: 'zx playbooks/upgrade.mjs, to the first ssh', words: [zx, playbook, ...flags] },
    // What engine/load earns: without the build, and without tsx where nothing is TypeScript.
    { what: 'the same, sources as they are', words: [zx, playbook, ...flags], env: { ROTA_SOURCES: '1' } },
    { what: 'rota run, to the first ssh', words: [join(root, 'engine/bin.mjs'), 'run', playbook, ...flags] },
    { what: 'node, engine imported', words: [String(plain)] },
    { what: 'node, and a file in TypeScript', words: [String(typed)] },
  ]
  const rows = commands.map(command => ({ ...command, times: /** @type {number[]} */ ([]) }))
  try {
    for (let run = -1; run < runs; run += 1) {
      for (const { words, times, env: more } of rows) {
        await writeFile(String(log), '')
        const started = performance.timeOrigin + performance.now()
        const { all, exitCode } = await execa('node', words, {
          env: { ...env, ...more },
          cwd: root,
          reject: false,
          all: true,
        })
        const ended = performance.timeOrigin + performance.now()
        const stamps = (await readFile(String(log), 'utf8')).split('\n').filter(Boolean)
        const first = stamps.length > 0 ? Math.min(...stamps.map(Number)) / 1e6 : ended
        if (words.includes(playbook) && stamps.length === 0)
          throw new Error(`no ssh was started (exit code ${exitCode}): ${all}`)
        // The first round makes what later ones find: caches, the cluster's certificates.
        if (run >= 0) times.push((first - started) / 1000)
      }
    }
  } finally {
    await rm(base, { recursive: true, force: true })
  }
  return rows.map(({ what, times }) => ({ what, seconds: median(times), best: Math.min(...times) }))
}
