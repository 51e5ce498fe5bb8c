import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../engine/failure/index.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import { resolveVar } from '../../engine/values/resolve.ts'
import { askTemplates, python } from './oracle.ts'

// Expressions as they occur in group_vars of kubespray and its like, evaluated here and by Ansible's own Templar.
const directory = mkdtempSync(join(tmpdir(), 'rota-templates-'))
writeFileSync(join(directory, 'text'), '  two\nlines {{ one }}\n\n')
writeFileSync(join(directory, 'password'), 'fk3.Xz salt=abc\n')
test.after(() => rmSync(directory, { recursive: true }))
process.env.ROTA_TEST_WORD = 'from the environment'

const variables = {
  directory,
  one: 1,
  zero: 0,
  half: 0.5,
  neg: -7,
  big: 123456789,
  num: '42',
  yes_text: 'yes',
  no_text: 'no',
  t: true,
  f: false,
  nothing: null,
  empty: '',
  word: 'Hello World',
  lines: 'a\nb\n\nc',
  spaced: '  in the middle  ',
  csv: 'a,b,,c',
  version: 'v1.29.3',
  path: '/etc/kubernetes/admin.conf',
  url: 'https://lb.example.com:6443/healthz',
  uni: 'Grüße ☺',
  list: [3, 1, 2],
  words: ['b', 'a', 'C'],
  mixed: [1, '1', true, null, 1.5],
  nested: [
    [1, 2],
    [3, [4]],
  ],
  none: [],
  map: { b: 2, a: 1 },
  deep: { x: { y: { z: 'found' } }, list: [{ n: 1 }, { n: 2 }] },
  nodes: [
    { name: 'n1', role: 'master', up: true, cpu: 4 },
    { name: 'n2', role: 'worker', up: false, cpu: 8 },
    { name: 'n3', role: 'worker', up: true, cpu: 2 },
  ],
  ref: '{{ one + 1 }}',
  refText: 'port {{ num }}',
}

