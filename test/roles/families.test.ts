import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inventoryView } from '../../engine/plan/views.ts'
import { servedNames } from '../../roles/control-plane/credentials/certificates.ts'
import { apiServerFlags } from '../../roles/control-plane/daemons/apiserver-flags.ts'
import { controllerManagerFlags } from '../../roles/control-plane/daemons/controller-flags.ts'
import type { Params } from '../../roles/control-plane/daemons/daemons.ts'
import { initDocuments, joinDocument, workerDocument } from '../../roles/control-plane/kubeadm/config.ts'
import { foreignNodeAddresses, withOwnValues } from '../../roles/control-plane/kubeadm/neighbour/own-values.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { etcdClientUrls, podRanges, serviceRanges } from '../../roles/lib/cluster/index.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { load } from '../unit/inventory/support.ts'
import { host, inventory } from './support/inventory.ts'
import { paramsOf } from './support/role.ts'

// Clusters of kubespray that speak IPv6, beside IPv4 or alone: `ipv4_stack`, `ipv6_stack`.

const call = controlPlane({ method: 'kubeadm', etcdDeployment: 'host', kubeVersion: 'v1.32.1' })
const groups = ['kube_control_plane', 'etcd', 'k8s_cluster', 'all']
const both = { ipv6_stack: true, kube_service_addresses_ipv6: 'fd00:1::/112', kube_pods_subnet_ipv6: 'fd00:2::/64' }
const alone = { ...both, ipv4_stack: false }
const masters = (address: (number: number) => string, vars: Readonly<Record<string, unknown>>) =>
  inventory([1, 2].map(number => host(`m${number}`, address(number), groups, { ...vars, ip6: `fd00::${number}` })))
const dual = masters(number => `10.0.0.${number}`, both)
const v6 = masters(number => `fd00::${number}`, alone)
const paramsIn = (view: typeof dual) => paramsOf<Params>(call, view.host('m1'))

const ranges: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly string[]])[] = [
  ['nothing is said', {}, ['10.233.0.0/18']],
  ['both, in one list', { kube_service_addresses: '10.1.0.0/16,fd00:9::/112' }, ['10.1.0.0/16', 'fd00:9::/112']],
  ['dual stack', { ipv6_stack: true }, ['10.233.0.0/18', 'fd85:ee78:d8a6:8607::1000/116']],
  [
    'the same by its name before 2.28',
    { enable_dual_stack_networks: 'true', ...{ kube_service_addresses_ipv6: 'fd00:1::/112' } },
    ['10.233.0.0/18', 'fd00:1::/112'],
  ],
  [
    'a list with both, and dual stack',
    { ipv6_stack: true, kube_service_addresses: '10.1.0.0/16,fd00:9::/112' },
    ['10.1.0.0/16', 'fd00:9::/112'],
  ],
  ['IPv6 alone', alone, ['fd00:1::/112']],
  ['one that is off', { ...both, ipv6_stack: false }, ['10.233.0.0/18']],
]
for (const [name, vars, expected] of ranges)
  test(`ranges of services: ${name}`, () =>
    assert.equal(serviceRanges(paramsOf<Params>(call, host('m1', '10.0.0.1', groups, vars))), expected))
test('ranges of pods follow the same rule', () => {
  assert.equal(podRanges(paramsIn(dual)), ['10.233.64.0/18', 'fd00:2::/64'])
  assert.equal(podRanges(paramsIn(v6)), ['fd00:2::/64'])
})

const flag = (list: readonly (readonly [string, ...unknown[]])[], name: string) =>
  list.find(([found]) => found === name)?.[1]

const flags: readonly (readonly [string, typeof dual, Readonly<Record<string, unknown>>])[] = [
  [
    'both',
    dual,
    {
      'bind-address': '::',
      'advertise-address': '10.0.0.1',
      'service-cluster-ip-range': '10.233.0.0/18,fd00:1::/112',
      'cluster-cidr': '10.233.64.0/18,fd00:2::/64',
      'node-cidr-mask-size': undefined,
      'node-cidr-mask-size-ipv4': 24,
      'node-cidr-mask-size-ipv6': 120,
      'etcd-servers': 'https://10.0.0.1:2379',
    },
  ],
  [
    'IPv6',
    v6,
    {
      'bind-address': '::',
      'advertise-address': 'fd00::1',
      'service-cluster-ip-range': 'fd00:1::/112',
      'cluster-cidr': 'fd00:2::/64',
      'node-cidr-mask-size': 120,
      'node-cidr-mask-size-ipv4': undefined,
      'node-cidr-mask-size-ipv6': undefined,
      'etcd-servers': 'https://[fd00::1]:2379',
    },
  ],
  [
    'IPv4',
    masters(number => `10.0.0.${number}`, {}),
    {
      'bind-address': '0.0.0.0',
      'service-cluster-ip-range': '10.233.0.0/18',
      'node-cidr-mask-size': 24,
      'node-cidr-mask-size-ipv6': undefined,
    },
  ],
]
for (const [name, view, expected] of flags)
  test(`flags of the daemons where ${name} is spoken`, () => {
    const [params, m1] = [paramsIn(view), view.host('m1')]
    const api = apiServerFlags(params, m1, { masters: view.hosts, etcd: etcdClientUrls(params, view).slice(0, 1) })
    const list = [...api, ...controllerManagerFlags(params)]
    assert.equal(Object.fromEntries(Object.keys(expected).map(key => [key, flag(list as never, key)])), expected)
  })

