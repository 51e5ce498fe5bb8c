import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readYamlQuickly } from '../../../engine/inventory/formats/yaml-quick.ts'
import { readYaml, readYamlFully } from '../../../engine/inventory/formats/yaml-read.ts'
import { resolvePlain } from '../../../engine/inventory/formats/yaml-scalar.ts'
import type { Node } from '../../../engine/python/node.ts'
import { toValue } from '../../../engine/python/node.ts'
import { load, problemsOf, values } from './support.ts'

const table: readonly (readonly [text: string, value: unknown])[] = [
  ['yes', true],
  ['Off', false],
  ['y', 'y'],
  ['n', 'n'],
  ['0644', 420],
  ['08', '08'],
  ['0o17', '0o17'],
  ['0x1F', 31],
  ['0b11', 3],
  ['1_000', 1000],
  ['1e3', '1e3'],
  ['1.0e+3', 1000],
  ['1:30', 90],
  ['-1:30', -90],
  ['190:20:30.5', 685230.5],
  ['~', null],
  ['', null],
  ['.inf', Number.POSITIVE_INFINITY],
  ['2024-01-02', '2024-01-02'],
  ['2024-1-2 3:04:05.25 +1', '2024-01-02T03:04:05.250000+01:00'],
  ['v1.2', 'v1.2'],
  ['1.2.3', '1.2.3'],
  ['12345678901234567890', 12345678901234567890n],
]

for (const [text, value] of table) {
  test(`the plain YAML value '${text}' is read as PyYAML reads it`, () => assert.is(resolvePlain(text).value, value))
}

const value = (text: string) => {
  const { node, problems } = readYaml(text, 'f.yml')
  assert.equal(problems, [])
  return node === undefined ? undefined : toValue(node, 'f.yml', cipher => cipher)
}

test('<< merges mappings: own keys win, of a list the first', () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  y: 3\n'
  assert.equal(value(text), { a: { x: 1, y: 1 }, b: { x: 2, z: 2 }, c: { x: 1, z: 2, y: 3 } })
})

test('a key that is there twice warns and the last one counts', () => {
  const { node, warnings } = readYaml('a: 1\nb: 2\na: 3\n', 'f.yml')
  assert.equal(warnings, ["f.yml:3:1: key 'a' is there twice; the last one counts"])
  assert.equal(node && toValue(node, '', cipher => cipher), { a: 3, b: 2 })
})

test('__proto__ is a key like any other', () => {
  const read = value('__proto__: {x: 1}\n')
  assert.is(Object.getPrototypeOf(read), Object.prototype)
  assert.equal(Object.keys(read as object), ['__proto__'])
})

test('nested values can be located', async () => {
  const inventory = await load(
    { 'hosts.yml': 'all:\n  hosts:\n    h:\n      a:\n        - x\n        - {b: 1}\n' },
    { sources: ['hosts.yml'] },
  )
  const variable = inventory.hosts.get('h')?.vars.get('a')
  assert.equal(variable?.locate([1, 'b']), { file: 'hosts.yml', line: 6, column: 15 })
  assert.equal(variable?.locate(['nothing']), variable?.origin)
})

const written = fc.constantFrom(
  '',
  ' 1',
  ' text here',
  ' text  here ',
  '   "q" ',
  " 's'",
  ' a:b',
  ' a::b#:c',
  ' a:',
  ' a: b',
  ' x # c',
  ' x#y',
  ' [1]',
  ' []',
  ' {}',
  ' |',
  ' &x 1',
  ' *x',
  ' !unsafe x',
  ' "a\\n"',
  " 'it''s'",
  ' -',
  ' -1',
  ' - x',
  ' %',
  ' ~',
  ' 0644',
  ' é',
  ' :',
  ' "a" b',
  ' # c',
  ' x\ty',
  ' x\xa0y',
  ' x\u3000',
)
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '  ', '    ', '   '),
      fc.constantFrom('a', 'b', 'key', '"a"', '"q"', "'s'", 'yes', 'on', '1', '0x1', 'a-b', 'x y', '-'),
      written,
    )
    .map(([indent, key, rest]) => `${indent}${key}:${rest}`),
  fc.constantFrom(
    '',
    '# comment',
    '  # indented',
    '- a',
    '  - b',
    '  - "c"',
    '    - 1',
    '  text',
    '    more',
    '- a: 1',
    '---',
    '...',
    '\t',
  ),
)

/** The quick reader's mappings make their entries when asked. */
function plain(node: Node): unknown {
  if (node.kind === 'list') return { ...node, items: node.items.map(plain) }
  if (node.kind === 'scalar') return node
  const { kind, line, column } = node
  return { kind, line, column, entries: node.entries.map(entry => ({ key: entry.key, node: plain(entry.node) })) }
}

function agrees(text: string): boolean {
  const quick = readYamlQuickly(text)
  if (quick === undefined) return false
  const { node, problems, warnings } = readYamlFully(text, 'f.yml')
  assert.equal({ problems, warnings }, { problems: [], warnings: [] }, text)
  assert.equal(plain(quick), node && plain(node), text)
  return true
}