/** Single expressions: their values are compared with their types. */
const expressions = `
one + 2 * 3 | one / 2 | 7 // 2 | -7 // 2 | 7 % 3 | -7 % 3 | 2 ** 10 | neg | -neg | +one | one ~ num | num ~ half | num * 2 | words + list | 'ab' * 2
[0] * 3 | one == 1 | one == '1' | one != 2 | 1 < 2 | 1 <= one < 2 | 'a' < 'b' | num > '5' | t and f | t or f | not t | empty or 'x' | zero or none or 'y'
word and one | nothing is none | one in list | 9 in list | 'ell' in word | 'a' in map | 'z' not in map | one if t else two | 'x' if f else 'y'
list[0] | list[-1] | list[1:] | list[:2] | list[::2] | list[::-1] | list[2:0:-1] | list[-1:-9:-2] | list[5::-1] | word[::2] | word[8:2:-2] | none[::-1] | word[0] | word[1:4] | word[-3:] | map.a | map['b'] | deep.x.y.z | deep['x']['y'] | deep.list[1].n
deep.list.0.n | nodes[0].name | nope | nope.a | map.nope | nope is defined | map.nope is defined | map.a is defined | nope is undefined
nope ¦ default('d') | map.nope ¦ default('d') | nope.a.b ¦ default('d') | empty ¦ default('d') | empty ¦ default('d', true) | nothing ¦ default('d')
nothing ¦ default('d', true) | zero ¦ default(5, true) | f ¦ default(true) | nope ¦ default(nope2) ¦ default('z') | nope ¦ d('d')
num ¦ int | num ¦ int + 1 | 'x' ¦ int | 'x' ¦ int(9) | '3.7' ¦ int | 3.7 ¦ int | t ¦ int | '0x1f' ¦ int(0, 16) | num ¦ float | 'x' ¦ float | '1e3' ¦ float | one ¦ float
one ¦ string | t ¦ string | half ¦ string | list ¦ string | map ¦ string | yes_text ¦ bool | no_text ¦ bool | 'True' ¦ bool | 1 ¦ bool | 0 ¦ bool | 'on' ¦ bool | 'foo' ¦ bool
empty ¦ bool | nothing ¦ bool | neg ¦ abs | 3.14159 ¦ round(2) | 2.5 ¦ round | 3.5 ¦ round | 2.71 ¦ round(1, 'floor') | 2.71 ¦ round(1, 'ceil')
word ¦ upper | word ¦ lower | word ¦ title | word ¦ capitalize | 'élan vital' ¦ capitalize | spaced ¦ trim | word ¦ length | list ¦ length | map ¦ length | word ¦ replace('l', 'L')
word ¦ replace('l', 'L', 1) | word ¦ reverse | word ¦ first | word ¦ last | list ¦ first | list ¦ last | none ¦ first | list ¦ min | list ¦ max | list ¦ sum | words ¦ min
list ¦ sort | list ¦ sort(reverse=true) | words ¦ sort | words ¦ sort(case_sensitive=true) | nodes ¦ sort(attribute='cpu') ¦ map(attribute='name') ¦ list
list ¦ reverse ¦ list | mixed ¦ unique | [1, 2, 2, 1] ¦ unique | words ¦ join(',') | list ¦ join | nodes ¦ join('-', attribute='name') | none ¦ join(',') | mixed ¦ join(' ')
csv.split(',') | csv ¦ split(',') | word.split() | word.upper() | word.startswith('He') | path.endswith('.conf') | word.replace('o', '0') | word.find('W') | ' x '.strip() | 'xxaxx'.strip('x')
','.join(words) | '%s-%d' % ('a', 5) | '%03d' % 7 | '{}:{}'.format('h', 80) | '%s' ¦ format(word) | map.items() ¦ list | map.keys() ¦ list ¦ sort | map.values() ¦ list ¦ sort | map.get('a') | map.get('q', 'dflt')
map ¦ dict2items | map ¦ dict2items ¦ items2dict | map ¦ dictsort | map ¦ combine({'c': 3}) | deep ¦ combine({'x': {'w': 1}}) | deep ¦ combine({'x': {'w': 1}}, recursive=true) | [map, {'a': 9}] ¦ combine
list ¦ map('string') ¦ list | ['1', '2'] ¦ map('int') ¦ sum | nodes ¦ map(attribute='name') ¦ list | nodes ¦ map(attribute='nope', default='-') ¦ list | words ¦ map('upper') ¦ join('') | words ¦ map('regex_replace', '^', 'x-') ¦ list
nodes ¦ selectattr('up') ¦ list ¦ length | nodes ¦ selectattr('role', 'equalto', 'worker') ¦ map(attribute='name') ¦ list | nodes ¦ selectattr('cpu', '>', 3) ¦ map(attribute='name') ¦ list | nodes ¦ selectattr('role', 'in', ['master']) ¦ map(attribute='name') ¦ list
nodes ¦ rejectattr('up') ¦ map(attribute='name') ¦ list | list ¦ select('odd') ¦ list | list ¦ reject('odd') ¦ list | words ¦ select('match', '[a-b]') ¦ list | mixed ¦ select ¦ list | nodes ¦ groupby('role') ¦ map('first') ¦ list
list ¦ union([9, 1]) ¦ sort | list ¦ intersect([1, 3]) ¦ sort | list ¦ difference([1]) ¦ sort | list ¦ symmetric_difference([1, 9]) ¦ sort | nested ¦ flatten | nested ¦ flatten(levels=1) | [1, [2]] ¦ flatten | [1, 2] ¦ zip(['a', 'b']) ¦ list
version ¦ regex_replace('^v', '') | version ¦ regex_replace('v(\\\\d+)\\\\.(\\\\d+).*', '\\\\2.\\\\1') | version ¦ regex_search('\\\\d+\\\\.\\\\d+') | version ¦ regex_search('(\\\\d+)\\\\.(\\\\d+)', '\\\\1') | word ¦ regex_findall('o') | version ¦ regex_search('nope') | 'a.b' ¦ regex_escape
version is match('v1') | version is match('1') | version is search('29') | version is regex('v\\\\d') | '1.10' is version('1.9', '>') | '1.9' is version('1.10', '<') | '1.2.3' is version('1.2.3', '==') | '1.2' is version('1.2.0', 'ge') | version ¦ regex_replace('v', '') is version('1.29.0', '>=')
one is number | word is string | map is mapping | list is sequence | list is iterable | word is iterable | one is odd | one is even | 6 is divisibleby 3 | one is sameas 1 | t is sameas true | f is false | t is true | 'abc' is lower | 'ABC' is upper
nothing is not none | list is not defined | [1, 2] is subset([1, 2, 3]) | [1, 2, 3] is superset([1]) | list is contains(3) | 1 is in list | [true, true] is all | [true, false] is any | '/a' is abs
path ¦ basename | path ¦ dirname | path ¦ splitext | '~/x' ¦ basename | ['a', 'b'] ¦ path_join | url ¦ urlsplit('hostname') | url ¦ urlsplit('port') | word ¦ hash('sha1') | word ¦ hash('md5') | word ¦ checksum | word ¦ b64encode | 'aGk=' ¦ b64decode | uni ¦ b64encode
t ¦ ternary('a', 'b') | f ¦ ternary('a', 'b') | nothing ¦ ternary('a', 'b', 'c') | (one == 1) ¦ ternary(list, map) | 'n1' ¦ extract({'n1': 5}) | ['a', 'b'] ¦ map('extract', map) ¦ list | map ¦ to_json | list ¦ to_json | '[1, 2]' ¦ from_json | '{"a": 1}' ¦ from_json | 'a: 1' ¦ from_yaml
range(3) ¦ list | range(1, 6, 2) ¦ list | range(3, 0, -1) ¦ list | dict(a=1, b=2) | [1, 2] + [3] | {'a': 1}.a | (1, 2) | [one, ref] | ref | refText | [[1, 2], [3]] ¦ sum(start=[]) | word ¦ quote | "it's" ¦ quote | 'a b' ¦ urlencode | nodes ¦ map('combine', {'k': 1}) ¦ list ¦ first
'a' if one == 2 else 'b' if one == 3 else 'c' | ('a' if f else 'b' if t) | num ¦ int is number ¦ ternary('n', 'x') | version ¦ regex_replace('v') is version('1.12', '>=') ¦ ternary('9962', '9090') | not one is number | one is not sameas 2 | 'a' if one is defined else 'b' | nothing is none and t | f is false or t
lookup('env', 'ROTA_TEST_WORD') | lookup('env', 'ROTA_TEST_NO') | lookup('env', 'ROTA_TEST_NO', default='d') | lookup('env', 'ROTA_TEST_WORD', 'ROTA_TEST_NO') | query('env', 'ROTA_TEST_WORD') | q('ansible.builtin.env', 'ROTA_TEST_NO') | lookup('env', 'ROTA_TEST_WORD', wantlist=true)
lookup('vars', 'one') | lookup('vars', 'ref') | lookup('vars', 'one', 'list') | lookup('vars', 'no' ~ 'pe', default='d') | lookup('vars', 'nope') | lookup('vars', 'nope', errors='ignore') | lookup('vars', 'map').a | query('vars', 'words')
lookup('file', directory ~ '/text') | lookup('file', directory ~ '/text', lstrip=true) | lookup('file', directory ~ '/text', rstrip=false) | lookup('file', directory ~ '/nope') | lookup('file', directory ~ '/nope', errors='ignore')
lookup('first_found', [directory ~ '/nope', directory ~ '/text']) ¦ basename | lookup('first_found', {'files': ['nope', 'password'], 'paths': [directory]}) ¦ basename | lookup('first_found', files=['text'], paths=[directory]) ¦ basename | lookup('first_found', [directory ~ '/nope']) | lookup('first_found', [directory ~ '/nope'], skip=true) | query('first_found', [directory ~ '/nope'], skip=true)
lookup('password', directory ~ '/password length=6 chars=hexdigits') | lookup('nope', 1) | undef() ¦ default('d') | undef() | namespace(a=1).a | dict(a=1).update({'b': 2}) | list.append(4) | [1].append(2) | words.upper() | list.constructor
{}.get('constructor') | {}.constructor ¦ default('none') | {}.hasOwnProperty is defined | map.get('toString') | map.__proto__ is defined | map['constructor'] is defined | [1].constructor is defined | word.constructor is defined | one.constructor is defined | nodes ¦ map(attribute='constructor', default='-') ¦ list | nodes ¦ selectattr('constructor', 'defined') ¦ list | 'constructor' in map | map ¦ combine({'__proto__': {'x': 1}}) | {'__proto__': 1} | {'__proto__': {'x': 1}}.x is defined | '{"__proto__": {"x": 1}}' ¦ from_json | {'__proto__': 1}['__proto__'] | map == {'a': 1, 'b': 2} | {'constructor': 1} == {'a': 1} | [{'key': 1, 'value': 2}] ¦ items2dict(key_name='constructor') | 'constructor' ¦ extract(map) | list ¦ select('constructor') ¦ list
2 ** 64 | 2 ** 63 - 1 | 10 ** 30 // 7 | -(10 ** 20) // 7 | 10 ** 20 % 7 | -(10 ** 20) % 7 | 3 * 'ab' | 3 * [0] | 10 ** 400 > 1 | 10 ** 20 * 3 - 1 | 2 ** -1 | 0 ** 0 | 1 ** 100000 | (10 ** 20) ¦ string | (10 ** 20) is number | (10 ** 20) ¦ type_debug | list * 2
'%5s!' % num | '%-5s!' % num | '%.2f' % half | '%+d' % 5 | '%x' % 255 | '%#x' % 255 | '%5.1f' % 2.25 | '%.3s' % word | '%05d' % neg | '%r' % word | '%d%%' % 5 | '%d %d' % (1, 2) | '%d %d' % one | '%d' % (1, 2) | '%d' % word | '{:>5}'.format('a') | '{:<5}'.format('a') ~ '!' | '{:^5}'.format('ab') ~ '!' | '{:05d}'.format(42) | '{:,}'.format(1234567) | '{:.2f}'.format(0.5) | '{0}{1}{0}'.format('a', 'b') | '{{}}{}'.format(1) | '{:x}'.format(255) | '{:*^7}'.format('a') | '{:+}'.format(5) | '{!r}'.format('a') | '{} {}'.format('a') | '{:5}'.format(7) | '{:>+6d}'.format(7)
lines ¦ indent(2) | lines ¦ indent(2, true) | lines ¦ indent(2, false, true) | lines ¦ indent(width=1) | [1, 'a', 1, 'a', {'k': 1}, {'k': 1}] ¦ unique | 'abcabc'.replace('b', 'x', 1) | 'aXbXc' ¦ replace('X', '-', 1) | 'abc'.replace('', '-') | [1, 2].index(2) | [1, 2].index(9) | 'aaa'.count('a') | 'abc'.count('') | [1, 1, 2].count(1) | [[1, 2], [3]] ¦ sum(start=[]) ¦ length | ['/a', 'b', '/c', 'd'] ¦ path_join | ['a', '../b'] ¦ path_join | nested ¦ flatten(1) | word ¦ hash('nope') | [3, 1] ¦ product(['a', 'b']) ¦ list
'axx' ¦ regex_search('(?P<a>x)(?P=a)') | 'axx' is search('(?P<a>x)(?P=a)') | 'axx' ¦ regex_replace('(?P<a>x)(?P=a)', '<\\\\g<a>>') | word ¦ regex_findall('(?P<x>l)(?P=x)') | version ¦ regex_search('(?P<maj>\\\\d+)\\\\.(?P<min>\\\\d+)', '\\\\g<min>') | word ¦ regex_findall('(l)(o)?') | word ¦ regex_findall('L', ignorecase=True) | lines ¦ regex_findall('^.$', multiline=True) | lines ¦ regex_replace('^', '# ', multiline=True) | lines ¦ regex_search('^c$') | lines ¦ regex_search('(?m)^b$') | lines ¦ regex_findall('(?s)a.b') | word ¦ regex_findall('^.', True) | word ¦ regex_replace('(?i)HELLO', 'x') | word ¦ regex_replace('hello', 'x', ignorecase=True) | word ¦ regex_search('z', '\\\\1') | word ¦ regex_search('(z)?', '\\\\1') | word ¦ regex_search('W(.)', '\\\\2') | word ¦ regex_search('W(.)', 'x') | word ¦ regex_search('(') | word ¦ regex_replace('o', '\\\\q') | word ¦ regex_replace('o', '\\\\1') | word is match('hello', ignorecase=True) | word is search('hello', ignorecase=True) | word is regex('ello', match_type='match') | word is regex('Hello', match_type='fullmatch') | path ¦ regex_escape | uni ¦ regex_escape | uni ¦ regex_search('\\\\w+') | uni ¦ regex_findall('\\\\W') | lines is match('a\\\\nb') | 'ab' ¦ regex_search('(?<=a)b(?!c)') | 'abc' ¦ regex_replace('x*', '-') | word ¦ regex_replace('(?P<h>H)', '\\\\g<h>\\\\g<0>\\\\n') | 'a1b22' ¦ regex_replace('[0-9]+', '') | word ¦ regex_search('[[:alpha:]]+') | 'aaa' ¦ regex_search('a{,2}') | 'x' ¦ regex_search('\\\\Ax\\\\Z') | 'K8S' ¦ regex_search('(?i:k)8s') | 'foo.example.com' ¦ regex_replace('^([^.]+)\\\\..*$', '\\\\1')
1e3 | 1_000 | 0.1 + 0.2 | 10 / 4 | 10 / 5 | 1 == 1.0 | true == 1 | none == none | [1, 'a'] == [1, 'a'] | {'a': 1} == {'a': 1} | 'a' 'b' | omit is defined | word ¦ wordcount | 'abc' ¦ list | word ¦ center(15) | word ¦ truncate(8) | list ¦ batch(2) ¦ list | words ¦ product(list) ¦ list ¦ length | 1024 ¦ human_readable | '1K' ¦ human_to_bytes | nodes ¦ json_query('[].name') | list ¦ random | mixed ¦ type_debug | word ¦ frobnicate
`
  .trim()
  .split(/ \| |\n/)
  .map(text => text.replaceAll('¦', '|').replaceAll('\\\\\\\\', '\\\\').replaceAll('\\\\', '\\'))

