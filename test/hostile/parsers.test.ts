import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readIni as readConfig } from '../../engine/cli/config/ini.ts'
import { Failure } from '../../engine/failure/index.ts'
import { filesOf } from '../../engine/files/files.ts'
import { parseAddress } from '../../engine/inventory/address.ts'
import { readVariables } from '../../engine/inventory/formats/data-read.ts'
import { readHostList } from '../../engine/inventory/formats/host-list.ts'
import { readJson } from '../../engine/inventory/formats/json-read.ts'
import { expandHostPattern } from '../../engine/inventory/formats/range.ts'
import { shlexSplit } from '../../engine/inventory/formats/shlex.ts'
import { readText } from '../../engine/inventory/formats/source-read.ts'
import { readYaml } from '../../engine/inventory/formats/yaml-read.ts'
import { graphInventory, inventoryTree, loadInventory, splitPatterns } from '../../engine/inventory/index.ts'
import { readExtraVars } from '../../engine/inventory/vars/extra-vars.ts'
import { literalEval } from '../../engine/python/literal.ts'
import { toValue } from '../../engine/python/node.ts'
import { RegexpError, regexp } from '../../engine/regexp/index.ts'
import { parseTemplate, TemplateSyntaxError } from '../../engine/template/parse.ts'
import { createVault, openVault } from '../../engine/vault/vault.ts'
import { cpuTime } from '../cpu-time.ts'
import { load, problemsOf } from '../unit/inventory/support.ts'

// Whoever writes what an operator's run reads: an inventory, a script's output, a vault, a variable. Text that is
// nearly right, wrong in the worst way, or without end. `ROTA_FUZZ_RUNS=100000` looks longer.

const vault = createVault([{ id: 'default', password: 'open' }])
const here = { file: 'f', line: 1, column: 1 }
const readAll = (text: string, path: string) => {
  const { statements } = readText(text, path, new Set())
  for (const one of statements) if (one.kind === 'hosts') one.settings()
}
const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  'an INI inventory': text => readAll(text, 'hosts.ini'),
  'an inventory in YAML': text => readAll(text, 'hosts.yml'),
  'an inventory in JSON': text => readAll(text, 'hosts.json'),
  'an inventory without an ending': text => readAll(text, 'hosts'),
  'a script': text => readAll(`{"_meta": {"hostvars": {}}, ${text}`, 'hosts.json'),
  'variables in YAML': text => {
    const { node } = readVariables(text, 'all.yml')
    if (node) toValue(node, 'all.yml', ciphertext => ciphertext)
  },
  YAML: text => readYaml(text, 'f'),
  JSON: text => readJson(text, 'f'),
  "Python's literals": text => literalEval(text, 1, 1),
  words: shlexSplit,
  'a host pattern with ranges': expandHostPattern,
  'an address': parseAddress,
  'a list of hosts': readHostList,
  'a pattern of hosts': splitPatterns,
  'extra variables': text => readExtraVars([text], filesOf('/nonexistent'), vault),
  'ansible.cfg': text => readConfig(text, 'ansible.cfg'),
  'a vault': text => openVault(`$ANSIBLE_VAULT;1.1;AES256\n${text}`, [{ id: 'default', password: 'open' }], here),
  'the first line of a vault': text => openVault(`$ANSIBLE_VAULT;${text}`, [{ id: 'default', password: 'open' }], here),
  'a template': text => parseTemplate(text),
  'an expression': text => parseTemplate(`{{ ${text} }}`),
  'a regular expression': text => regexp(text),
}

/** How many texts of each kind are made up, and how long one is that repeats itself. */
const runs = Number(process.env.ROTA_FUZZ_RUNS ?? 500)
const size = runs > 500 ? 40_000 : 8000
const around = [
  ['', ''],
  ['a: [', '! x'],
  ...(runs > 1000
    ? [
        ['a', '!'],
        ['"', 'x'],
        ['[', '='],
        ['x ', ' x '],
      ]
    : []),
] as const

const known = [Failure, TemplateSyntaxError, RegexpError]

/** A result, or a refusal in words of ours; soon. */
function soundly(name: string, read: (text: string) => unknown, text: string, seconds: number): 'read' | 'refused' {
  const started = cpuTime()
  try {
    read(text)
    return 'read'
  } catch (error) {
    assert.ok(
      known.some(kind => error instanceof kind),
      `${name}: ${JSON.stringify(text.slice(0, 60))}: ${error instanceof Error ? error.stack : error}`,
    )
    assert.not.match(
      String(error),
      /call stack|is not a function|Cannot read prop|undefined is not|Invalid (?:string|array)/,
    )
    return 'refused'
  } finally {
    const took = (cpuTime() - started) / 1000
    assert.ok(took < seconds, `${name}: ${JSON.stringify(text.slice(0, 60))} took ${took.toFixed(1)} s`)
  }
}

