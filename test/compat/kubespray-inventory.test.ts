import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { listInventory, loadInventory } from '../../engine/inventory/index.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { askCommands, python } from './oracle.ts'

// Inventories in the shapes that kubespray's samples and its tools have had, each with the same variable at every place
// that could be the stronger one. Ansible makes the groups with group_by, as kubespray's playbooks do; what then counts
// on each host must be what counts here.
const since27 = `[kube_control_plane]
m1 ansible_host=10.0.0.1 ip=10.3.0.1 etcd_member_name=etcd1
m2 ansible_host=10.0.0.2
m3 ansible_host=10.0.0.3
[etcd:children]
kube_control_plane
[kube_node]
n1 ansible_host=10.0.1.1
n2 ansible_host=10.0.1.2
`
const until26 = `[all]
m1 ansible_host=10.0.0.1 ip=10.3.0.1 etcd_member_name=etcd1
m2 ansible_host=10.0.0.2
n1 ansible_host=10.0.1.1
n2 ansible_host=10.0.1.2
[kube_control_plane]
m1
m2
[etcd]
m1
m2
n1
[kube_node]
m2
n1
n2
[calico_rr]
[k8s_cluster:children]
kube_control_plane
kube_node
calico_rr
`
const shapes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '2.25, 2.26': { 'hosts.ini': until26 },
  '2.27 to 2.32': { 'hosts.ini': since27 },
  '2.27 to 2.32, with route reflectors and a bastion': {
    'hosts.ini': `${since27}[calico_rr]\nr1\n[bastion]\nbastion ansible_host=192.0.2.1 ansible_user=jump\n`,
  },
  'hosts.yaml of the inventory builder (until 2.26)': {
    'hosts.ini/hosts.yaml': `all:
  hosts: { m1: { ip: 10.0.0.1 }, m2: { ip: 10.0.0.2 }, n1: {} }
  children:
    kube_control_plane: { hosts: { m1: , m2: } }
    kube_node: { hosts: { m2: , n1: } }
    etcd: { hosts: { m1: } }
    k8s_cluster: { children: { kube_control_plane: , kube_node: } }
    calico_rr: { hosts: {} }
`,
  },
  'names of old': { 'hosts.ini': until26.replaceAll(/kube_control_plane/g, 'kube-master').replaceAll('_', '-') },
  'names of old, and no group of all': {
    'hosts.ini': since27.replaceAll('kube_control_plane', 'kube-master').replaceAll('kube_node', 'kube-node'),
  },
  'names of old beside the new': {
    'hosts.ini':
      '[kube_control_plane]\nm1\n[kube-master]\nm2\n[kube-master:children]\nkube_control_plane\n[kube-node]\nn1\n',
  },
  'a group of all that lacks the workers': { 'hosts.ini': `${since27}[k8s_cluster:children]\nkube_control_plane\n` },
}
const groups = [
  'all',
  'k8s_cluster',
  'k8s-cluster',
  'kube_control_plane',
  'kube-master',
  'kube_node',
  'etcd',
  'calico_rr',
]
const groupVars = Object.fromEntries([
  ...groups.map(name => [
    `group_vars/${name}/it.yml`,
    `strongest: ${name}\nin_${name.replaceAll('-', '_')}: ${name}\n`,
  ]),
  // What stands between two of them.
  ['group_vars/k8s_cluster/of-cluster.yml', 'of_etcd: k8s_cluster\nof_node: k8s_cluster\nof_rr: k8s_cluster\n'],
  ['group_vars/etcd/of-etcd.yml', 'of_etcd: etcd\n'],
  ['group_vars/kube_node/of-node.yml', 'of_node: kube_node\n'],
  ['group_vars/calico_rr/of-rr.yml', 'of_rr: calico_rr\n'],
  ['host_vars/m2.yml', 'of_etcd: m2\n'],
])
const names = ['strongest', 'of_etcd', 'of_node', 'of_rr', ...groups.map(name => `in_${name.replaceAll('-', '_')}`)]

const playbook = [
  {
    hosts: 'all',
    connection: 'local',
    gather_facts: false,
    tasks: [
      ...Object.entries(kubesprayInventory.groupBy ?? {}).map(([key, sources]) => ({
        group_by: { key },
        when: `group_names | intersect(${JSON.stringify(sources)}) | length > 0`,
      })),
      {
        debug: {
          msg: `={{ {"groups": group_names, ${names.map(name => `"${name}": ${name} | default(none)`).join(', ')}} | to_json }}`,
        },
      },
    ],
  },
]

/** What counts on each host of Ansible once the groups are made. */
function theirs(cwd: string): Record<string, unknown> {
  writeFileSync(join(cwd, 'play.json'), JSON.stringify(playbook))
  const said = execFileSync('ansible-playbook', ['-i', 'hosts.ini', 'play.json'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ANSIBLE_STDOUT_CALLBACK: 'minimal', ANSIBLE_NOCOLOR: '1' },
  })
  const found = said.matchAll(/^(\S+) \| SUCCESS => \{[^{}]*"msg": ("=.*")/gm)
  return Object.fromEntries([...found].map(([, host = '', msg = '']) => [host, JSON.parse(JSON.parse(msg).slice(1))]))
}

async function ours(cwd: string): Promise<Record<string, unknown>> {
  const { hosts } = await loadInventory({ sources: ['hosts.ini'], cwd, ...kubesprayInventory })
  return Object.fromEntries(
    [...hosts.values()].map(({ name, groups, vars }) => [
      name,
      { groups, ...Object.fromEntries(names.map(each => [each, vars.get(each)?.value ?? null])) },
    ]),
  )
}

if (python === undefined) test.skip('made groups are as with ansible (ansible-core is not installed)')
else {
  for (const [shape, files] of Object.entries(shapes)) {
    test(`${shape}: the groups that playbooks make, and their variables, are those of Ansible's group_by`, async () => {
      const cwd = mkdtempSync(join(tmpdir(), 'rota-kubespray-'))
      try {
        // group_vars stand beside the file, or in the directory of sources.
        const base = Object.keys(files).some(name => name.startsWith('hosts.ini/')) ? 'hosts.ini/' : ''
        for (const [name, text] of [
          ...Object.entries(files),
          ...Object.entries(groupVars).map(([n, t]) => [base + n, t] as const),
        ]) {
          mkdirSync(dirname(join(cwd, name)), { recursive: true })
          writeFileSync(join(cwd, name), String(text))
        }
        const expected = theirs(cwd)
        const found = await ours(cwd)
        equal(Object.keys(found).sort(), Object.keys(expected).sort())
        for (const [host, facts] of Object.entries(expected)) equal(found[host], facts, host)
        // Whoever reads the inventory alone sees none of that.
        const [list] = askCommands([{ args: ['-i', 'hosts.ini', '--list'], cwd }])
        equal(`${listInventory(await loadInventory({ sources: ['hosts.ini'], cwd, playbookDir: '.' }))}\n`, list?.out)
      } finally {
        rmSync(cwd, { recursive: true })
      }
    })
  }
}

test.run()