/** Whole templates: the text they give, or what Ansible reads that text as. */
const texts = [
  'a {{ one }} b {{ t }} {{ nothing }} {{ half }}',
  '{{ one }}{{ one }}',
  '{{ list }} and {{ map }}',
  '{{ words }}{{ empty }}',
  '{% if t %}yes{% else %}no{% endif %}',
  '{% if nope is defined and nope %}yes{% elif one == 1 %}one{% else %}no{% endif %}',
  '{% for n in nodes %}{{ n.name }}={{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}',
  '{% for n in nodes if n.up %}{{ loop.index0 }}{{ n.name }} {% endfor %}',
  '{% for n in none %}x{% else %}empty{% endfor %}',
  '{% for k, v in map.items() %}{{ k }}{{ v }}{% endfor %}',
  "[{% for n in nodes %}'{{ n.name }}'{% if not loop.last %},{% endif %}{% endfor %}]",
  '{% set x = [] %}{% for n in nodes %}{{ x.append(n.name) }}{% endfor %}{{ x }}',
  '{% set ns = namespace(c=0) %}{% for n in nodes %}{% set ns.c = ns.c + n.cpu %}{% endfor %}{{ ns.c }}',
  "{{ 'x' if f }}",
  "a{{ 'x' if f }}b",
  '{% set l = [1] %}{% set d = l.extend([2, 3]) %}{{ l }}',
  '{% set l = [1, 2] %}{% set d = l.pop() %}{% set d = l.insert(0, 9) %}{{ l }}',
  '{% set d = {} %}{% set x = d.update({"a": 1}) %}{{ d }}',
  '{% for n in nodes if n.cpu > 2 and not n.up %}{{ n.name }}{{ loop.length }}{% else %}none{% endfor %}',
  '{% for n in nodes if n.cpu > 20 %}{{ n.name }}{% else %}none{% endfor %}',
  '{% for k, v in map.items() if v > 1 %}{{ k }}{% endfor %}',
  '{% for n in nodes %}{{ loop.revindex }}{{ loop.previtem.name | default("-") }}{{ loop.nextitem.name | default("-") }}{% endfor %}',
  '{% set ns = namespace(a=1, b="x") %}{% if t %}{% set ns.a = 2 %}{% endif %}{{ ns.a }}{{ ns.b }}{{ ns.c | default("d") }}',
  '{% set one = 5 %}{{ one }}',
  '{% set list.x = 5 %}',
  '[\n{% for n in nodes -%}\n"{{ n.name }}",\n{% endfor -%}\n]',
  '{\n  "{{ word }}": {\n    "a": "{{ one }}"\n\n  }\n}\n',
  ' [1, 2]',
  '[1, 2] # note',
  "['a'\n'b']",
  "['a\nb']",
  'a\n{% if t %}\nb\n{% endif %}\nc\n',
  '{% if t %}\n  indented\n{% endif %}\n',
  '{%- if t %}\n  tight\n{%- endif %}\nend',
  "{{ 'a' if one == 2 else 'b' if one == 3 else 'c' }}",
  'x{# a comment #}y',
  'x{# a\ncomment #}\ny\n',
  'x {#- a comment -#}\n y',
  '{% raw %}{{ kept }}{% endraw %}',
  '  {{- one -}}  |',
  '{%- if t -%}  tight  {%- endif -%}',
  '{{ "{{" }}',
  "{{ 'True' }}",
  "{{ '[1, 2]' }}",
  "{'a': {{ one }}}",
  'True',
  '{{ uni }} {{ word | lower }}',
  'line\n{{ one }}\n',
  '{{ nope }} text',
  '{{ one | }}',
  '{% if %}',
]

