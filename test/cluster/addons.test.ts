import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import type { Params } from '../../roles/control-plane/daemons/daemons.ts'
import { addonNames } from '../../roles/control-plane/kubeadm/addons.ts'
import { upgradeMaster } from '../../roles/control-plane/kubeadm/upgrade.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { kubeVersions } from '../../scripts/lab/index.mjs'
import { objects } from '../../scripts/lab/kubespray/objects.mjs'
import { inventory, host as masterOf } from '../roles/support/inventory.ts'
import { localHosts } from '../roles/support/local-hosts.ts'
import { paramsOf } from '../roles/support/role.ts'
import { startApiServer } from './api-server.ts'

// kubeadm since 1.28 moves the add-ons in the last `upgrade node`. Here kubeadm's own phases of add-ons follow that
// call, on a real API server with the add-ons of a cluster that kubespray has made.

const root = '/root-of-the-host'
const [oldVersion = '', newVersion = ''] = kubeVersions()
const server = await startApiServer(oldVersion)
const { kubectl, kubeadm, programs } = server

const names = Object.values(addonNames).flat()
type Json = Record<string, unknown> & { readonly metadata: Record<string, unknown> }

/** Every add-on, without what the API server counts and writes itself. */
async function addons(): Promise<Readonly<Record<string, unknown>>> {
  const { items } = JSON.parse(
    await kubectl('-n', 'kube-system', 'get', '--ignore-not-found', '-o', 'json', ...names),
  ) as { readonly items: readonly Json[] }
  return Object.fromEntries(
    items.map(({ status: _, ...object }) => {
      const { resourceVersion: _r, generation: _g, managedFields: _m, uid: _u, ...metadata } = object.metadata
      return [`${object.kind}/${metadata.name}`, { ...object, metadata: withoutCounters(metadata) }]
    }),
  )
}

const counters = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation']

function withoutCounters({ annotations, creationTimestamp: _, ...metadata }: Record<string, unknown>) {
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !counters.includes(name))
  return { ...metadata, annotations: Object.fromEntries(kept) }
}

async function apply(object: object, how = 'apply') {
  await execa(join(programs, 'kubectl'), [...asAdmin, how, '-f', '-'], {
    input: JSON.stringify(object),
  })
}

const asAdmin = ['--kubeconfig', server.kubeconfig]
await kubeadm('upload-config', 'kubeadm', ...asAdmin)
await kubeadm('addon', 'kube-proxy', ...asAdmin)
for (const object of Object.values(objects)) await apply(object)
// What kubespray and an administrator have set: where it leads, how it works, and what it may use.
const map = JSON.parse(await kubectl('-n', 'kube-system', 'get', 'configmap', 'kube-proxy', '-o', 'json'))
map.data['kubeconfig.conf'] = map.data['kubeconfig.conf'].replace(/server: .*/, 'server: https://127.0.0.1:6443')
map.data.mine = 'x'
await apply(map, 'replace')
const limits = { name: 'kube-proxy', resources: { limits: { memory: '1Gi' } } }
await kubectl(
  ...['-n', 'kube-system', 'patch', 'daemonset', 'kube-proxy', '-p'],
  JSON.stringify({
    metadata: { annotations: { mine: 'x' } },
    spec: { template: { spec: { containers: [limits], nodeSelector: { mine: 'x' } } } },
  }),
)
const before = await addons()

const cluster = inventory([
  masterOf('m1', '127.0.0.1', ['kube_control_plane', 'k8s_cluster', 'all'], {
    bin_dir: `${root}/bin`,
    kube_config_dir: root,
  }),
])

/** Of the other masters nothing is left to do: this is the last. Its static pods are nobody's matter here. */
const lastOfAll = `#!/bin/sh
set -e
sed s/${oldVersion}/${newVersion}/ ${server.dir}/kubeadm.yaml >"$HOST_DIR/kubeadm.yaml"
case "$*" in
  'upgrade node '*) ${programs}/kubeadm init phase addon all --kubeconfig ${server.kubeconfig} --config "$HOST_DIR/kubeadm.yaml" ;;
  *) exit 64 ;;
esac
`

async function upgradeWith(kubectlProgram: string): Promise<string> {
  const hosts = localHosts(root)
  try {
    const dir = hosts.dirOf('m1')
    for (const folder of ['bin', 'run']) mkdirSync(join(dir, folder))
    writeFileSync(join(dir, 'bin/kubeadm'), lastOfAll, { mode: 0o755 })
    writeFileSync(join(dir, 'bin/kubectl'), `#!/bin/sh\nexec ${kubectlProgram} "$@"\n`, { mode: 0o755 })
    copyFileSync(server.kubeconfig, join(dir, 'admin.conf'))
    chmodSync(join(dir, 'admin.conf'), 0o600)
    const params: Params = paramsOf(
      controlPlane({
        ...{ method: 'kubeadm', etcdDeployment: 'external', kubeVersion: newVersion, apiserverPort: server.port },
        ...{ kubeConfigDir: root, manifestDir: `${root}/manifests`, binDir: `${root}/bin` },
      }),
    )
    const context = {
      ...{ $: hosts.on('m1'), on: hosts.on, host: cluster.host('m1'), inventory: cluster },
      ...{ say: () => {}, ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
    }
    return (await upgradeMaster(params).run(context))?.summary ?? ''
  } finally {
    hosts.end()
  }
}

// Another master has done the apply.
await kubectl(...['-n', 'kube-system', 'get', 'configmap', 'kubeadm-config', '-o', 'json']).then(text =>
  apply(JSON.parse(text.replace(`kubernetesVersion: ${oldVersion}`, `kubernetesVersion: ${newVersion}`)), 'replace'),
)

const image = `k8s.gcr.io/kube-proxy:${newVersion}`
const expected = JSON.parse(
  JSON.stringify(before).replaceAll(`k8s.gcr.io/kube-proxy:${oldVersion}`, image),
) as typeof before

for (const [name, program] of [
  [newVersion, join(programs.replace(oldVersion, newVersion), 'kubectl')],
  ['of this machine', 'kubectl'],
] as const)
  test(`add-ons after the last \`upgrade node\`, with kubectl ${name}: kube-proxy has the new version, and all else is as it was, byte for byte`, async () => {
    if (program === 'kubectl' && (await execa('kubectl', ['version', '--client'], { reject: false })).exitCode !== 0)
      return
    const summary = await upgradeWith(program)
    match(summary, 'Deployment coredns is as it was')
    match(summary, 'DaemonSet kube-proxy')
    const after = await addons()
    equal(Object.keys(after).sort(), Object.keys(before).sort())
    for (const [object, value] of Object.entries(expected)) equal(withoutRestart(after[object]), value, object)
    is(await kubectl('-n', 'kube-system', 'get', 'service', 'kube-dns', '--ignore-not-found'), '')
  })

/** kube-proxy reads its ConfigMap when it starts: kubectl writes down that it was restarted. */
const withoutRestart = (object: unknown): unknown =>
  JSON.parse(JSON.stringify(object).replace(/"annotations":\{"kubectl\.kubernetes\.io\/restartedAt":"[^"]*"\},/, ''))

test.after(() => server.end())
test.run()