test('the quick reader agrees with the yaml package wherever it answers', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 7 }), fc.boolean(), (lines, hasEnd) => {
      agrees(lines.join('\n') + (hasEnd ? '\n' : ''))
    }),
    { numRuns: 20_000, seed: 7 },
  )
})

test('so it does where a mapping has the keys of hundreds before it, or nearly', () => {
  const keys = ['a', 'b.c/d', '"q"', 'yes', 'a-b']
  const usual = keys.map(key => `${key}: 1\n`).join('')
  const block = keys.map(key => `    ${key}: 1\n`).join('')
  assert.ok(agrees(Array.from({ length: 300 }, (_, host) => `host${host}:\n${block}`).join('')))
  const usually = fc.oneof({ arbitrary: fc.constantFrom(' x', '  1 '), weight: 9 }, { arbitrary: written, weight: 1 })
  const changed = fc.tuple(fc.nat(keys.length), fc.nat(1), fc.array(line, { maxLength: 1 }))
  const answers = { same: 0, other: 0 }
  fc.assert(
    fc.property(
      fc.array(usually, { minLength: 5, maxLength: 5 }),
      fc.option(changed, { nil: undefined }),
      fc.boolean(),
      (rests, change, hasEnd) => {
        for (let host = 0; host < 300; host += 1) readYamlQuickly(usual)
        const lines = keys.map((key, index) => `${key}:${rests[index]}`)
        if (change !== undefined) lines.splice(change[0], change[1], ...change[2])
        const text = lines.join('\n') + (hasEnd ? '\n' : '')
        if (agrees(text)) answers[change === undefined ? 'same' : 'other'] += 1
        assert.ok(agrees(usual))
        assert.ok(agrees(usual.replace('b.c/d', 'b-c/d')))
      },
    ),
    { numRuns: 1000, seed: 7 },
  )
  assert.ok(answers.same > 100 && answers.other > 100)
})

test('a character that YAML forbids, or that ends a line, is left to the yaml package wherever it is', () => {
  const text = '---\n# comment\nall: # c\n  "q": \'s\'\n  a:\n    b: "x"\n    c: text here\n\n  d:\n  - e\n'
  assert.ok(agrees(text))
  for (const char of ['\x00', '\t', '\v', '\r', '\x1b', '\x7f', '\x85', '\x9f', '\u2028', '\u2029', '\ufeff']) {
    for (let at = 0; at <= text.length; at += 1) {
      assert.is(
        readYamlQuickly(text.slice(0, at) + char + text.slice(at)),
        undefined,
        `${JSON.stringify(char)} at ${at}`,
      )
    }
  }
})

const wrong: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    'a list of hosts',
    'all:\n  hosts:\n    - a\n',
    /^hosts\.yml:3:5: "hosts" of group 'all' must be a mapping, not a list/,
  ],
  ['text instead of groups', 'just text\n', /^hosts\.yml:1:1: a YAML inventory is a mapping of groups; it is a text/],
  ['a number for a group', '1: {}\n', /^hosts\.yml:1:1: group name '1' is a int \(quote it\)/],
  ['a number for a host', 'all: {hosts: {5: }}\n', /^hosts\.yml:1:15: host name '5' is a int \(quote it\)/],
  ['a group that is text', 'web: x\n', /^hosts\.yml:1:1: group 'web' must be a mapping/],
  [
    'variables of a host that are a list',
    'all:\n  hosts:\n    h: [1]\n',
    /^hosts\.yml:3:8: variables of host 'h' must be a mapping/,
  ],
  ['broken YAML', 'all:\n  hosts: {a: 1\n', /^hosts\.yml:\d+:\d+: not valid YAML/],
  ['an unknown alias', 'all:\n  hosts: *x\n', /^hosts\.yml:2:\d+: not valid YAML|alias \*x/],
  ['two documents', 'all:\n---\nb:\n', /^hosts\.yml:\d+:\d+: not valid YAML/],
  ['an unknown tag', 'all:\n  vars: {a: !x 1}\n', /^hosts\.yml:2:\d+: tag !x is not supported/],
  ['an empty file', '', /^hosts\.yml:1:1: a YAML inventory is a mapping of groups; it is empty/],
  ['an inventory plugin', 'plugin: aws_ec2\n', /^hosts\.yml:1:1: inventory plugins are not supported/],
]

for (const [what, text, message] of wrong) {
  test(`${what} is an error with its place`, async () => {
    const [first = ''] = await problemsOf(() => load({ 'hosts.yml': text }, { sources: ['hosts.yml'] }))
    assert.match(first, message)
  })
}

test('a misspelt section is told, not silently dropped', async () => {
  const inventory = await load(
    { 'hosts.yml': 'all:\n  hosts: {a: }\n  childern: {web: }\n' },
    { sources: ['hosts.yml'] },
  )
  assert.equal(inventory.warnings, ["hosts.yml:3:3: 'childern' in group 'all' is not read (did you mean children?)"])
  assert.equal(values(inventory, 'a'), {})
})

test.run()