async function mine(template: string): Promise<string | null> {
  const extra = JSON.stringify({ ...variables, template })
  const inventory = await loadInventory({ sources: ['h,'], extraVars: [extra] })
  const host = inventory.hosts.get('h')
  assert.ok(host)
  try {
    const value = resolveVar(inventory, host, 'template')?.value
    return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part)) ?? null
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    assert.ok(
      error.reason.problems.every(problem => problem.origin),
      `every problem has a place: ${error.message}`,
    )
    return null
  }
}

/** JSON with sorted keys. */
const normal = (json: string | null): string | null => json && JSON.stringify(sorted(JSON.parse(json)))
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** Not there: a located error, never another value. */
const refused: ReadonlySet<string> = new Set([
  // It would change the inventory for whatever is evaluated next.
  'list.append(4)',
  'deep.list.0.n',
  "nodes | groupby('role') | map('first') | list",
  "'a: 1' | from_yaml",
  '1e3',
  '1_000',
  "'a' 'b'",
  'word | center(15)',
  'word | truncate(8)',
  '1024 | human_readable',
  "'1K' | human_to_bytes",
  'list | random',
])
/**
 * A lone expression keeps its type, as in Ansible 2.19; in 2.14 what looks like a number, a list or a boolean changes
 * it.
 */
