import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure, isFailure } from '../../engine/failure/index.ts'
import { resolveVar } from '../../engine/values/resolve.ts'
import { cpuTime } from '../cpu-time.ts'
import { load } from '../unit/inventory/support.ts'

// An inventory whose templates reach for JavaScript's own objects, make what has no end, or match what takes for ever.

/** One variable of an inventory. Whatever it holds, the answer comes soon, and a refusal says where. */
async function evaluate(template: string, others: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const lines = Object.entries({ ...others, t: template }).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
  const inventory = await load({ 'hosts.ini': 'h\ni\n', 'group_vars/all.yml': lines.join('') })
  const host = inventory.hosts.get('h')
  assert.ok(host)
  const started = cpuTime()
  try {
    return resolveVar(inventory, host, 't')?.value
  } catch (error) {
    assert.instance(error, Failure, `${template}: ${error instanceof Error ? error.stack : error}`)
    for (const { origin, message } of isFailure(error, 'refused') ? error.reason.problems : []) {
      assert.is(origin?.file, 'group_vars/all.yml', `${template}: ${message}`)
      assert.not.match(
        message,
        /RangeError|TypeError|SyntaxError|call stack|Invalid (?:string|array)|undefined is not|\[object|=>/,
      )
    }
    throw error
  } finally {
    const seconds = (cpuTime() - started) / 1000
    assert.ok(seconds < 15, `${template} took ${seconds.toFixed(1)} s`)
  }
}

async function refusal(template: string, others: Readonly<Record<string, unknown>> = {}): Promise<string> {
  try {
    const value = await evaluate(template, others)
    return `it gave ${String(value).slice(0, 100)}`
  } catch (error) {
    if (isFailure(error, 'refused')) return error.message
    throw error
  }
}

/** Names that every object of JavaScript has, and Python's mappings, lists and texts don't. */
const strangers = [
  'constructor',
  'hasOwnProperty',
  '__proto__',
  'toString',
  'valueOf',
  'isPrototypeOf',
  '__defineGetter__',
]

for (const name of strangers) {
  test(`'${name}' is no part of anything`, async () => {
    const parts = { map: { a: 1 }, list: [{ a: 1 }], word: 'w', one: 1 }
    for (const target of [
      '{}',
      'map',
      'list',
      '[1]',
      'word',
      "'x'",
      'one',
      'hostvars',
      'groups',
      'group_names',
      'dict(a=1)',
      'namespace(a=1)',
    ]) {
      assert.is(await evaluate(`{{ ${target}.${name} is defined }}`, parts), false, target)
      assert.is(await evaluate(`{{ ${target}['${name}'] is defined }}`, parts), false, target)
      assert.match(
        await refusal(`{{ ${target}.${name}('x') }}`, parts),
        /^group_vars\/all\.yml:\d+:\d+: .*(?:can't be called|undefined)/,
      )
    }
    const nothing: readonly (readonly [template: string, value: unknown])[] = [
      [`{{ {}.get('${name}') }}`, null],
      [`{{ map.get('${name}', 'd') }}`, 'd'],
      [`{{ '${name}' in map }}`, false],
      [`{{ list | map(attribute='${name}', default='d') | list }}`, ['d']],
      [`{{ list | selectattr('${name}', 'defined') | list }}`, []],
      [`{{ list | rejectattr('${name}') | list | length }}`, 1],
      [`{{ {'${name}': 1} == {'a': 1} }}`, false],
      [`{{ lookup('vars', '${name}', default='d') }}`, 'd'],
      [`{{ hostvars['${name}'] is defined }}`, false],
      [`{{ hostvars['i'].${name} is defined }}`, false],
      [`{% set x = {} %}{{ x.${name} is defined }}`, false],
      [`{% for x in list %}{{ x.${name} is defined }}{{ loop.${name} is defined }}{% endfor %}`, 'FalseFalse'],
      [`{{ word.upper.${name} is defined }}`, false],
    ]
    for (const [template, value] of nothing) assert.equal(await evaluate(template, parts), value, template)
    for (const template of [
      `{{ {}.get('${name}')('x') }}`,
      `{{ '${name}' | extract(map) }}`,
      `{{ [{'key': 1}] | items2dict(key_name='${name}') }}`,
      `{{ list | map('${name}') | list }}`,
      `{{ list | select('${name}') | list }}`,
      `{{ word | ${name} }}`,
      `{{ word is ${name} }}`,
      `{{ ${name}('x') }}`,
      `{{ lookup('${name}', 'x') }}`,
      `{{ word | hash('${name}') }}`,
      `{{ 'http://a/b' | urlsplit('${name}') }}`,
      `{{ 'x' | regex_search('(?P<a>x)', '\\\\g<${name}>') }}`,
    ])
      assert.match(await refusal(template, parts), /^group_vars\/all\.yml:\d+:\d+: template of 't': /, template)
  })
}

test('a key that is called __proto__ is a key like any other, and nothing else changes', async () => {
  const evil = '{"__proto__": {"polluted": true}, "constructor": 1}'
  for (const template of [
    `{{ ${evil} }}`,
    '{{ text | from_json }}',
    '{{ {} | combine(map) }}',
    '{{ {} | combine(map, recursive=true) }}',
    '{% set x = {} %}{% set y = x.update(map) %}{{ x | to_json | from_json }}',
    '{{ map | dict2items | items2dict }}',
    '{{ dict(**{}) }}',
    "{{ dict(__proto__={'polluted': true}) }}",
    "{{ namespace(__proto__={'polluted': true}).x | default({}) }}",
    "{{ 'x' | default('y', __proto__={'polluted': true}) }}",
  ]) {
    const value = await evaluate(template, { map: JSON.parse(evil), text: evil }).catch(() => undefined)
    assert.is(Reflect.get({}, 'polluted'), undefined, template)
    if (typeof value === 'object' && value !== null)
      assert.is(Reflect.get(value, 'polluted'), undefined, `${template}: its own keys are no prototype`)
  }
  assert.equal(await evaluate('{{ map.__proto__.polluted }}', { map: JSON.parse(evil) }), true)
  assert.equal(await evaluate('{{ (map | combine({"a": 1})).__proto__ }}', { map: JSON.parse(evil) }), {
    polluted: true,
  })
})

const place = String.raw`^group_vars/all\.yml:\d+:\d+: template of 't': `
const large = 'a'.repeat(60_000)

/** What has no end, or no end within reason. */
const endless: readonly (readonly [template: string, why: RegExp, others?: Readonly<Record<string, unknown>>])[] = [
  ["{{ 'A' * 2000000000 }}", /longer than 16777216 characters/],
  ["{{ 2000000000 * 'A' }}", /longer than/],
  ["{{ 'A' * 10 ** 30 }}", /longer than/],
  ["{{ (('A' * 1000000) * 1000) * 1000 }}", /longer than/],
  ['{{ [1] * 2000000000 }}', /more than 1000000 items/],
  ['{{ ([[1] * 100000] * 100000) | flatten | length }}', /more than \d+ steps/],
  ['{{ range(10 ** 9) | list | length }}', /more than 1000000 items/],
  ['{{ range(0, 10, 0) }}', /step of a range/],
  ['{{ 10 ** 100000 }}', /more than 4300 digits/],
  ['{{ (10 ** 4000) * (10 ** 4000) }}', /more than 4300 digits/],
  ['{{ 1.5 ** 100000 }}', /too large/],
  ["{{ '%1000000000d' % 1 }}", /longer than/],
  ["{{ '%.1000000000f' % 1 }}", /precision/],
  ["{{ '{:>1000000000}'.format('x') }}", /longer than/],
  ["{{ 'x' | center(1000000000) }}", /filter 'center' is not supported/],
  ["{{ 'a\\nb' | indent(10 ** 9) }}", /longer than/],
  ["{{ ('a' * 10000) | replace('a', 'b' * 10000) }}", /longer than/],
  ["{{ ('a' * 10000).replace('', 'b' * 10000) }}", /longer than/],
  ["{{ ('a' * 10000) | regex_replace('a', 'b' * 10000) }}", /longer than/],
  ["{{ (range(100000) | list) | join('x' * 10000) }}", /longer than/],
  ["{{ ('x' * 10000).join(range(100000) | list) }}", /longer than/],
  ['{{ range(10000) | product(range(10000)) | list }}', /more than 1000000 items/],
  [
    "{{ range(300000) | map('string') | map('upper') | map('lower') | map('string') | map('upper') | map('lower') | list }}",
    /more than 2000000 steps/,
  ],
  ['{{ range(5000) | unique | list }}', /more than 2000000 steps/],
  ['{{ range(5000) | difference(range(5000)) }}', /more than 2000000 steps/],
  ["{{ (['x' * 10000000] * 1000) | map('upper') | list }}", /more than 2000000 steps/],
  ['{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}', /more than 2000000 steps/],
  ['{% for a in range(100000) %}{{ word }}{% endfor %}', /longer than/, { word: large }],
  [
    "{% set ns = namespace(x='a') %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    /longer than/,
  ],
  [
    '{% set ns = namespace(x=[1]) %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}',
    /more than 1000000 items/,
  ],
  [
    '{% set ns = namespace(x=[1]) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}',
    /more than 1000000 parts/,
  ],
  [
    '{% set ns = namespace(x=[1]) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | to_json }}',
    /more than 1000000 parts/,
  ],
  [
    '{% set ns = namespace(x=[1]) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | flatten | length }}',
    /more than 2000000 steps/,
  ],
  [
    '{% set ns = namespace(x=[1], y=[1]) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}',
    /more than 1000000 parts/,
  ],
  ['{% set ns = namespace(x=[1]) %}{% for a in range(20000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}', /nested/],
  ['{% set x = [] %}{% set y = x.append(x) %}{{ x }}', /nested more than 500 deep/],
  ['{% set x = {} %}{% set y = x.update({"x": x}) %}{{ x | to_nice_json }}', /nested more than 500 deep/],
  ['{% set x = [1] %}{% for a in range(100) %}{% set y = x.extend(x) %}{% endfor %}{{ x }}', /more than 1000000 items/],
  [`{{ '${'['.repeat(5000)}${']'.repeat(5000)}' | from_json }}`, /nested more than 500 deep/],
  [`{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`, /nested too deeply/],
  [`{{ ${'['.repeat(50_000)}${']'.repeat(50_000)} }}`, /nested too deeply/],
  [`{{ ${'not '.repeat(50_000)}true }}`, /nested too deeply/],
  [`{{ ${'- '.repeat(50_000)}1 }}`, /nested too deeply/],
  [`{{ 1${' + 1'.repeat(50_000)} }}`, /nested too deeply/],
  [`{{ a${'.a'.repeat(50_000)} }}`, /nested too deeply/],
  [`{{ 1${' | string'.repeat(50_000)} }}`, /nested too deeply/],
  [`${'{% if true %}'.repeat(50_000)}`, /nested too deeply|expected|parse/],
  ['{{ t }}', /'t' is made from itself: t → t/],
  ['{{ u }}', /'t' is made from itself: t → u → v → t/, { u: '{{ v }}', v: 'x{{ t }}' }],
  ["{{ hostvars['i'].u }}", /'u' is made from itself: t → u → u → u/, { u: "{{ hostvars['h'].u }}" }],
  ["{{ lookup('vars', 'u') }}", /'t' is made from itself: t → u → t/, { u: "{{ lookup('vars', 't') }}" }],
]

for (const [template, why, others] of endless) {
  test(`${template.slice(0, 90)} is refused at its place, soon`, async () => {
    const message = await refusal(template, others)
    assert.match(message, why)
    assert.match(message, /^group_vars\/all\.yml:\d+:\d+: /)
  })
}

test('depth has a limit of its own, well before the stack is full: a full one may end the process', async () => {
  assert.is(await evaluate(`{{ 1${' + 1'.repeat(400)} }}`), 401)
  for (const template of [
    `{{ 1${' + 1'.repeat(600)} }}`,
    `{{ 1${' | int'.repeat(600)} }}`,
    `{{ 1 if ${'1 else 1 if '.repeat(600)}1 else 2 }}`,
    `${'{% if true %}'.repeat(500)}${'{% endif %}'.repeat(500)}`,
  ])
    assert.match(await refusal(template), /nested too deeply/, template.slice(0, 30))
  const chain = Object.fromEntries(
    Array.from({ length: 80 }, (_, at) => [`v${at}`, `{{ v${at + 1}${' + 1'.repeat(20)} }}`]),
  )
  assert.match(await refusal('{{ v0 }}', { ...chain, v80: 1 }), /nested too deeply/)
})

test('variables that are made from one another without end are refused, wherever they lead', async () => {
  const chain = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`v${at}`, `{{ v${at + 1} }}`]))
  assert.match(
    await refusal('{{ v0 }}', chain),
    /'t' needs more than 100 variables, one made from the other, up to 'v99'/,
  )
  const short = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`v${at}`, `{{ v${at + 1} }}`]))
  assert.is(await evaluate('{{ v0 }}', { ...short, v50: 'end' }), 'end')
  const tree = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`v${at}`, [`{{ v${at + 1} }}`, `{{ v${at + 1} }}`]]),
  )
  assert.match(await refusal('{{ v0 }}', { ...tree, v60: 1 }), /more than 2000000 steps/)
})

