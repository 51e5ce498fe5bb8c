import { test } from 'uvu'
import { equal } from 'uvu/assert'
import type { InventoryRules } from '../../../engine/inventory/index.ts'
import { load, values } from './support.ts'

// What playbooks make of an inventory. That variables count as with Ansible's group_by shows test/compat.
const groupBy = { master: ['old-master'], all_of_it: ['old-all', 'master', 'node'], reflector: ['old-reflector'] }

async function members(text: string, rules: InventoryRules = { groupBy }) {
  const inventory = await load({ 'hosts.ini': text }, rules)
  const of = (group: string) => inventory.hostsOf(group).map(({ name }) => name)
  return { inventory, of }
}

const table: readonly (readonly [what: string, text: string, expected: Readonly<Record<string, string>>])[] = [
  ['a group of several', '[node]\nn\n[master]\nm\n', { all_of_it: 'n m', master: 'm', node: 'n' }],
  ['an old name', '[old-master]\nm\n', { master: 'm', all_of_it: 'm', 'old-master': 'm' }],
  [
    'an old name, and the new one below it',
    '[master]\na\n[old-master]\nb\n[old-master:children]\nmaster\n',
    { master: 'a b' },
  ],
  ['members of children', '[node:children]\nrack\n[rack]\nn\n', { all_of_it: 'n' }],
  [
    'a group that is there: its own come first, others join',
    '[node]\nn\n[all_of_it]\nx\n[master]\nm\n[all_of_it:children]\nmaster\n',
    { all_of_it: 'x n m', node: 'n' },
  ],
  ['nobody: it is there and empty', '[node]\nn\n', { reflector: '' }],
  ['a host that is in none of them', 'x\n[old-master]\nm\n', { ungrouped: 'x', all_of_it: 'm' }],
]
for (const [what, text, expected] of table)
  test(`groups that are made of others: ${what}`, async () => {
    const { inventory, of } = await members(text)
    for (const [group, names] of Object.entries(expected)) equal(of(group).join(' '), names, group)
    equal(inventory.groups.has('reflector'), true)
    equal(inventory.warnings, [])
  })

test('a host whose only group is a made one is not ungrouped', async () => {
  const { of } = await members('[all]\na\n[web]\nb\n', { groupBy: { every: ['all'] } })
  equal([of('every'), of('ungrouped')], [['a', 'b'], []])
})

test('without a word of a playbook no group is made', async () => {
  const { inventory } = await members('[old-master]\nm\n[node]\nn\n', {})
  equal([...inventory.groups.keys()].sort(), ['all', 'node', 'old-master', 'ungrouped'])
})

test('files of a made group count for its hosts, and are no slip for a similar name', async () => {
  const files = {
    'hosts.ini': '[node]\nn\n[other]\no\n',
    'group_vars/all_of_it/a.yml': 'x: 1\n',
    'group_vars/all-of-it.yml': 'x: 2\n',
  }
  const inventory = await load(files, { groupBy })
  equal([values(inventory, 'n'), values(inventory, 'o')], [{ x: 1 }, {}])
  equal(inventory.warnings, ['group_vars/all-of-it.yml belongs to nothing in the inventory; did you mean all_of_it?'])
})

test('jump hosts: the members of the group, or the host of that name, or none', async () => {
  const of = async (text: string, rules: InventoryRules = { jumpHosts: 'gate' }) =>
    (await members(text, rules)).inventory.jumpHosts?.map(({ name }) => name)
  equal(await of('h\n[gate]\ng1\ng2\n'), ['g1', 'g2'])
  equal(await of('h\ngate\n'), ['gate'])
  equal(await of('h\n'), [])
  equal(await of('gate\n', {}), undefined)
})

test('a group of one host that has its name leaves nothing open, and is not warned of', async () => {
  equal((await members('h\n[gate]\ngate x=1\n')).inventory.warnings, [])
  equal((await members('gate\n[gate]\nh\n')).inventory.warnings, ["'gate' is the name of a group and of a host"])
})

test.run()
