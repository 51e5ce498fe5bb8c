import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal } from 'uvu/assert'
import { loadInventory } from '../../engine/inventory/index.ts'
import { readVar, withDefaults } from '../../engine/values/index.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { python } from './oracle.ts'

// A checkout of our own in the shape of kubespray's, and an inventory that sets some of its variables at each place.
// Ansible applies the role; what a template in it then sees is what must count here.
const files: Readonly<Record<string, string>> = {
  'galaxy.yml': 'name: kubespray\nversion: 2.28.0\n',
  'roles/kubespray_defaults/defaults/main/main.yml': `---
# A version follows from a mapping in another file.
version: "{{ (sums['amd64'] | dict2items)[0].key }}"
config_dir: /etc/it
manifests: "{{ config_dir }}/manifests"
domain: "{{ name_of_cluster }}"
name_of_cluster: it.local
wanted: "{{ balancer is not defined }}"
skipped: >-
  {%- if proxy == 'none' -%}
  ["dns", "proxy"]
  {%- else -%}
  ["dns"]
  {%- endif -%}
proxy: iptables
socket: >-
  {%- if manager == 'one' -%}
  unix:///run/one.sock
  {%- else -%}
  unix:///run/two.sock
  {%- endif -%}
manager: one
name: "{{ inventory_hostname }}"
members: "{% for host in groups['masters'] %}{{ host }}={{ hostvars[host].address }}{{ '' if loop.last else ',' }}{% endfor %}"
text: "8"
number: 8
empty:
twice: first
at_all: default
at_group: default
at_host: default
at_section: default
from_default: "{{ own | upper }}"
own: default
`,
  'roles/kubespray_defaults/defaults/main/more.yml': 'twice: second\nregistry: "{{ mirror }}/it"\nmirror: quay.test\n',
  'roles/kubespray_defaults/vars/main/sums.yml': 'sums:\n  amd64:\n    1.32.9: aa\n    1.32.8: bb\n',
  'inventory/mine/hosts.ini':
    '[masters]\nm1 address=10.0.0.1 at_host=host\nm2 address=10.0.0.2\n[masters:vars]\nat_section=section\n',
  'inventory/mine/group_vars/all/all.yml':
    'at_all: all\nmirror: mirror.test\nown: inventory\nof_theirs: "{{ manifests }}/x.yml"\n',
  'inventory/mine/group_vars/masters.yml': 'at_group: group\nconfig_dir: /opt/it\n',
  'inventory/mine/host_vars/m2.yml': 'manager: two\nproxy: none\nbalancer: { address: 10.0.0.9 }\n',
}
const names = [
  ...[...(files['roles/kubespray_defaults/defaults/main/main.yml'] ?? '').matchAll(/^(\w+):/gm)].map(
    ([, name]) => name,
  ),
  'registry',
  'mirror',
  'of_theirs',
].filter(name => name !== undefined)

const playbook = [
  {
    hosts: 'all',
    connection: 'local',
    gather_facts: false,
    roles: ['kubespray_defaults'],
    tasks: [{ debug: { msg: `={{ {${names.map(name => `"${name}": ${name}`).join(', ')}} | to_json }}` } }],
  },
]

function theirs(cwd: string, args: readonly string[]): Record<string, unknown> {
  writeFileSync(join(cwd, 'play.json'), JSON.stringify(playbook))
  const said = execFileSync('ansible-playbook', ['-i', 'inventory/mine/hosts.ini', 'play.json', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ANSIBLE_STDOUT_CALLBACK: 'minimal', ANSIBLE_NOCOLOR: '1' },
  })
  const found = said.matchAll(/^(\S+) \| SUCCESS => \{[^{}]*"msg": ("=.*")/gm)
  return Object.fromEntries([...found].map(([, host = '', msg = '']) => [host, JSON.parse(JSON.parse(msg).slice(1))]))
}

async function ours(cwd: string, extraVars: readonly string[]): Promise<Record<string, unknown>> {
  const loaded = await loadInventory({ sources: ['inventory/mine/hosts.ini'], cwd, extraVars, ...kubesprayInventory })
  const { inventory } = withDefaults(loaded, kubesprayInventory.defaults, { cwd })
  return Object.fromEntries(
    [...inventory.hosts.values()].map(host => [
      host.name,
      Object.fromEntries(names.map(name => [name, readVar(inventory, host, name)])),
    ]),
  )
}

if (python === undefined) test.skip('defaults count as in a role (ansible-core is not installed)')
else {
  const cwd = mkdtempSync(join(tmpdir(), 'rota-role-defaults-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true })
    writeFileSync(join(cwd, name), text)
  }
  for (const extra of [[], ['config_dir=/extra', 'twice=extra']])
    test(`defaults of a checkout count as in its role${extra.length > 0 ? ', with extra variables' : ''}`, async () => {
      const found = theirs(
        cwd,
        extra.flatMap(pair => ['-e', pair]),
      )
      equal(Object.keys(found).length, 2)
      equal(await ours(cwd, extra), found)
    })
  test.after(() => rmSync(cwd, { recursive: true }))
}

test.run()
