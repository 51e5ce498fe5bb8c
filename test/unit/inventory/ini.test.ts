import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, problemsOf, values } from './support.ts'

const ini = (text: string) => load({ 'hosts.ini': text })

test('a host line splits as by shlex first, so that "23" is a number there and text under :vars', async () => {
  const inventory = await ini('[web]\nh x="23" y=\'"23"\' z="a b" w=a#comment\n[web:vars]\nq="23"\n')
  assert.equal(values(inventory, 'h'), { q: '23', x: 23, y: '23', z: 'a b', w: 'a' })
})

test('a port belongs to the first mention of a host', async () => {
  const inventory = await ini('h:2222\nh:2223\n[::1]:22\n')
  assert.is(inventory.hosts.get('h')?.port, 2222)
  assert.is(inventory.hosts.get('::1')?.port, 22)
})

test('children may be declared after they are used', async () => {
  const inventory = await ini('[top:children]\nlate\n[late]\nh\n')
  assert.equal(inventory.hosts.get('h')?.groups, ['late', 'top'])
})

test('a host is in ungrouped when it is in no other group', async () => {
  const inventory = await ini('lone\nboth\n[web]\nboth\n')
  assert.equal(inventory.groups.get('ungrouped')?.hosts, ['lone'])
  assert.equal(inventory.hosts.get('lone')?.groups, ['ungrouped'])
})

test('every variable knows its line and column', async () => {
  const inventory = await ini('[web]\nh a=1  b="x"\n\n[web:vars]\n  c =  5\n')
  const vars = inventory.hosts.get('h')?.vars
  assert.equal(vars?.get('b')?.origin, { file: 'hosts.ini', line: 2, column: 10 })
  assert.equal(vars?.get('c')?.origin, { file: 'hosts.ini', line: 5, column: 8 })
})

const wrong: readonly (readonly [what: string, text: string, message: string])[] = [
  [
    'an unknown kind of section',
    '[web:var]\n',
    "hosts.ini:1:1: section [web:var] has unknown type 'var' (did you mean vars?)",
  ],
  [
    'a section with spaces',
    '[my web]\nh\n',
    "hosts.ini:1:1: invalid section '[my web]' (a section is [group], [group:children] or [group:vars], without spaces)",
  ],
  [
    'an undeclared child',
    '[web]\nh\n[all2:children]\nwbe\n',
    "hosts.ini:4:1: child group 'wbe' is not declared (did you mean web?)",
  ],
  [
    'variables of an undeclared group',
    'h\n[web:vars]\na=1\n',
    'hosts.ini:2:1: section [web:vars] is for a group that nothing declares',
  ],
  [
    'a word without =',
    'h a=1 b\n',
    "hosts.ini:1:7: expected key=value, got 'b' (one host a line, then key=value pairs; quote values with spaces)",
  ],
  ['an open quote', 'h  a="b\n', "hosts.ini:1:6: host line can't be split: No closing quotation"],
  ['a colon without a port', 'all:\n', "hosts.ini:1:1: 'all:' ends in ':', which is reserved for a port"],
  ['an empty range', 'h[3:1]\n', 'hosts.ini:1:1: host range [3:1]: is empty: begin is after end'],
  [
    'a range beyond reason',
    'h[1:99999999]\n',
    'hosts.ini:1:1: host range [1:99999999]: stands for more than 100000 hosts',
  ],
  [
    'a range without a close',
    'h[1:3\n',
    "hosts.ini:1:1: 'h[1:3' is not a host range (a range is written [begin:end] or [begin:end:step])",
  ],
  [
    'a loop of groups',
    '[a:children]\nb\n[b:children]\na\n[c]\nh\n',
    "hosts.ini:4:1: group 'a' can't be a child of 'b': that would be a loop",
  ],
  [
    'a name that ssh would take for an option',
    '-oProxyCommand=x\n',
    "hosts.ini:1:1: '-oProxyCommand=x' is no host name: it begins with a dash",
  ],
  ['no host at all', '# h\n', 'hosts.ini:1:1: the inventory holds no host'],
]

for (const [what, text, message] of wrong) {
  test(`${what} is an error with its place`, async () => {
    assert.equal(await problemsOf(() => ini(text)), [message])
  })
}

test('a sample whose hosts are comments is told as such', async () => {
  const sample = '[kube_control_plane]\n# m1\n[etcd:children]\nkube_control_plane\n[kube_node]\n# n1\n'
  assert.equal(await problemsOf(() => ini(sample)), [
    'hosts.ini:1:1: the inventory holds no host (its groups kube_control_plane, etcd, kube_node are empty: in a sample hosts are comments; write yours there)',
  ])
})

test('all errors of a file are told at once', async () => {
  assert.is((await problemsOf(() => ini('h a\n[web:x]\nz\n[y:children]\nnone\n'))).length, 3)
})

test.run()