const pieces = [
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '"',
  "'",
  '\\',
  '#',
  ';',
  ':',
  '=',
  ',',
  '.',
  '-',
  '_',
  '*',
  '&',
  '!',
  '|',
  '>',
  '<',
  '?',
  '%',
  '@',
  '~',
  '$',
  ' ',
  '\t',
  '\r',
  '\n',
  '\0',
  'a',
  '0',
  'é',
  '😀',
  '\u2028',
  'a=',
  'a:',
  '- ',
  '[a]\n',
  '[a:',
  'a: {',
  'a: [',
  '["',
  '{"a":',
  '{"a":1,',
  '[1,',
  '(1,',
  '{1:',
  "''",
  '""',
  '\\"',
  "\\'",
  '\\x',
  '"\\u',
  "b'",
  "r'",
  '0x',
  '1_',
  '1e',
  '1:',
  '0.',
  'a b=c ',
  'a="b ',
  ' #',
  'a\n',
  '\na:',
  ' a:\n ',
  '? ',
  '&a ',
  '*a ',
  '!a ',
  '<<: ',
  '---\n',
  '%a\n',
  '|\n ',
  '>\n ',
  'a[1:2]',
  'a[0:9]',
  '[0:1]',
  'a.',
  'a-',
  'a_',
  '::',
  '1.',
  'f:',
  '!a:',
  '&a:',
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '{{ a }}',
  '{% if a %}',
  '{% raw %}',
  'a|',
  'a.b',
  'a is ',
  'not ',
  'a if ',
  'a(',
  "a['",
  '3a',
  '30',
  '3a0a',
  '61\n',
  '1.2;',
  '(?:',
  '(a*)*',
  'a{9}',
  '(?<=',
  '(?P<a>',
  '[^',
  '\\1',
] as const

for (const [name, read] of Object.entries(parsers)) {
  test(`${name}: a piece that is there again and again is read or refused, soon`, () => {
    for (const [at, piece] of pieces.entries()) {
      // In a short run one surrounding for each piece, in turn.
      const [before = '', after = ''] = around[at % around.length] ?? []
      soundly(name, read, before + piece.repeat(Math.ceil(size / piece.length)) + after, 6)
    }
  })
}

const odd = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map(parts => parts.join('')),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
)
for (const [name, read] of Object.entries(parsers)) {
  test(`${name}: text that is nearly right is read or refused, and nothing else`, () => {
    fc.assert(
      fc.property(odd, text => void soundly(name, read, text, 3)),
      { numRuns: runs, seed: 5 },
    )
  })
}

const inYaml = async (text: string): Promise<string> => {
  const started = cpuTime()
  const [first = ''] = await problemsOf(async () => {
    const inventory = await load({ 'hosts.ini': 'h\n', 'group_vars/all.yml': text })
    for (const variable of inventory.hosts.get('h')?.vars.values() ?? []) void variable.value
  })
  assert.ok(cpuTime() - started < 5000)
  return first
}

