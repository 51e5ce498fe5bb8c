import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, ok } from 'uvu/assert'
import { schemaDocument } from '../../../engine/cli/schema/document.ts'
import { askersIn } from '../../../engine/cli/variables-read.ts'
import { play } from '../../../engine/index.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import type { RoleMaker } from '../../../engine/role/role.ts'
import { type ParamSchema, readVar, resolveParams, variableNames } from '../../../engine/values/index.ts'
import * as all from '../../../roles/index.ts'
import { kubesprayNames } from '../../../roles/lib/kubespray/index.ts'
import { editorWith } from './editor.ts'

const { kubesprayInventory, cluster, ...others } = all
const roles = Object.values(others as Readonly<Record<string, unknown>>).filter(
  (made): made is RoleMaker<never> => typeof made === 'function' && 'role' in made,
)
const everything = play('every role', { hosts: 'all', cluster, roles: roles.map(role => role()) })
const document = schemaDocument({ plays: [everything], theirs: [kubesprayNames()] })
const editor = editorWith(document as object)

const dir = mkdtempSync(join(tmpdir(), 'rota-editor-'))
test.after(() => rmSync(dir, { recursive: true }))
mkdirSync(join(dir, 'group_vars'))
writeFileSync(join(dir, 'hosts.ini'), 'm1\n')

/** A name of each schema, no schema under two of them: in the second list another one, where there is another. */
const askers = askersIn(everything)
const namesBySchema = new Map<ParamSchema, readonly string[]>()
for (const { name, params } of askers)
  for (const [param, schema] of Object.entries(params.properties)) {
    const known = namesBySchema.get(schema) ?? []
    // Declared ones stand last.
    namesBySchema.set(schema, [...new Set([...known, ...variableNames(name, param, schema).toReversed()])])
  }
const chosen = [0, 1].map(which => {
  const names = new Set<string>()
  for (const own of namesBySchema.values()) {
    const name = own[which] ?? own[0] ?? ''
    const others = [...namesBySchema.values()].filter(each => each.includes(name)).flat()
    if (!others.some(other => names.has(other))) names.add(name)
  }
  return [...names]
})

/** Lines of a file of variables that a run refuses. */
async function refusedBy(text: string): Promise<ReadonlySet<number>> {
  writeFileSync(join(dir, 'group_vars/all.yml'), text)
  const vaultSecrets = [{ id: 'default', password: 'open' }]
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir, vaultSecrets })
  const [host] = inventory.hosts.values()
  const lookup = (name: string) => {
    const variable = host?.vars.get(name)
    return variable && host && { value: readVar(inventory, host, name), variable }
  }
  const problems = askers.flatMap(role => {
    const resolved = resolveParams({ role, params: {} }, lookup)
    return resolved.ok ? [] : resolved.problems.filter(({ kind }) => kind === 'wrong')
  })
  return new Set(problems.map(({ origin }) => origin?.line ?? 0))
}

/** What stands behind `NAME:` in a file. */
const values = [
  'true',
  'yes',
  'no',
  '"yes"',
  '"off"',
  'maybe',
  '1',
  '0',
  '-1',
  '"1"',
  '"-1"',
  '80',
  '"80"',
  ' 6443 ',
  '70000',
  '99999999',
  '1.5',
  '"1.5"',
  '1.30',
  '""',
  '',
  'null',
  '~',
  'text',
  '"two words"',
  '"two\\nlines"',
  '"tab\\there"',
  '"\\u0007"',
  '"\\u202e"',
  '/etc/x',
  '"/etc/x y"',
  'relative/x',
  '10.0.0.1',
  '::1',
  '10.0.0.300',
  '10.0.0.0/16',
  'a.example',
  '"*"',
  'https://a.example',
  'http://a.example/x',
  'https://a.example:6443',
  'a.example:80',
  'v1.30.4',
  '1.30.4',
  '"1.30"',
  '30s',
  '5m',
  '1h30m',
  'soon',
  '[]',
  '[a]',
  '[1]',
  '[a, "two words"]',
  '["x\\ny"]',
  '[{a: 1}]',
  '{}',
  '{a: b}',
  '{a: 1}',
  '{a: {b: c}}',
  '{address: 10.0.0.1}',
  '{address: 10.0.0.1, port: 6443}',
  '{address: 10.0.0.1, port: "6443"}',
  '{address: 10.0.0.1, port: http}',
  '{adress: 10.0.0.1}',
  '{amd64: {v1.30.4: "sha256:x"}}',
  'system',
  'containerd',
  'docker',
  'static-pod',
  'host',
  'kubeadm',
  'controller',
  'tcp',
  'http',
  'NAT',
  'DR',
  'image:tag',
  'registry.example/image',
] as const

