import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure, isFailure } from '../../../engine/failure/index.ts'
import type { LoadOptions } from '../../../engine/inventory/index.ts'
import { resolveVar } from '../../../engine/values/resolve.ts'
import { encryptVault } from '../../../engine/vault/write.ts'
import { load } from './support.ts'

const good = {
  'hosts.ini': '[web]\nw[01:03] a=1 b="x y"\n[web:vars]\nc={"d": [1, 2]}\n[top:children]\nweb\n',
  'hosts.yml':
    'all:\n  hosts:\n    a: {x: 1}\n    b:\n      y: "z"\n  children:\n    web:\n      vars: {k: [1, {l: m}]}\n',
  'hosts.json': '{"all": {"hosts": {"a": {"x": 1.5}, "b": null}, "children": {"web": {"vars": {"k": "v"}}}}}',
} as const

const junk = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    ':',
    '=',
    '#',
    '\n',
    '\t',
    '\0',
    '\\',
    '- ',
    '&a ',
    '*a',
    '!!x ',
    '|',
    '{{',
    '[1:',
    '[9:1]',
    '\u2028',
    '<<: 1',
  ),
)
const edit = fc.record({ at: fc.nat(200), drop: fc.nat(8), insert: junk })

const damage = fc.array(edit, { minLength: 1, maxLength: 4 })
const damaged = (text: string, edits: readonly { at: number; drop: number; insert: string }[]): string =>
  edits.reduce((was, { at, drop, insert }) => was.slice(0, at) + insert + was.slice(at + drop), text)

/**
 * Either there are hosts, and every value can be read or says where it can't; or it is an error with places. Nothing
 * else, and in time.
 */
async function soundly(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadOptions>,
): Promise<'read' | 'refused'> {
  const check = (error: unknown) => {
    assert.instance(error, Failure, String(error))
    const problems = isFailure(error, 'refused') ? error.reason.problems : []
    assert.ok(problems.length > 0)
    for (const { origin, message } of problems) {
      assert.ok(origin, `a problem has a place: ${message}`)
      assert.not.match(message, /\n\s+at |TypeError|RangeError|undefined is not|Cannot read/)
    }
    return 'refused' as const
  }
  try {
    const inventory = await load(files, options)
    assert.ok(inventory.hosts.size > 0, 'there are hosts')
    for (const host of inventory.hosts.values()) {
      for (const name of host.vars.keys()) {
        try {
          resolveVar(inventory, host, name)
        } catch (error) {
          check(error)
        }
      }
    }
    return 'read'
  } catch (error) {
    return check(error)
  }
}

/** Both must happen, or the damage is too little or too much to tell anything. */
async function fuzz(
  numRuns: number,
  arbitrary: fc.Arbitrary<readonly [Readonly<Record<string, string>>, Partial<LoadOptions>]>,
): Promise<void> {
  const counts = { read: 0, refused: 0 }
  const property = fc.asyncProperty(arbitrary, async ([files, options]) => {
    counts[await soundly(files, options)] += 1
  })
  await fc.assert(property, { numRuns, seed: 11, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true })
  assert.ok(counts.read > 5 && counts.refused > 5, JSON.stringify(counts))
}

for (const [name, text] of Object.entries(good)) {
  test(`${name} with damage either loads with hosts or fails with places, never otherwise`, () =>
    fuzz(
      1500,
      damage.map(edits => {
        const broken = damaged(text, edits)
        const files = name.endsWith('.ini') ? {} : { 'group_vars/all.yml': broken }
        return [{ [name]: broken, ...files }, { sources: [name] }] as const
      }),
    ))
}

const hosts = { 'hosts.ini': '[web]\nw1\nw2\n' } as const
const variables = {
  'group_vars/web.yml':
    'a: 1\nb: [x, "y"]\nc: {d: e}\nt: "{{ a + 1 }}-{{ b | join(\',\') }}"\nl: |\n  text\n  more\nm: &m {k: v}\nn: *m\n',
  'group_vars/web.json': '{"a": 1, "b": ["x"], "c": {"d": null}, "t": "{{ a }}"}',
  'host_vars/w1/x.yml': "---\nq: 'it''s'\nr: !unsafe '{{ x }}'\ns: 0x1f\n",
} as const