const slow: readonly (readonly [template: string, value: unknown])[] = [
  ["{{ ('a' * 30 + '!') | regex_search('^(a+)+$') }}", null],
  ["{{ ('a' * 50000 + '!') | regex_search('^(a+)+$') }}", null],
  ["{{ ('a' * 50000 + '!') is match('(a|a)*$') }}", false],
  ["{{ ('a' * 50000 + '!') is search('^(a|aa)+$') }}", false],
  ["{{ ('x' * 50000) is regex('(x+x+)+y') }}", false],
  ["{{ ('a' * 50000) | regex_replace('(a*)*b', '') | length }}", 50_000],
  ["{{ ('a' * 2000) | regex_findall('(?=(a+))b') }}", []],
  ["{{ ('a' * 40) | regex_search('(a?){40}a{40}') | length }}", 40],
]
for (const [template, value] of slow) {
  test(`${template} takes no longer than its text`, async () => assert.equal(await evaluate(template), value))
}

const hopeless: readonly (readonly [template: string, why: RegExp])[] = [
  ["{{ ('a' * 40 + 'b') | regex_search('^(?:(a+)+)\\\\1$') }}", /more than 2000000 steps/],
  ["{{ ('a' * 30000) | regex_findall('(?=(a+))a') | length }}", /more than 2000000 steps/],
  ["{{ 'a' | regex_search('(a{1000}){1000}') }}", /repeats too much/],
  ["{{ 'a' | regex_search('(?:){1000000000}') }}", /repeats too much/],
  [`{{ 'a' | regex_search('${'('.repeat(5000)}') }}`, /nested more than 100 deep/],
  ["{{ 'a' | regex_search('(') }}", /unterminated subpattern at position 1/],
  ["{{ 'a' | regex_replace('a', '\\9') }}", /invalid group reference 9/],
]
for (const [template, why] of hopeless) {
  test(`${template.slice(0, 90)} is refused at its place`, async () => {
    const message = await refusal(template)
    assert.match(message, new RegExp(place))
    assert.match(message, why)
  })
}