const made = { endpoint: '[fd00::1]:6443', token: 't', caCertHash: 'sha256:0', certificateKey: 'k', patches: false }

test('kubeadm is told of both families, and the kubelet of both addresses', () => {
  const [init, cluster] = initDocuments(paramsIn(dual), dual.host('m1'), dual) as never as [
    { nodeRegistration: { kubeletExtraArgs: unknown } },
    { networking: object },
  ]
  assert.equal(cluster.networking, {
    dnsDomain: 'cluster.local',
    serviceSubnet: '10.233.0.0/18,fd00:1::/112',
    podSubnet: '10.233.64.0/18,fd00:2::/64',
  })
  assert.equal(init.nodeRegistration.kubeletExtraArgs, [{ name: 'node-ip', value: '10.0.0.1,fd00::1' }])
})
const kubeletsOf = (document: unknown) =>
  (document as { nodeRegistration: { kubeletExtraArgs: unknown } }).nodeRegistration.kubeletExtraArgs
const joiners: readonly (readonly [string, typeof dual, Readonly<Record<string, unknown>>, string])[] = [
  ['both', dual, {}, '10.0.0.2,fd00::2'],
  ['IPv6', v6, {}, 'fd00::2'],
  ['IPv4', masters(number => `10.0.0.${number}`, {}), {}, '10.0.0.2'],
  ['both, and the host has no second address', dual, { secondAddress: undefined }, '10.0.0.2'],
]
for (const [name, view, more, expected] of joiners)
  test(`the kubelet of one that joins has its own addresses: ${name}`, () => {
    const m2 = view.host('m2')
    const params = { ...paramsOf<Params>(call, m2), ...more }
    const { certificateKey: _, patches: __, ...invitation } = made
    for (const document of [joinDocument(params, m2, view, made), workerDocument(params, m2, view, invitation)])
      assert.equal(kubeletsOf(document), [{ name: 'node-ip', value: expected }])
  })
test('a master that joins where IPv6 alone is spoken has one address, and URLs with brackets', () => {
  const document = joinDocument(paramsIn(v6), v6.host('m2'), v6, made) as never as {
    controlPlane: { localAPIEndpoint: object }
    nodeRegistration: { kubeletExtraArgs: unknown }
  }
  assert.equal(document.controlPlane.localAPIEndpoint, { advertiseAddress: 'fd00::2', bindPort: 6443 })
  assert.equal(document.nodeRegistration.kubeletExtraArgs, [{ name: 'node-ip', value: 'fd00::2' }])
  const [, cluster] = initDocuments(paramsIn(v6), v6.host('m1'), v6) as never as [
    unknown,
    { controlPlaneEndpoint: string; etcd: { external: { endpoints: unknown } } },
  ]
  assert.is(cluster.controlPlaneEndpoint, '[fd00::1]:6443')
  assert.equal(cluster.etcd.external.endpoints, ['https://[fd00::1]:2379', 'https://[fd00::2]:2379'])
})

test('a certificate is made with both addresses of services and of masters; the second ones are no reason to make one', () => {
  const { addresses, needed } = servedNames(paramsIn(dual), dual, [dual.host('m1')])
  for (const address of ['10.233.0.1', 'fd00:1::1', '10.0.0.1', 'fd00::1', '10.0.0.2', 'fd00::2', '127.0.0.1', '::1'])
    assert.ok(addresses.includes(address), address)
  assert.equal(needed.addresses, ['127.0.0.1', '10.233.0.1', '10.0.0.1'])
})
test('where IPv6 alone is spoken the service’s address is needed, and the loopback address that kubeconfigs lead to', () =>
  assert.equal(servedNames(paramsIn(v6), v6, []).needed.addresses, ['127.0.0.1', 'fd00:1::1']))

test('a new master gets both of its own addresses into the kubelet’s files of its neighbour', () => {
  const from = { ip: '10.0.0.1', address: '10.0.0.1', second: '2001:db8::1', node: 'm1' }
  const to = { ip: '10.0.0.2', address: '10.0.0.2', second: '2001:db8::2', node: 'm2' }
  const env = 'KUBELET_ADDRESS="--node-ip=10.0.0.1,2001:DB8:0::1"\nX="[2001:db8::1]:10250 2001:db8::11 12:30:45"\n'
  const written = withOwnValues(env, from, to)
  assert.is(
    written,
    'KUBELET_ADDRESS="--node-ip=10.0.0.2,2001:db8::2"\nX="[2001:db8::2]:10250 2001:db8::11 12:30:45"\n',
  )
  assert.equal(foreignNodeAddresses(written, to), [])
  const { second: _, ...unknown } = to
  assert.equal(foreignNodeAddresses(withOwnValues(env, from, unknown), unknown), ['2001:DB8:0::1'])
})

test('with kubespray’s variables hosts are called by ip6 where ipv4_stack is false, and by ip where it is not', async () => {
  const files = { 'hosts.ini': 'a ip=10.0.0.1 ip6=fd00::1 access_ip6=fd01::1\n' }
  const addressesOf = async (extraVars: readonly string[]) => {
    const { address, ip } = inventoryView(await load(files, { ...kubesprayInventory, extraVars })).host('a')
    return [address, ip]
  }
  assert.equal(await addressesOf([]), ['10.0.0.1', '10.0.0.1'])
  assert.equal(await addressesOf(['ipv6_stack=true']), ['10.0.0.1', '10.0.0.1'])
  assert.equal(await addressesOf(['ipv4_stack=false']), ['fd01::1', 'fd00::1'])
})

test.run()
