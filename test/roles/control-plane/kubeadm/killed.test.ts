import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { upgradeMaster } from '../../../../roles/control-plane/kubeadm/upgrade.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { inventory, host as masterOf } from '../../support/inventory.ts'
import { localHosts } from '../../support/local-hosts.ts'
import { paramsOf } from '../../support/role.ts'

// Programs that stand in for kubeadm and kubectl: what counts here is what is written down when one of them is killed.

const root = '/root-of-the-host'
const cluster = inventory(
  ['m1', 'm2', 'm3'].map((name, index) =>
    masterOf(name, `10.0.0.${index + 1}`, ['kube_control_plane', 'k8s_cluster', 'all'], {
      bin_dir: `${root}/bin`,
      kube_config_dir: root,
    }),
  ),
)

/** As kubeadm does, it uploads the version first and looks after the add-ons last. */
const kubeadm = `#!/bin/sh
cd "$HOST_DIR"
echo "$1 $2" >>calls
[ "$2" != apply ] || echo v1.20.3 >version
if [ -s kills ]; then
  sed -i 1d kills
  kill -9 $$
fi
[ "$2" != apply ] || : >binding
sed -i s/kubespray/kubeadm/ addons.json
`
const kubectl = `#!/bin/sh
cd "$HOST_DIR"
case "$*" in
  *'get --raw'*) echo ok ;;
  *kubeadm-config*) echo "kubernetesVersion: $(cat version)" ;;
  *daemonset/kube-proxy*) cat addons.json ;;
  *'-n kube-public delete rolebinding kubeadm:bootstrap-signer-clusterinfo --ignore-not-found -o name')
    if [ -e cut ]; then
      rm cut
      exit 1
    fi
    [ ! -e binding ] || echo rolebinding.rbac.authorization.k8s.io/kubeadm:bootstrap-signer-clusterinfo
    rm -f binding
    ;;
  *'replace --raw /apis/apps/v1/namespaces/kube-system/deployments/coredns -f -'*)
    sed 's/"resourceVersion":"1"/"resourceVersion":"2"/' | tee replaced ;;
esac
`
const dns = (label: string) =>
  JSON.stringify({
    items: [
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
        metadata: {
          ...{ name: 'coredns', namespace: 'kube-system', resourceVersion: '1' },
          labels: { 'k8s-app': 'kube-dns', by: label },
        },
      },
    ],
  })

function host(kills: number, more: Partial<Params> = {}) {
  const hosts = localHosts(root)
  for (const name of ['m1', 'm2', 'm3']) {
    const dir = hosts.dirOf(name)
    for (const folder of ['bin', 'run']) mkdirSync(join(dir, folder))
    writeFileSync(join(dir, 'bin/kubeadm'), kubeadm, { mode: 0o755 })
    writeFileSync(join(dir, 'bin/kubectl'), kubectl, { mode: 0o755 })
    writeFileSync(join(dir, 'version'), 'v1.20.2\n')
    writeFileSync(join(dir, 'addons.json'), dns('kubespray'))
  }
  const dir = hosts.dirOf('m1')
  writeFileSync(join(dir, 'kills'), 'x\n'.repeat(kills))
  const params: Params = paramsOf(
    controlPlane({
      ...{ method: 'kubeadm', etcdDeployment: 'external', kubeVersion: 'v1.20.3' },
      ...{ kubeConfigDir: root, manifestDir: `${root}/manifests`, binDir: `${root}/bin` },
      ...more,
    }),
  )
  const context = {
    ...{ $: hosts.on('m1'), on: hosts.on, host: cluster.host('m1'), inventory: cluster },
    ...{ say: () => {}, ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
  }
  const run = () =>
    upgradeMaster(params)
      .run(context)
      .then(
        value => value?.summary ?? '',
        (error: Error) => error.message,
      )
  // m1 is asked last for the version of the cluster: all of them have the same one.
  const share = () => {
    for (const name of ['m2', 'm3'])
      writeFileSync(join(hosts.dirOf(name), 'version'), readFileSync(join(dir, 'version'), 'utf8'))
  }
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n')
  const there = (name: string) => existsSync(join(dir, name))
  const write = (name: string) => writeFileSync(join(dir, name), '')
  return {
    run,
    share,
    calls,
    there,
    write,
    read: (name: string) => readFileSync(join(dir, name), 'utf8'),
    end: hosts.end,
  }
}

test('an apply that is killed is done again by the next run, and what it has moved is put back as it was before the first', async () => {
  const { run, share, calls, there, read, end } = host(3)
  assert.match(await run(), 'kubeadm upgrade failed')
  assert.is(read('.rota-kubeadm-upgrade'), 'apply\n')
  assert.match(read('.rota-addons-before'), 'kubespray')
  assert.is(read('version'), 'v1.20.3\n')
  share()
  assert.match(await run(), 'Deployment coredns is as it was')
  assert.equal(calls().at(-1), 'upgrade apply')
  assert.match(read('replaced'), 'kubespray')
  assert.not(there('.rota-kubeadm-upgrade') || there('.rota-addons-before'))
  end()
})
test('a turn is given back, also when kubeadm was killed', async () => {
  const { run, there, end } = host(3)
  await run()
  assert.not(there('run/rota-kubeadm'))
  end()
})

test('who may read cluster-info without credentials is as it was, where nobody says otherwise', async () => {
  const { run, there, end } = host(0)
  assert.not.match(await run(), 'cluster-info')
  assert.ok(there('binding'))
  end()
})
test('nobody reads cluster-info without credentials after an upgrade, where it shall be so', async () => {
  const { run, there, end } = host(0, { removeAnonymousAccess: true })
  assert.match(await run(), 'cluster-info is not read without credentials')
  assert.not(there('binding') || there('.rota-kubeadm-upgrade'))
  end()
})
test('a run that is cut short right after kubeadm leaves it to the next one', async () => {
  const { run, share, there, write, end } = host(0, { removeAnonymousAccess: true })
  write('cut')
  await run()
  assert.ok(there('binding') && there('.rota-kubeadm-upgrade'))
  share()
  assert.match(await run(), 'cluster-info is not read without credentials')
  assert.not(there('binding') || there('.rota-kubeadm-upgrade'))
  end()
})

test.run()