for (const [name, text] of Object.entries(variables)) {
  test(`${name} with damage: the same`, () =>
    fuzz(
      700,
      damage.map(edits => [{ ...hosts, [name]: damaged(text, edits) }, {}] as const),
    ))
}

test('extra variables with damage, in a file and as a word: the same', async () => {
  const text = '{"a": 1, "b": ["x", {"c": "{{ a }}"}], "d": "e"}'
  await fuzz(
    700,
    damage.map(edits => [{ ...hosts, 'x.json': damaged(text, edits) }, { extraVars: ['@x.json'] }] as const),
  )
  await fuzz(
    700,
    damage.map(edits => [hosts, { extraVars: [damaged('a=1 b="x y" c=[1,2]', edits)] }] as const),
  )
})

test('a list of hosts with damage: the same', () =>
  fuzz(
    700,
    damage.map(edits => [{}, { sources: [`${damaged('a,b:22,[::1]:22,c.d', edits)},`] }] as const),
  ))

test('a script whose answer is damaged, or that breaks: the same', async () => {
  const answer =
    '{"web": {"hosts": ["a", "b"], "vars": {"x": 1}, "children": ["db"]}, "db": ["c"], "_meta": {"hostvars": {"a": {"y": [1]}}}}'
  const script = (text: string) => `#!/bin/sh\ncat <<'END OF IT'\n${text.replaceAll('\0', '')}\nEND OF IT\n`
  await fuzz(
    150,
    damage.map(edits => [{ 'hosts.sh': script(damaged(answer, edits)) }, { sources: ['hosts.sh'] }] as const),
  )
  for (const text of ['exit 3', 'echo no >&2; exit 1', 'kill -9 $$', 'echo', 'printf "\\377\\0"', 'no-such-command']) {
    assert.is(await soundly({ 'hosts.sh': `#!/bin/sh\n${text}\n` }, { sources: ['hosts.sh'] }), 'refused', text)
  }
  assert.is(await soundly({ 'hosts.sh': '#!/no/such/interpreter\n' }, { sources: ['hosts.sh'] }), 'refused')
})

test('a vault with damage, the whole file or a value, with the right password and the wrong one: the same', async () => {
  const vaulted = (text: string) => encryptVault(Buffer.from(text), { id: 'default', password: 'open' })
  const file = vaulted('a: 1\nb: two\n')
  const value = `a: !vault |\n${vaulted('secret').replace(/^/gm, '  ')}\nb: 1\n`
  const anywhere = fc.record({ at: fc.nat(file.length), drop: fc.nat(8), insert: junk })
  const secrets = fc.constantFrom('open', 'wrong')
  const vaultSecrets = (password: string) => [{ id: 'default', password }]
  for (const text of [file, value]) {
    const property = fc.asyncProperty(fc.array(anywhere, { maxLength: 2 }), secrets, async (edits, password) => {
      await soundly({ ...hosts, 'group_vars/web.yml': damaged(text, edits) }, { vaultSecrets: vaultSecrets(password) })
    })
    await fc.assert(property, { numRuns: 120, seed: 11 })
  }
  assert.is(await soundly({ ...hosts, 'group_vars/web.yml': file }, { vaultSecrets: vaultSecrets('open') }), 'read')
})

test('nesting without end is an error, not an overflow', async () => {
  for (const [name, text] of [
    ['a.json', '['.repeat(100_000)],
    ['b.json', '{"a":'.repeat(100_000)],
    ['c.yml', `a: ${'['.repeat(20_000)}`],
  ] as const) {
    try {
      await load({ [name]: text }, { sources: [name] })
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Failure, String(error).slice(0, 200))
    }
  }
})

test.run()
