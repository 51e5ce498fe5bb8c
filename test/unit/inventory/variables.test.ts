import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { explainVar } from '../../../engine/values/explain.ts'
import { hostVar } from '../../../engine/values/host-var.ts'
import { load, problemsOf, values } from './support.ts'

const hosts = '[web]\na\n[top:children]\nweb\n'

test('each place overrides the ones before it, and the chain of overrides tells them in order', async () => {
  const inventory = await load(
    {
      'hosts.ini': `${hosts}[web:vars]\nv=web\n[top:vars]\nv=top\n[all:vars]\nv=all\n[web]\na v=host\n`,
      'group_vars/all.yml': 'v: file all\n',
      'group_vars/web.yml': 'v: file web\n',
      'host_vars/a.yml': 'v: file host\n',
      'play/group_vars/all.yml': 'v: play all\n',
      'play/group_vars/top.yml': 'v: play top\n',
      'play/host_vars/a.yml': 'v: play host\n',
    },
    { playbookDir: 'play', extraVars: ['v=extra'] },
  )
  const chain: unknown[] = []
  for (let one = inventory.hosts.get('a')?.vars.get('v'); one !== undefined; one = one.overrides) chain.push(one.value)
  const expected = [
    'extra',
    'play host',
    'file host',
    'host',
    'play top',
    'file web',
    'play all',
    'file all',
    'web',
    'top',
    'all',
  ]
  assert.equal(chain, expected)
})

test('among groups of one depth the priority decides, then the name', async () => {
  const text = '[b]\nh\n[a]\nh\n[b:vars]\nx=b\ny=b\n[a:vars]\nx=a\ny=a\n'
  assert.equal(values(await load({ 'hosts.ini': text }), 'h'), { x: 'b', y: 'b' })
  assert.equal(values(await load({ 'hosts.ini': `${text}ansible_group_priority=2\n` }), 'h'), { x: 'a', y: 'a' })
})

test('the first of NAME, NAME.yml, NAME.yaml, NAME.json hides the others, and a warning says so', async () => {
  const inventory = await load({ 'hosts.ini': hosts, 'group_vars/all/x.yml': 'x: 1\n', 'group_vars/all.yml': 'x: 2\n' })
  assert.equal(values(inventory, 'a'), { x: 1 })
  assert.equal(inventory.warnings, ['group_vars/all.yml is not read: group_vars/all comes first'])
})

test('directories are read recursively and sorted, without dotfiles, backups and other endings', async () => {
  const inventory = await load({
    'hosts.ini': hosts,
    'group_vars/all/a.yml': 'x: a\n',
    'group_vars/all/b/c': 'x: c\n',
    'group_vars/all/.d.yml': '{',
    'group_vars/all/e.yml~': '{',
    'group_vars/all/f.txt': '{',
  })
  assert.equal(values(inventory, 'a'), { x: 'c' })
})

const extras: readonly (readonly [argument: string, vars: unknown])[] = [
  ['a=1 b="x y"', { a: '1', b: 'x y' }],
  ["a='{{ b }} c' d={{ x | default('y z') }}", { a: '{{ b }} c', d: "{{ x | default('y z') }}" }],
  ['a=b=c', { a: 'b=c' }],
  ['{"a": 1, "b": [1.5]}', { a: 1, b: [1.5] }],
  ['{a: yes}', { a: true }],
  ['@extra.yml', { a: 420 }],
]

for (const [argument, vars] of extras) {
  test(`-e '${argument}' sets what Ansible sets`, async () => {
    const inventory = await load({ 'hosts.ini': 'h\n', 'extra.yml': 'a: 0644\n' }, { extraVars: [argument] })
    assert.equal(values(inventory, 'h'), vars)
  })
}

const wrong: readonly (readonly [what: string, argument: string, message: RegExp])[] = [
  ['a word without =', 'kube_version', /^--extra-vars:1:1: 'kube_version' is not name=value/],
  ['a file without @', './vars.yml', /write @\.\/vars\.yml/],
  ['an open quote', 'a="b', /unbalanced quotes/],
  ['a list', '[1, 2]', /must be a mapping/],
  ['a missing file', '@none.yml', /^none\.yml:1:1: can't be read: no such file/],
]

for (const [what, argument, message] of wrong) {
  test(`${what} in -e is an error`, async () => {
    const [first = ''] = await problemsOf(() => load({ 'hosts.ini': 'h\n' }, { extraVars: [argument] }))
    assert.match(first, message)
  })
}

test('all broken files are told at once', async () => {
  const files = {
    'hosts.ini': 'h a\n',
    'group_vars/all.yml': '- 1\n',
    'host_vars/x.yml': 'unread: [\n',
    'host_vars/h.yml': 'a: [\n',
  }
  const problems = await problemsOf(() => load({ ...files, 'hosts.ini': 'h\nb c\n' }))
  assert.is(problems.length, 3)
})

test('explain shows value, type, place and everything overridden', async () => {
  const inventory = await load({ 'hosts.ini': 'h v="x"\n[all:vars]\nv=1.0\n', 'group_vars/all.yml': 'v: yes\n' })
  const host = inventory.hosts.get('h')
  assert.ok(host && hostVar(host, 'v'))
  assert.is(
    explainVar(inventory, host, 'v'),
    [
      'v of h',
      '  set by inventory host h, hosts.ini:1:5',
      '  "x"  (text)',
      '    overrides group_vars/all, group_vars/all.yml:1:4',
      '    true  (boolean)',
      '    overrides inventory group [all:vars], hosts.ini:3:3',
      '    1.0  (float)',
    ].join('\n'),
  )
  assert.match(
    (await problemsOf(() => explainVar(inventory, host, 'w')))[0] ?? '',
    /no variable 'w' \(did you mean v\?\)/,
  )
})

test.run()
