import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import * as YAML from 'yaml'
import { misspelt } from '../../engine/cli/misspelt.ts'
import { formatProblem } from '../../engine/failure/index.ts'
import { play } from '../../engine/index.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import type { RoleMaker } from '../../engine/role/role.ts'
import * as all from '../../roles/index.ts'
import { kubesprayNames } from '../../roles/lib/kubespray/index.ts'
import { inventoryFiles } from '../../scripts/lab/kubespray/inventory.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rota-kubespray-names-'))
test.after(() => rmSync(dir, { recursive: true }))

const { kubesprayInventory, cluster, ...others } = all
const roles = Object.values(others as Readonly<Record<string, unknown>>).filter(
  (made): made is RoleMaker<never> => typeof made === 'function' && 'role' in made,
)
const everything = [play('every role', { hosts: 'all', cluster, roles: roles.map(role => role()) })]
const nothing = [play('none', { hosts: 'all' })]

async function told(sources: readonly string[], plays = everything): Promise<readonly string[]> {
  const inventory = await loadInventory({ sources, ...kubesprayInventory })
  return misspelt(inventory, { plays, own: [], rules: kubesprayInventory }).map(formatProblem)
}

let made = 0
function write(files: Readonly<Record<string, string>>): string {
  made += 1
  const folder = join(dir, String(made))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return join(folder, 'hosts.ini')
}
const ofNames = (names: Iterable<string>) =>
  write({ 'hosts.ini': 'm1\n', 'group_vars/all.yml': [...names].map(name => `${name}: x\n`).join('') })

const { variables, others: besides } = kubesprayNames()

test('the names of all releases are there, and none of what is no variable', () => {
  for (const name of [
    'kube_version',
    'drain_grace_period',
    'kube_pods_subnet_ipv6',
    'loadbalancer_apiserver',
    'access_ip',
  ])
    ok(variables.has(name), name)
  // Of old releases, of hosts, of documents and of tasks alone.
  for (const name of ['kube_network_node_prefix', 'weave_password', 'node_labels', 'kube_master_cpu_reserved'])
    ok(variables.has(name) || besides.has(name), name)
  for (const name of [...variables, ...besides]) match(name, /^[a-z_]\w*$|^$/)
  ok(variables.size > 2000 && besides.size > 500)
})

for (const [who, plays] of [
  ['a playbook with every role', everything],
  ['a playbook without any', nothing],
] as const)
  test(`nothing is told of any name of kubespray's: ${who}`, async () => {
    equal(await told([ofNames([...variables, ...besides].filter(Boolean))], plays), [])
  })

test('nothing is told of kubespray names, one by one', async () => {
  const names = [...variables, ...besides].filter(Boolean)
  const some = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(some, async few => equal(await told([ofNames(few)], nothing), [])),
    { numRuns: 50 },
  )
})

test('nothing is told of any name of a role, in a playbook that does not call it', async () => {
  const names = roles.flatMap(({ role }) =>
    Object.keys(role.params.properties).map(param => `${role.name}_${param}`.replace(/-|(?<=[a-z0-9])(?=[A-Z])/g, '_')),
  )
  equal(await told([ofNames(new Set(names.map(name => name.toLowerCase())))], nothing), [])
})

const corpus = new URL('../compat/corpus/', import.meta.url).pathname
const shapes: Readonly<Record<string, readonly string[]>> = {
  'the sample of Rota': ['inventory/sample/hosts.ini'],
  ...Object.fromEntries(
    readdirSync(corpus)
      .filter(name => name.startsWith('kubespray'))
      .map(name => {
        const { sources } = JSON.parse(readFileSync(join(corpus, name, 'case.json'), 'utf8'))
        return [`${name} of the corpus`, sources.map((source: string) => join(corpus, name, source))]
      }),
  ),
  ...Object.fromEntries(
    (['docker', 'containerd'] as const).map(runtime => {
      const host = (name: string, group: string) => ({ name, group, ip: '10.0.0.1' })
      const hosts = [host('master-1', 'master'), host('master-2', 'master'), host('node-1', 'node')]
      const lab = { hosts, key: '/key', knownHosts: '/known', kubeVersion: 'v1.20.2', kubeBinCache: '/cache', runtime }
      const files = inventoryFiles({ ...lab, runtimes: { 'node-1': 'docker' } } as never)
      return [`a cluster of kubespray's with ${runtime}`, [write(files)]]
    }),
  ),
}
for (const [shape, sources] of Object.entries(shapes))
  for (const [who, plays] of [
    ['every role', everything],
    ['no role', nothing],
  ] as const)
    test(`nothing is told of ${shape}: ${who}`, async () => equal(await told(sources, plays), []))

// Names of kubespray's that are one edit from each other.
const pairs = [
  ['http_proxy', 'https_proxy'],
  ['docker_plugin', 'docker_plugins'],
  ['etcd_host', 'etcd_hosts'],
  ['kubeadm_image', 'kubeadm_images'],
  ['crio_version', 'cri_version'],
  ['storage_class', 'storage_classes'],
] as const
for (const pair of pairs)
  test(`${pair.join(' and ')} are told apart`, async () => equal(await told([ofNames(pair)], nothing), []))

for (const [name, meant] of [
  ['kube_verison', 'kube_version'],
  ['upgrade_node_drain_grace_periodd', 'drain_grace_period'],
  ['loadbalancer_apisever_port', 'loadbalancer_apiserver_port'],
  ['calico_mut', 'calico_mtu'],
  ['container_manger', 'container_manager'],
  ['haproxy_stat_port', 'haproxy_stats_port'],
  ['keepalived_virtual_adress', 'keepalived_virtual_address'],
  ['etcd_deploymet_type', 'etcd_deployment_type'],
  ['acess_ip', 'access_ip'],
] as const)
  test(`${name} is told, as ${meant}`, async () => {
    const [line = '', ...more] = await told([ofNames([name])], nothing)
    equal(more, [])
    match(
      line,
      `all.yml:1:${name.length + 3}: variable ${name}: no role of this playbook reads it, and kubespray has none of this name (did you mean ${meant}`,
    )
  })

test('what documents of Rota show of an inventory is known', async () => {
  const pages = readdirSync('docs').filter(name => name.endsWith('.md'))
  const texts = [...pages.map(page => join('docs', page)), 'README.md'].map(page => readFileSync(page, 'utf8'))
  const names = new Set<string>()
  for (const text of texts)
    for (const [, block = ''] of text.matchAll(/```ya?ml\n([\s\S]*?)```/g)) {
      const data: unknown = YAML.parseDocument(block).toJS()
      if (typeof data === 'object' && data !== null && !Array.isArray(data))
        for (const name of Object.keys(data)) if (/^[a-z]\w*$/.test(name)) names.add(name)
    }
  equal(await told([ofNames(names)]), [])
})

test.run()
