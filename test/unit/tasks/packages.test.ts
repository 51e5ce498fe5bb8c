import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packages } from '../../../engine/tasks/index.ts'
import { isVersion } from '../../../engine/tasks/packages.ts'
import { noStart } from '../../../engine/tasks/packages-apt.ts'
import { planText, planWith, problemsOf } from './plan.ts'

const apt = (version: string, held = false) => ({ type: 'installed', manager: 'apt', version, held })
const none = { type: 'absent', manager: 'apt' }
const rpm = (version: string) => ({ type: 'installed', manager: 'dnf', version, held: false })
const noRpm = { type: 'absent', manager: 'dnf' }
type Args = Parameters<typeof packages>[0]

const plan = (
  args: Args,
  states: Readonly<Record<string, unknown>>,
  more: { candidate?: string; age?: number; changed?: boolean } = {},
) =>
  planWith(
    packages(args),
    ({ kind, args: asked }) => {
      if (kind.name === 'packageCandidate') return { version: more.candidate }
      if (kind.name === 'packageLists') return { age: more.age }
      return states[(asked as { name: string }).name]
    },
    { changed: more.changed ?? false },
  )

const table: readonly (readonly [Args, Record<string, unknown>, string, Parameters<typeof plan>[2]?])[] = [
  [{ names: ['a', 'b'] }, { a: apt('1'), b: apt('2') }, 'nothing'],
  [{ names: ['a', 'b'] }, { a: apt('1'), b: none }, 'b is not installed'],
  [{ names: ['a=1.2-1'] }, { a: apt('1.2-1') }, 'nothing'],
  [{ names: ['a=1.3-1'] }, { a: apt('1.2-1') }, 'a 1.2-1 → 1.3-1'],
  [
    { names: ['a=1.3-1'] },
    { a: apt('1.2-1', true) },
    'refused: a is held (apt-mark hold): give hold: true or false to change it all the same',
  ],
  [{ names: ['a=1.3-1'], hold: true }, { a: apt('1.2-1', true) }, 'a 1.2-1 → 1.3-1'],
  [{ names: ['a'], hold: true }, { a: apt('1') }, 'a is not held'],
  [{ names: ['a'], hold: false }, { a: apt('1', true) }, 'a is held'],
  [{ names: ['a'], hold: true }, { a: apt('1', true) }, 'nothing'],
  [{ names: ['a', 'b'], state: 'absent' }, { a: apt('1'), b: none }, 'installed: a'],
  [{ names: ['a'], state: 'absent' }, { a: none }, 'nothing'],
  [{ names: ['a'], state: 'latest' }, { a: apt('1') }, 'a 1 → 2', { candidate: '2' }],
  [{ names: ['a'], state: 'latest' }, { a: apt('2') }, 'nothing', { candidate: '2' }],
  [
    { names: ['a'], state: 'latest', listsMaxAge: 60 },
    { a: apt('2') },
    'package lists are 10 minutes old',
    { candidate: '2', age: 600 },
  ],
  [{ names: [{ apt: 'a', dnf: 'b' }] }, { a: none, b: none }, 'a is not installed'],
  [{ names: [{ apt: 'a', dnf: 'b' }] }, { a: noRpm, b: noRpm }, 'b is not installed'],
  [{ names: ['c', { apt: 'a', dnf: 'b' }] }, { a: noRpm, b: rpm('1'), c: rpm('2') }, 'nothing'],
  [{ names: ['a'] }, { a: { type: 'unavailable', reason: 'no package manager' } }, 'refused: no package manager'],
  [{ names: ['a'] }, { a: { type: 'unavailable', reason: 'x' } }, 'checked again after the changes', { changed: true }],
]
for (const [args, states, expected, more] of table)
  test(`${JSON.stringify(args)} on ${JSON.stringify(states)}`, () =>
    assert.is(planText(plan(args, states, more)), expected))

test('what is run', () => {
  const script = plan({ names: ['a', 'b=1*'], hold: true, start: false }, { a: none, b: apt('2') })?.apply.text ?? ''
  assert.match(script, "apt install --no-install-recommends --allow-downgrades --allow-change-held-packages a 'b=1*'")
  assert.match(script, 'apt-mark hold a b')
  assert.match(script, 'policy-rc.d')
  assert.not.match(plan({ names: ['a'] }, { a: none })?.apply.text ?? '', 'policy-rc.d')
  const rpm = plan({ names: ['a=1'] }, { a: { type: 'absent', manager: 'dnf' } })?.apply.text ?? ''
  assert.match(rpm, 'dnf_install downgrade --setopt=install_weak_deps=False -- a-1')
})

test('daemons may be started again once who forbade it is gone, also where another process has its number', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-policy-'))
  const file = join(dir, 'policy-rc.d')
  /** Exit code of the file, for whoever asks while `script` runs behind it. */
  const asked = (script: string) =>
    execFileSync('sh', ['-c', `set -eu\n${noStart(file)}\n${script}`], { encoding: 'utf8' }).trim()
  const code = `"${file}" && echo 0 || echo $?`
  try {
    assert.is(asked(code), '101')
    assert.not.ok(existsSync(file), 'it goes with its process')
    // Killed, it leaves the file, which is asked once and gone.
    asked(`cp -p "${file}" "${file}.left"`)
    renameSync(`${file}.left`, file)
    assert.is(execFileSync('sh', ['-c', code], { encoding: 'utf8' }).trim(), '0')
    assert.not.ok(existsSync(file))
    // Its number is that of another process that lives, and that began at another time.
    asked(`sed 's|/proc/[0-9]*|/proc/${process.pid}|' "${file}" >"${file}.left"; chmod 755 "${file}.left"`)
    renameSync(`${file}.left`, file)
    assert.is(asked(code), '101', 'the next one forbids it anew')
    assert.not.ok(existsSync(file))
    // What somebody else has put there stays.
    writeFileSync(file, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    asked('')
    assert.ok(existsSync(file))
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('versions', () => {
  for (const [installed, asked, right] of [
    ['1.30.4-1.1', '1.30.4-1.1', true],
    ['1.30.4-1.1', '1.30.*', true],
    ['1.30.4-1.1', '1.3', false],
    ['1.31.0-1.1', '1.30.*', false],
    ['32:9.16-1.el9', '9.16-1.el9', true],
    ['32:9.16-1.el9', '9.16', true],
    ['1x30', '1.30', false],
    ['1.30.4-1.1', '*', true],
    ['1.30.4-1.1', '1.*-*.1', true],
    ['1.30.4-1.1', '1*4*1.1', true],
    ['1.30.4-1.1', '1*.1*.1', false],
    ['32:9.16-1.el9', '9.*-1.el9', true],
    ['11', '1*11', false],
  ] as const)
    assert.is(isVersion(installed, asked), right, `${installed} ${asked}`)
})
test('a version is compared in no time, whatever a host says that it has', () => {
  const begun = performance.now()
  assert.not(isVersion('1'.repeat(4000), `${'1*'.repeat(12)}2`))
  assert.ok(performance.now() - begun < 1000)
})

test('arguments', () => {
  assert.equal(problemsOf(packages({ names: ['libc6:amd64', 'g++', 'kubelet=1.30.*'] })), [])
  assert.is(problemsOf(packages({ names: ['-o', 'a b', 'a;b'] })).length, 3)
  assert.is(problemsOf(packages({ names: [] })).length, 1)
  assert.is(problemsOf(packages({ names: ['a=1'], state: 'absent' })).length, 1)
})

test.run()