test('aliases of aliases end at a limit, at their place', async () => {
  const bomb = Array.from({ length: 12 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [a, a]'
      : `l${level}: &l${level} [${Array(9)
          .fill(`*l${level - 1}`)
          .join(', ')}]`,
  ).join('\n')
  assert.match(await inYaml(`${bomb}\n`), /^group_vars\/all\.yml:7:\d+: aliases make more than 1000000 values/)
  const wide = `a: &a [${'x, '.repeat(2000)}x]\n${Array.from({ length: 2000 }, (_, at) => `b${at}: *a\n`).join('')}`
  assert.match(await inYaml(wide), /^group_vars\/all\.yml:\d+:\d+: aliases make more than/)
  const long = `a: &a ${'x'.repeat(100_000)}\n${Array.from({ length: 20_000 }, (_, at) => `b${at}: *a\n`).join('')}`
  assert.match(await inYaml(long), /^group_vars\/all\.yml:\d+:\d+: aliases make more than/)
  const usual = await load({
    'hosts.ini': 'h\n',
    'group_vars/all.yml': `a: &a {k: v}\n${Array.from({ length: 999 }, (_, at) => `b${at}: *a\n`).join('')}`,
  })
  assert.equal(usual.hosts.get('h')?.vars.get('b998')?.value, { k: 'v' })
})

test('nesting ends at a limit, wherever it stands', async () => {
  for (const text of [
    'a: '.concat('['.repeat(20_000), ']'.repeat(20_000)),
    `a: ${'['.repeat(2000)}${']'.repeat(2000)}`,
    'a: '.concat('- '.repeat(5000), 'x'),
    `a: ${'{a: '.repeat(3000)}${'}'.repeat(3000)}`,
  ])
    assert.match(await inYaml(`${text}\n`), /^group_vars\/all\.yml:\d+:\d+: /, text.slice(0, 20))
  const deep = Array.from({ length: 1500 }, (_, depth) => `${' '.repeat(depth)}k:\n`).join('')
  assert.match(await inYaml(deep), /^group_vars\/all\.yml:\d+:\d+: .*nested/)
  for (const text of ['{"a":'.repeat(5000), `{"a": ${'['.repeat(5000)}`])
    assert.match(
      (await problemsOf(() => load({ 'hosts.ini': 'h\n' }, { extraVars: [text] })))[0] ?? '',
      /^--extra-vars:1:\d+: /,
    )
  const literal = await load({ 'hosts.ini': `h a=${'['.repeat(50_000)}\n` })
  assert.is(String(literal.hosts.get('h')?.vars.get('a')?.value).length, 50_000, 'to Python, too, this is text')
})

test('groups below groups end at a limit, and so do drawings of them', async () => {
  const chain = Array.from({ length: 20_000 }, (_, at) => `[g${at}:children]\ng${at + 1}\n`).join('')
  assert.match(
    (await problemsOf(() => load({ 'hosts.ini': `${chain}[g20000]\nh\n` })))[0] ?? '',
    /^hosts\.ini:\d+:\d+: .*deep/,
  )
  const ladder = Array.from(
    { length: 40 },
    (_, at) => `[a${at}:children]\nb${at}\nc${at}\n[b${at}:children]\na${at + 1}\n[c${at}:children]\na${at + 1}\n`,
  )
  const inventory = await load({ 'hosts.ini': `${ladder.join('')}[a40]\nh\n` })
  assert.match((await problemsOf(() => graphInventory(inventory)))[0] ?? '', /more than \d+ lines/)
  assert.match((await problemsOf(() => inventoryTree(inventory)))[0] ?? '', /more than \d+/)
})

test('ranges stand for as many hosts as anybody has', async () => {
  const refused: readonly (readonly [line: string, why: RegExp])[] = [
    ['a[0:999999999]', /^hosts\.ini:1:1: .*more than 100000 hosts/],
    ['a[0:999][0:999]', /more than 100000 hosts/],
    ['a[0:9][0:9][0:9][0:9][0:9][0:9][0:9]', /more than 100000 hosts/],
    [`a[${'0'.repeat(100_000)}1:${'0'.repeat(100_000)}9]`, /digits/],
    ['a[9007199254740993:9007199254740999]', /digits/],
    ['a[0:9:0]', /step must not be 0/],
    [
      Array.from({ length: 50 }, (_, at) => `a${at}-[0:99999]`).join('\n'),
      /^hosts\.ini:\d+:1: .*more than 1000000 hosts/,
    ],
  ]
  for (const [line, why] of refused)
    assert.match((await problemsOf(() => load({ 'hosts.ini': `${line}\n` })))[0] ?? '', why, line.slice(0, 40))
  const yaml = `all:\n  hosts:\n${Array.from({ length: 50 }, (_, at) => `    a${at}-[0:99999]:\n`).join('')}`
  assert.match(
    (await problemsOf(() => load({ 'hosts.yml': yaml }, { sources: ['hosts.yml'] })))[0] ?? '',
    /^hosts\.yml:\d+:5: .*more than 1000000 hosts/,
  )
  const usual = await load({ 'hosts.ini': 'a[001:100].x[a:c]\n' })
  assert.is(usual.hosts.size, 300)
})

test('a directory that holds itself is read once', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'rota-loops-'))
  try {
    for (const directory of ['inv', 'inv/sub', 'group_vars', 'group_vars/all'])
      mkdirSync(join(cwd, directory), { recursive: true })
    writeFileSync(join(cwd, 'inv', 'hosts'), 'h\n')
    mkdirSync(join(cwd, 'inv', 'group_vars', 'all'), { recursive: true })
    writeFileSync(join(cwd, 'inv', 'group_vars', 'all', 'x.yml'), 'a: 1\n')
    for (const name of ['one', 'two', 'three']) {
      symlinkSync('.', join(cwd, 'inv', name))
      symlinkSync('..', join(cwd, 'inv', 'sub', name))
      symlinkSync('.', join(cwd, 'inv', 'group_vars', 'all', name))
      symlinkSync('..', join(cwd, 'inv', 'group_vars', 'all', `${name}-up`))
    }
    const started = cpuTime()
    const inventory = await loadInventory({ sources: ['inv'], cwd })
    assert.is(inventory.hosts.get('h')?.vars.get('a')?.value, 1)
    assert.ok(cpuTime() - started < 5000)
  } finally {
    rmSync(cwd, { recursive: true })
  }
})

test('a file without end is refused', async () => {
  const [first = ''] = await problemsOf(() => load({}, { sources: ['/dev/zero'] }))
  assert.match(first, /^\/dev\/zero:1:1: can't be read: it is larger than 256 MiB/)
  const [second = ''] = await problemsOf(() => load({ 'hosts.ini': 'h\n' }, { extraVars: ['@/dev/zero'] }))
  assert.match(second, /^\/dev\/zero:1:1: can't be read: it is larger than 256 MiB/)
})

test.run()
