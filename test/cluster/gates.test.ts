import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { type BatchGate, type BatchLook, openWeb, type Verdict } from '../../engine/index.ts'
import { kubectlGate } from '../../roles/lib/gates/kubectl.ts'
import { prometheusGate } from '../../roles/lib/gates/prometheus.ts'
import { unpackPackage } from '../../scripts/lab/apt.mjs'
import { kubeVersions } from '../../scripts/lab/index.mjs'
import { cacheDir } from '../../scripts/lab/paths.mjs'
import { inventory, host as made } from '../roles/support/inventory.ts'
import { localHosts } from '../roles/support/local-hosts.ts'
import { freePort, startApiServer } from './api-server.ts'

// Gates between batches, asked of a real API server and of a real Prometheus.

const root = '/root-of-the-host'
const [version = ''] = kubeVersions()
const server = await startApiServer(version)
const prometheus = await startPrometheus()
const web = await openWeb()
const hosts = inventory([
  made('m1', '127.0.0.1', ['kube_control_plane', 'k8s_cluster'], {
    bin_dir: `${root}/bin`,
    kube_config_dir: root,
    kube_apiserver_port: server.port,
  }),
])
const here = localHosts(root)
for (const folder of ['bin', 'run']) mkdirSync(join(here.dirOf('m1'), folder))
writeFileSync(join(here.dirOf('m1'), 'bin/kubectl'), `#!/bin/sh\nexec ${server.programs}/kubectl "$@"\n`, {
  mode: 0o755,
})
copyFileSync(server.kubeconfig, join(here.dirOf('m1'), 'admin.conf'))

async function look(gate: BatchGate): Promise<Verdict> {
  equal(gate.wrong, [])
  const context = {
    hosts: [...hosts.hosts],
    inventory: hosts,
    on: here.on,
    web: async () => web,
    signal: new AbortController().signal,
  }
  return gate.look(context as unknown as BatchLook)
}
/** What was seen where it does not hold. */
const saw = async (gate: BatchGate): Promise<string> => {
  const verdict = await look(gate)
  return verdict.ok ? '' : verdict.saw
}

/** Debian's, which is kept; it is asked about itself. */
async function startPrometheus() {
  const kept = join(cacheDir(), 'prometheus')
  if (!existsSync(kept)) {
    const dir = `${kept}.${process.pid}`
    mkdirSync(dir, { recursive: true })
    await unpackPackage('prometheus', './usr/bin/prometheus', dir, { strip: 3 })
    renameSync(dir, kept)
  }
  const dir = mkdtempSync(join(tmpdir(), 'rota-prometheus-'))
  const url = `http://127.0.0.1:${await freePort()}`
  const scrape = {
    job_name: 'itself',
    scrape_interval: '1s',
    static_configs: [{ targets: [url.slice(7), '127.0.0.1:9'] }],
  }
  writeFileSync(join(dir, 'config.yml'), JSON.stringify({ scrape_configs: [scrape] }))
  const child: ChildProcess = spawn(
    join(kept, 'prometheus'),
    [`--config.file=${dir}/config.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=${url.slice(7)}`],
    { stdio: 'ignore' },
  )
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const end = () => {
    kill()
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  for (let left = 120; ; left -= 1) {
    // It says 503 while it starts.
    const answer: unknown = await fetch(`${url}/api/v1/query?query=up`)
      .then(got => got.json())
      .catch(() => undefined)
    if ((answer as { data?: { result: unknown[] } } | undefined)?.data?.result.length === 2) return { url, end }
    if (left === 0) throw new Error('Prometheus has not come up')
    await sleep(500)
  }
}

test('objects of a cluster: what kubectl prints is judged as it is, by name, by label, in one namespace and in all', async () => {
  const config = (name: string, namespace: string, ready: string) => ({
    ...{
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: { tier: 'shop' } },
      data: { ready },
    },
  })
  const items = [
    config('cart', 'default', 'yes'),
    config('till', 'default', 'no'),
    config('cart', 'kube-system', 'yes'),
  ]
  await execa(join(server.programs, 'kubectl'), ['--kubeconfig', server.kubeconfig, 'create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
  const all = { resource: 'configmaps', selector: 'tier=shop', path: '{.data.ready}', value: 'yes' }
  equal(await saw(kubectlGate({ ...all, namespace: 'kube-system' })), '')
  equal(await saw(kubectlGate({ ...all, namespace: 'default' })), '1 of 2; default/till: no')
  equal(await saw(kubectlGate({ ...all, allNamespaces: true, atLeast: 2 })), '')
  match(await saw(kubectlGate({ ...all, allNamespaces: true, value: 'no', atMost: 0 })), /^1 of 3; default\/till: no$/)
  equal(await saw(kubectlGate({ resource: 'configmaps', object: 'cart', path: '.data.ready', value: 'yes' })), '')
  match(await saw(kubectlGate({ resource: 'configmaps', object: 'none' })), /^kubectl on m1: .*"none" not found$/)
  match(
    await saw(kubectlGate({ resource: 'shops.example.org' })),
    /^kubectl on m1: .*doesn't have a resource type "shops"$/,
  )
  equal(
    await saw(
      kubectlGate({ resource: 'pods', allNamespaces: true, value: 'Pending', path: '.status.phase', atMost: 0 }),
    ),
    '',
  )
})

test('a query of Prometheus: now and over a time, each series, one that it does not understand', async () => {
  const { url } = prometheus
  const up = `up{instance="${url.slice(7)}"}`
  equal(await saw(prometheusGate({ url, query: up, atLeast: 1 })), '')
  match(await saw(prometheusGate({ url, query: 'up', atLeast: 1 })), /^0 \(.*instance=127\.0\.0\.1:9/)
  equal(await saw(prometheusGate({ url, query: 'sum(up) # of both', atLeast: 1, below: 2, over: 1 })), '')
  match(await saw(prometheusGate({ url, query: 'up', above: 0, over: 3 })), /^0 \(/)
  match(await saw(prometheusGate({ url, query: 'nobody_has_this', atMost: 1 })), /^no data/)
  match(await saw(prometheusGate({ url, query: 'sum(', atMost: 1 })), /parse error/)
  match(await saw(prometheusGate({ url: `${url}/elsewhere`, query: 'up', atMost: 1 })), /404/)
})

test.after(async () => {
  await web.close()
  prometheus.end()
  await server.end()
  here.end()
})
test.run()
