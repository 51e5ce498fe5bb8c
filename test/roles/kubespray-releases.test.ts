import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { loadInventory } from '../../engine/inventory/index.ts'
import { readVar, withDefaults } from '../../engine/values/index.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { knownDefaults } from '../../roles/lib/kubespray/releases.ts'

/** Values on a host of an inventory that names the release, and sets what else is said. */
async function values(
  release: string,
  names: readonly string[],
  ...set: readonly string[]
): Promise<readonly unknown[]> {
  const extraVars = [`kubespray_release=${release}`, ...set]
  const loaded = await loadInventory({ sources: ['m1,'], extraVars, ...kubesprayInventory })
  const { inventory } = withDefaults(loaded, kubesprayInventory.defaults, {})
  const [host] = inventory.hosts.values()
  return names.map(name => host && readVar(inventory, host, name))
}

// As the files of each release have them: nginx, haproxy, etcd's snapshots, where API servers listen.
const names = ['nginx_image_tag', 'haproxy_image_tag', 'etcd_snapshot_count', 'kube_apiserver_bind_address']
for (const [release, ...expected] of [
  ['2.25', '1.25.2-alpine', '2.8.2-alpine', undefined, undefined],
  ['2.26', '1.25.2-alpine', '2.8.2-alpine', undefined, undefined],
  ['v2.27.1', '1.25.2-alpine', '2.8.2-alpine', undefined, undefined],
  ['2.28', '1.27.4-alpine', '3.1.3-alpine', '100000', '::'],
  ['2.29', '1.28.0-alpine', '3.2.4-alpine', '100000', '::'],
  ['2.30.0', '1.28.0-alpine', '3.2.4-alpine', '100000', '::'],
  ['2.31', '1.28.2-alpine', '3.2.13-alpine', '100000', '::'],
  ['2.32', '1.30.1-alpine', '3.2.19-alpine', '100000', '::'],
] as const)
  test(`release ${release} has its own defaults`, async () => equal(await values(release, names), expected))

test('where the others differ by a setting, they follow it', async () => {
  const phases = async (release: string, ...set: readonly string[]) =>
    (await values(release, ['kubeadm_init_phases_skip'], ...set)).flat().length
  is(await phases('2.25'), 1)
  is(await phases('2.25', 'kube_proxy_remove=true'), 2)
  is(await phases('2.25', 'kube_network_plugin=cilium', 'cilium_kube_proxy_replacement=strict'), 2)
  is(await phases('2.26', '{"kube_network_plugin": "cilium", "cilium_kube_proxy_replacement": true}'), 1)
  is(await phases('2.27', '{"kube_network_plugin": "cilium", "cilium_kube_proxy_replacement": true}'), 2)
  is(await phases('2.32', '{"kube_network_plugin": "cilium", "cilium_kube_proxy_replacement": false}'), 1)
  is(await phases('2.32', 'calico_bpf_enabled=true'), 2)
  is(await phases('2.32', 'kube_network_plugin=kube-router', 'kube_router_run_service_proxy=true'), 2)
  equal(await values('2.28', ['cri_socket'], 'container_manager=docker'), ['unix:///var/run/cri-dockerd.sock'])
  equal(await values('2.28', ['cri_socket', 'kube_override_hostname']), [
    'unix:///var/run/containerd/containerd.sock',
    'm1',
  ])
  equal(await values('2.26', ['kube_override_hostname'], 'cloud_provider=aws'), [''])
  equal(await values('2.31', ['nginx_image_repo'], 'docker_image_repo=mirror.test'), ['mirror.test/library/nginx'])
})

test('the name of the balancer is that of the release, where its patches agree', async () => {
  const name = ['apiserver_loadbalancer_domain_name']
  equal(await values('2.29', name), [undefined])
  equal(await values('2.30', name), ['localhost'])
  equal(await values('2.30', name, '{"loadbalancer_apiserver": {"address": "10.0.0.9"}}'), ['10.0.0.9'])
})

test('no version of Kubernetes is among them: patches of a release differ', async () =>
  equal(await values('2.32', ['kube_version']), [undefined]))

test('other releases are refused, and nothing counts where none is named', async () => {
  for (const release of ['2.24', '2.33.1', '28', 'master'])
    match(knownDefaults(release).wrong ?? '', 'known are 2.25 to 2.32')
  const loaded = await loadInventory({ sources: ['m1,'], ...kubesprayInventory })
  is(withDefaults(loaded, kubesprayInventory.defaults, {}).inventory.defaults, undefined)
})

test.run()