test('a template whose text is long and odd is read or refused soon', async () => {
  const many = 20_000
  for (const piece of [
    "{{ '",
    "'\\",
    '{#',
    '{% raw %}',
    '{{',
    '}}',
    '{%',
    '{% if x %}',
    '{{ "a" }}',
    '{{ a.',
    '{{ [',
    '{{ {',
    "{{ '\\'",
    '-',
    '{{ a|',
    '"\'',
    '{{ 1 ',
    '\n{{',
    '{% set ',
  ])
    await evaluate(`{{ ${piece.repeat(many / piece.length)}`).catch(error => assert.instance(error, Failure))
})

test('a file that is looked up is a file, and not larger than a text may be', async () => {
  const file = join(tmpdir(), `rota-large-${process.pid}`)
  writeFileSync(file, 'x')
  truncateSync(file, 64 * 1024 ** 3)
  try {
    assert.match(await refusal(`{{ lookup('file', '${file}') }}`), /larger than/)
    assert.match(await refusal("{{ lookup('file', '/dev/zero') }}"), /no file/)
    assert.match(await refusal("{{ lookup('password', '/dev/zero') }}"), /no file/)
  } finally {
    rmSync(file)
  }
})

for (const [what, round] of [
  ['a long text turned round', '{% if text[::-1] %}{% endif %}'],
  ['a copy of a long list', '{% if list[:] %}{% endif %}'],
  ['long lists compared', '{% if list == other %}{% endif %}'],
  ['a long list searched', "{% if 'q' in list %}{% endif %}"],
  ['a long text searched', "{% if 'q' in text %}{% endif %}"],
] as const)
  test(`${what}, again and again, ends at the limit of steps`, async () => {
    const long = "{% set list = range(300000) %}{% set other = range(300000) %}{% set text = 'x' * 8000000 %}"
    assert.match(await refusal(`${long}{% for i in range(30000) %}${round}{% endfor %}`), /more than 2000000 steps/)
  })

test('nothing, and what is no number, give no number and no exception', async () => {
  assert.is(await evaluate('{{ [] | path_join }}'), '')
  for (const filter of ['abs', 'round'])
    for (const input of ["{'a': 1}", '[]', '[1]', "'w'", "''", 'none'])
      assert.match(await refusal(`{{ ${input} | ${filter} }}`), /a number is needed/, `${input} | ${filter}`)
  assert.is(await evaluate('{{ 1.5 | round(400) }}'), 1.5)
})

test('what is no data never becomes a value', async () => {
  for (const template of [
    '{{ hostvars }}',
    "{{ hostvars['h'] }}",
    '{{ word.upper }}',
    '{{ [word.upper] }}',
    'x{{ word.upper }}',
    'x{{ hostvars }}',
    '{{ namespace(a=1) }}',
    '{{ {}.get }}',
  ])
    assert.match(await refusal(template, { word: 'w' }), /no value/, template)
  assert.is(await evaluate('{{ one.t2 }}', { one: "{{ hostvars['i'] }}", t2: 'two' }), 'two')
})

test.run()