const keepsType: ReadonlySet<string> = new Set([
  "lookup('vars', 'ref')",
  '[one, ref]',
  'ref',
  "{{ 'True' }}",
  "{{ '[1, 2]' }}",
])

function compare(text: string, ours: string | null, theirs: string | null): void {
  if (refused.has(text)) assert.is(ours, null, 'it is there now: take it off the list')
  else if (keepsType.has(text)) assert.is.not(normal(ours), normal(theirs))
  else assert.is(normal(ours), normal(theirs))
}

if (python === undefined) {
  test.skip('templates give what they give Ansible (ansible-core is not installed)')
} else {
  // As JSON inside the template: outside of it, this Ansible turns numbers into text.
  const asked = [...expressions.map(text => `{{ (${text}) | to_json }}`), ...texts]
  const answers = askTemplates(variables, asked)
  expressions.forEach((text, index) => {
    test(`{{ ${text} }}`, async () => {
      const answer = answers[index] ?? null
      const value = answer === null ? null : JSON.parse(answer)
      const theirs = typeof value === 'string' ? value : answer
      const ours = await mine(`{{ ${text} }}`)
      compare(text, ours, theirs)
    })
  })
  texts.forEach((text, index) => {
    test(JSON.stringify(text), async () => {
      const ours = await mine(text)
      const theirs = answers[expressions.length + index] ?? null
      compare(text, ours, theirs)
    })
  })
}

test.run()
