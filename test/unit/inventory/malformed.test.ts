import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { InventoryError } from '../../../engine/inventory/index.ts'
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

for (const [name, text] of Object.entries(good)) {
  test(`${name} with damage either loads with hosts or fails with places, never otherwise`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async edits => {
        const broken = edits.reduce(
          (was, { at, drop, insert }) => was.slice(0, at) + insert + was.slice(at + drop),
          text as string,
        )
        try {
          const inventory = await load({ [name]: broken, 'group_vars/all.yml': broken }, { sources: [name] })
          assert.ok(inventory.hosts.size > 0, 'there are hosts')
          for (const host of inventory.hosts.values()) for (const variable of host.vars.values()) void variable.value
        } catch (error) {
          assert.instance(error, InventoryError, String(error))
          for (const { origin } of (error as InventoryError).problems)
            assert.ok(origin, `a problem has a place: ${error}`)
        }
      }),
      { numRuns: 1500, seed: 11 },
    )
  })
}

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
      assert.instance(error, InventoryError, String(error).slice(0, 200))
    }
  }
})

test.run()