for (const value of values)
  for (const which of [0, 1])
    test(`${value || 'nothing'} is right and wrong for an editor where it is for a run (names ${which + 1})`, async () => {
      const names = chosen[which] ?? []
      const text = names.map(name => `${name}: ${value}\n`).join('')
      const refused = await refusedBy(text)
      const said = (await editor.problems(text)).filter(({ message }) => !message.startsWith('deprecated'))
      const told = new Set(said.map(({ line }) => line))
      // Whether a number in quotes is within its bounds only a run knows.
      const isQuoted = /^"-?[\d.]+"$/.test(value)
      const differ = names.filter((_, at) =>
        isQuoted ? told.has(at + 1) && !refused.has(at + 1) : refused.has(at + 1) !== told.has(at + 1),
      )
      equal(
        differ.map(
          name =>
            `${name}: ${refused.has(names.indexOf(name) + 1) ? 'refused by a run alone' : `told by the editor alone: ${said.find(({ line }) => line === names.indexOf(name) + 1)?.message}`}`,
        ),
        [],
      )
    })

const later = [
  '"{{ anything }}"',
  '"x{% if a %}b{% endif %}"',
  '!unsafe "{{ x }}"',
  '!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6161',
]
for (const value of [...later, '["{{ a }}", x]', '{address: "{{ a }}", port: "{{ b }}"}'])
  test(`what only a run can evaluate is left to it: ${value}`, async () => {
    const names = value.startsWith('[')
      ? ['node_taints']
      : value.startsWith('{')
        ? ['loadbalancer_apiserver']
        : (chosen[0] ?? [])
    const text = names.map(name => `${name}: ${value}\n`).join('')
    equal(
      (await editor.problems(text)).filter(({ message }) => !message.startsWith('deprecated')),
      [],
    )
  })

test('what an editor says is what was expected', async () => {
  const text = [
    'kube_apiserver_port: http',
    'container_manager: dokcer',
    'bin_dir: here',
    'loadbalancer_apiserver: {adress: 10.0.0.1}',
    'ansible_ssh_user: root',
    'enable_dual_stack_networks: true',
    'colour: red',
    '',
  ]
  const said = await editor.problems(text.join('\n'))
  equal(
    [...said].sort((a, b) => a.line - b.line).map(({ line, message }) => `${line} ${message}`),
    [
      '1 Incorrect type. Expected "integer | null".',
      '2 Value is not accepted. Valid values: "containerd", "docker", "crio", "".',
      '3 expected an absolute path without spaces, quotes, control characters or signs that a shell reads',
      '4 Missing property "address".',
      '5 deprecated: say ansible_user',
      '6 deprecated: say ipv4_stack and ipv6_stack',
    ],
  )
})

test('an editor completes names and values, and explains them', async () => {
  const names = await editor.complete('kube_apiserver_p\n', 1, 16)
  for (const name of ['kube_apiserver_port', 'calico_mtu', 'ansible_user']) ok(names.includes(name), name)
  const values = await editor.complete('container_manager: \n', 1, 19)
  for (const value of ['containerd', 'docker']) ok(values.includes(value), String(values))
  const hover = await editor.hover('kube_apiserver_port: 7443\n', 1, 3)
  for (const part of ['Port of every API server.', 'Default: `6443`.', 'of role', 'play', 'Other names:'])
    ok(hover.includes(part), hover)
})

test('a file that is empty, or vaulted as a whole, is right; a list is not', async () => {
  equal(await editor.problems(''), [])
  equal(await editor.problems('$ANSIBLE_VAULT;1.1;AES256\n6161\n'), [])
  ok((await editor.problems('- a\n')).length > 0)
})

test('nothing is told of a sample inventory', async () => {
  equal(await editor.problems(readFileSync('inventory/sample/group_vars/all.yml', 'utf8')), [])
})

test('nearly every name is compared', () =>
  ok(
    chosen.every(names => names.length > 150),
    chosen.map(names => names.length).join(),
  ))

test.run()
