// @ts-check
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { median } from './measure.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a command line costs before any host is asked, by name. */
const modes = {
  '--list-hosts': ['--list-hosts'],
  '--list-tasks': ['--list-tasks'],
  // Nothing is selected, so that no host is connected to: all that a run plans before its first connection.
  'to the first connection': ['--check', '--tags', 'never'],
}

/**
 * Seconds of CPU, of all processes, that `npx zx playbooks/upgrade.mjs` takes to plan for so many nodes and three
 * masters.
 * @param {{ nodes: readonly number[], runs: number }} wanted
 */
export async function nodesBench({ nodes, runs }) {
  const base = await mkdtemp(join(tmpdir(), 'rota-bench-'))
  await mkdir(join(base, 'v1.20.2'))
  for (const program of ['kubectl', 'kubeadm', 'kubelet']) await writeFile(join(base, 'v1.20.2', program), '')
  const rows = []
  try {
    for (const count of nodes) await writeFile(join(base, `${count}.ini`), inventory(count))
    for (const [mode, flags] of Object.entries(modes)) {
      for (const count of nodes) {
        const words = ['playbooks/upgrade.mjs', '-i', join(base, `${count}.ini`), ...flags]
        const settings = ['kube_version=v1.20.2', `kube_bin_cache=${base}`, 'kube_vip_address=192.0.2.10'].flatMap(
          setting => ['-e', setting],
        )
        const seconds = []
        for (let run = 0; run < runs; run += 1)
          seconds.push(await cpuOf(['npx', 'zx', ...words, ...settings], { XDG_STATE_HOME: base }))
        rows.push({ mode, nodes: count, cpu: median(seconds) })
      }
    }
  } finally {
    await rm(base, { recursive: true, force: true })
  }
  return rows
}

/**
 * Of a command and whatever it starts, as the shell counts it.
 * @param {readonly string[]} words
 * @param {Record<string, string>} env
 */
async function cpuOf(words, env) {
  const text = 'log=$("$@" 2>&1) || { echo "$log" >&2; exit 1; }; times'
  const { stdout } = await execa('sh', ['-c', text, 'bench', ...words], { cwd: root, env, stdin: 'ignore' })
  const [, children = ''] = stdout.split('\n')
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0)
}

/** As inventory/sample. @param {number} count */
function inventory(count) {
  const host = (/** @type {string} */ name, /** @type {string} */ address) =>
    `${name} ansible_host=${address} ip=${address}`
  const masters = [1, 2, 3].map(index => host(`master-${index}`, `10.0.0.${index}`))
  const nodes = Array.from({ length: count }, (_, index) => `node-${index}`)
  return [
    ...masters,
    ...nodes.map((name, index) => host(name, `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`)),
    ...['[kube_control_plane]', 'master-1', 'master-2', 'master-3', '[etcd:children]', 'kube_control_plane'],
    ...['[kube_node]', ...nodes, '[k8s_cluster:children]', 'kube_control_plane', 'kube_node', ''],
  ].join('\n')
}
