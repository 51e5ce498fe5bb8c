import { join } from 'node:path'
import type { Task } from 'rota'
import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import { resolveParams } from '../../../engine/values/params.ts'
import { addons } from '../../../roles/addons/role.ts'
import { host, inventory, lookupIn } from '../support/inventory.ts'
import { problemsOf, titlesOf } from '../support/role.ts'
import { dir, write } from './files.ts'

// The operator's list: whose turn it is, and what is refused before a host is touched.

write('calico.yaml', 'kind: ConfigMap\n')
write('folder/a.yaml', 'a: 1')
write('kustomized/kustomization.yaml', 'resources: []\n')
write('empty/notes.txt', '')
write('vaulted.yaml', '$ANSIBLE_VAULT;1.1;AES256\n6162\n')

type Item = Readonly<Record<string, unknown>>
const masterWith = (list: readonly Item[]) =>
  host('m1', '10.0.0.1', ['kube_control_plane'], { upgrade_addons: list, bin_dir: join(dir, 'bin') })
const viewOf = (list: readonly Item[]) =>
  inventory([masterWith(list), host('m2', '10.0.0.2', ['kube_control_plane'])], dir)

const turns = [
  { name: 'first', when: 'before-masters', apply: 'calico.yaml' },
  { name: 'network', when: 'after-masters', apply: 'calico.yaml', wait: ['kube-system/daemonset/calico-node'] },
  { name: 'ingress', helm: { chart: 'ingress', version: '1.2.3', repo: 'https://charts', namespace: 'web' } },
  { name: 'tool', command: 'a-tool upgrade', unless: 'a-tool is-new' },
]
for (const [when, titles] of [
  ['before-masters', ['add-on first: its manifests']],
  [
    'after-masters',
    ['add-on network: its manifests', 'add-on network: kube-system/daemonset/calico-node is rolled out'],
  ],
  ['after-nodes', ['add-on ingress: release ingress', 'add-on tool: its command']],
] as const)
  test(`${when}: those whose turn it is, in their order`, () => {
    const view = viewOf(turns)
    const call = addons({ when, list: turns as never })
    equal(titlesOf(call, view.host('m1'), view), titles)
  })

test('one master does it for all', () => {
  const view = viewOf(turns)
  const nested = addons.role.tasks({
    params: { ...paramsWith(turns), when: 'after-masters' },
    host: view.host('m1'),
    inventory: view,
  } as never)
  const tasks = nested.flat(2).filter(Boolean) as readonly Task[]
  equal(
    tasks.map(({ runOnce }) => runOnce),
    [true, true],
  )
})

test('without any there is nothing to do', () => {
  const view = viewOf([])
  equal(titlesOf(addons({ when: 'after-nodes' }), view.host('m1'), view), [])
})

function paramsWith(list: readonly Item[]): Item {
  const resolved = resolveParams(addons({ when: 'after-nodes' }), lookupIn(masterWith(list)))
  if (!resolved.ok) throw new Error(resolved.problems.map(({ message, hint }) => `${message}; ${hint}`).join('\n'))
  return resolved.params
}

const helm = { chart: 'oci://registry/charts/cilium', version: '1.15.6', namespace: 'kube-system' }
const wrong: readonly (readonly [name: string, list: readonly Item[], problem: RegExp])[] = [
  ['a key that is misspelt', [{ name: 'a', aply: 'x' }], /unknown key "aply"; did you mean apply\?/],
  ['a key of helm', [{ name: 'a', helm: { ...helm, vlaues: 'x' } }], /unknown key "vlaues"; did you mean values\?/],
  ['a turn that there is not', [{ name: 'a', when: 'after-master' }], /did you mean after-masters\?/],
  ['no name', [{ apply: 'calico.yaml' }], /must have required property 'name'/],
  ['a workload without its namespace', [{ name: 'a', wait: ['daemonset/calico-node'] }], /does not match/],
  ['a time that is none', [{ name: 'a', timeout: 'long' }], /a duration/],
]
for (const [name, list, problem] of wrong)
  test(`refused with its place, by the schema: ${name}`, () => {
    try {
      paramsWith(list)
    } catch (error) {
      return match(String(error), problem)
    }
    throw new Error('it was taken')
  })

const unusable: readonly (readonly [name: string, list: readonly Item[], problem: RegExp | undefined])[] = [
  ['manifests', [{ name: 'a', apply: 'calico.yaml' }], undefined],
  ['a folder of them', [{ name: 'a', apply: 'folder' }], undefined],
  ['a release', [{ name: 'a', helm }], undefined],
  ['a command', [{ name: 'a', command: 'x', unless: 'y' }], undefined],
  ['nothing to do', [{ name: 'a' }], /^upgrade_addons: a: it has nothing to do: one of apply, helm and command/],
  ['two ways', [{ name: 'a', apply: 'calico.yaml', helm }], /it has apply and helm: one of/],
  ['twice', ['x', 'y'].map(command => ({ name: 'a', command, unless: 'z' })), /^upgrade_addons: a is there twice$/],
  ['a command that always runs', [{ name: 'a', command: 'x' }], /command needs unless/],
  ['no such file', [{ name: 'a', apply: 'calcio.yaml' }], /calcio\.yaml on this machine can't be read: .*ENOENT/],
  ['a folder without manifests', [{ name: 'a', apply: 'empty' }], /no file that ends in \.yaml/],
  ['a kustomization', [{ name: 'a', apply: 'kustomized' }], /is a kustomization: build it \(kubectl kustomize/],
  ['a file in a vault', [{ name: 'a', apply: 'vaulted.yaml' }], /vaulted\.yaml is in a vault/],
  ['values in a vault', [{ name: 'a', helm: { ...helm, values: 'vaulted.yaml' } }], /vaulted\.yaml is in a vault/],
  ['a chart of any version', [{ name: 'a', helm: { ...helm, version: undefined } }], /helm needs version/],
  ['a chart from nowhere', [{ name: 'a', helm: { ...helm, chart: 'cilium' } }], /helm needs repo/],
  ['force without manifests', [{ name: 'a', helm, force_conflicts: true }], /force_conflicts is of apply/],
]
for (const [name, list, problem] of unusable)
  test(`${problem ? 'refused' : 'taken'}: ${name}`, () => {
    const call = addons({ when: 'after-nodes' })
    const found = problemsOf(call, masterWith(list), viewOf(list), paramsWith(list)).join('\n')
    if (problem) match(found, problem)
    else is(found, '')
  })

test.run()
