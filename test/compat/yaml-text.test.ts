import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askCommands, python } from './oracle.ts'
import { runRota } from './rota.ts'

// Generated values as `ansible-inventory --yaml` writes them, byte for byte: one host each, all in one inventory.
const seed = process.env.ROTA_SEED === 'random' ? Date.now() % 1_000_000 : Number(process.env.ROTA_SEED ?? 42)
const amount = Number(process.env.ROTA_CASES ?? 300)

const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('word', 'a', 'longer-word', 'x=y', '/etc/kubernetes/admin.conf', 'https://h:6443/x'),
  },
  { weight: 3, arbitrary: fc.constantFrom(' ', ' ', '  ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "'",
      '"',
      '\\',
      ': ',
      ' #',
      '#',
      ':',
      '-',
      '- ',
      '?',
      ',',
      '[',
      '{',
      '}',
      '&',
      '*',
      '!',
      '|',
      '>',
      '%',
      '@',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\n', '\n\n', '\t', '\r', '\0', 'é', '☺', '😀', '\x85', '\ufeff', '\x7f'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'yes',
      'no',
      'y',
      'null',
      '~',
      '1',
      '1.5',
      '0x1f',
      '1e3',
      '08',
      '=',
      '<<',
      '---',
      '...',
      '2024-01-02',
      '1:30',
    ),
  },
)
const text = fc.oneof(
  fc.array(piece, { maxLength: 5 }).map(parts => parts.join('')),
  // Long enough to be folded.
  fc.array(piece, { minLength: 15, maxLength: 60 }).map(parts => parts.join('')),
)
const value = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    text,
    text,
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom(1.5, 1e20, 1.5e-7, 100000.25)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b c', 'key', 'yes', '1', 'é', 'x: y', "it's"), tie('value'), { maxKeys: 3 }),
  ),
})).value

if (python === undefined) {
  test.skip('values are written as ansible-inventory --yaml writes them (ansible-core is not installed)')
} else {
  test(`${amount} generated values are written as ansible-inventory --yaml writes them`, async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'rota-yaml-'))
    try {
      const values = fc.sample(value, { numRuns: amount, seed })
      const hosts = Object.fromEntries(values.map((one, index) => [`h${index}`, { v: one }]))
      writeFileSync(join(cwd, 'hosts.json'), JSON.stringify({ all: { children: { g: { hosts } } } }))
      const args = ['-i', 'hosts.json', '--list', '--yaml']
      const [answer] = askCommands([{ args, cwd }])
      const mine = await runRota(['inventory', ...args], cwd)
      const byHost = (all = '') => all.split(/^(?= {8}h\d+:$)/m)
      const theirs = byHost(answer?.out)
      assert.ok(theirs.length > amount * 0.9, 'the oracle answers')
      for (const [index, one] of byHost(mine.out).entries()) assert.is(one, theirs[index], `seed ${seed}`)
      assert.is(mine.out, answer?.out)
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })
}

test.run()
