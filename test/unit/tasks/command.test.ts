import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CheckArgs } from '../../../engine/facts/check.ts'
import type { FactRequest } from '../../../engine/facts/fact.ts'
import { command, flushHandlers, isFlushHandlers, pause, promptOf } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox } from './converge.ts'
import { planWith, problemsOf } from './plan.ts'

for (const shell of shells) {
  test(`${nameOf(shell)}: a command that makes something`, () => {
    const dir = sandbox()
    const made = join(dir, "it's made")
    const task = command({
      run: ['sh', '-c', 'echo "$A" > "$0"; pwd >> "$0"', made],
      env: { A: 'a $b' },
      cwd: dir,
      creates: join(dir, "it's*"),
    })
    assert.is(converge(shell, [task], dir).changes[0]?.summary, `${join(dir, "it's*")} does not exist`)
    assert.is(readFileSync(made, 'utf8'), `a $b\n${dir}\n`)
    converge(shell, [command({ run: ['rm', made], removes: made })], dir)
    assert.not.ok(existsSync(made))
  })

  test(`${nameOf(shell)}: conditions`, () => {
    const dir = sandbox()
    const run = `echo x >> ${dir}/log`
    const times = () => (existsSync(`${dir}/log`) ? readFileSync(`${dir}/log`, 'utf8').length / 2 : 0)
    converge(shell, [command({ run, unless: `test -s ${dir}/log` })], dir)
    assert.is(times(), 1)
    converge(shell, [command({ run: ['rm', `${dir}/log`], onlyIf: ['test', '-e', `${dir}/log`] })], dir)
    assert.is(times(), 0)
    // What an earlier task did is seen right before the command.
    pass(shell, [command({ run }), command({ run, unless: `test -s ${dir}/log` })], dir)
    assert.is(times(), 1)
  })

  test(`${nameOf(shell)}: what it reads, how long it may take, how it ends`, () => {
    const dir = sandbox()
    pass(shell, [command({ run: `cat > ${dir}/in`, stdin: "it's\n$x" })], dir)
    assert.is(readFileSync(join(dir, 'in'), 'utf8'), "it's\n$x")
    const { failed } = pass(shell, [command({ run: 'echo why; exit 4' })], dir)
    assert.equal(failed, { exitCode: 4, output: 'why\n' })
    assert.ok([124, 143].includes(pass(shell, [command({ run: 'sleep 9', timeout: 1 })], dir).failed?.exitCode ?? 0))
  })
}

test('how a command counts', () => {
  const effect = (args: object) =>
    planWith(command({ run: 'true', ...args }), ({ kind }) =>
      kind.name === 'glob' ? { matches: [] } : { exitCode: 1 },
    )?.effect
  assert.is(effect({}), 'action')
  assert.is(effect({ changed: false }), 'wait')
  assert.is(effect({ creates: '/x' }), 'change')
  assert.is(effect({ unless: 'x' }), 'change')
  assert.is(effect({ onlyIf: 'x' }), undefined)
})

// An operator reads it at night: why something is done, in the role's words or by what was looked at.
for (const [what, args, expected] of [
  ['a path', { creates: '/x' }, '/x does not exist'],
  ['one that fails', { unless: 'test -e /x' }, '`test -e /x` fails'],
  ['one that succeeds', { onlyIf: ['test', '-e', '/x'] }, '`test -e /x` succeeds'],
  ['both', { unless: 'a', onlyIf: 'b' }, '`a` fails, `b` succeeds'],
  ['of several lines', { unless: 'if a\nthen b\nfi' }, 'its condition fails'],
  ['a secret', { unless: 'login hunter2', secret: true }, 'its condition fails'],
  ['in words', { unless: 'a', onlyIf: 'b', creates: '/x', why: 'it is not v1.33.4' }, 'it is not v1.33.4'],
  ['none', {}, 'runs every time'],
] as const)
  test(`why a command has something to do: ${what}`, () => {
    const onlyIf = 'onlyIf' in args ? args.onlyIf : undefined
    const answer = ({ kind, args: asked }: FactRequest) =>
      kind.name === 'glob' ? { matches: [] } : { exitCode: (asked as CheckArgs).run === onlyIf ? 0 : 1 }
    assert.is(planWith(command({ run: 'true', ...args }), answer)?.summary, expected)
  })

test('why is of a command that has a condition, and says something', () => {
  assert.equal(problemsOf(command({ run: 'true', why: 'so' })), ['why: is of a command that has a condition'])
  assert.equal(problemsOf(command({ run: 'true', why: ' ', creates: '/x' })), ['why: is empty'])
})

test('secrets of a command are in neither its title nor its words', () => {
  const task = command({ run: 'login hunter2', stdin: 'hunter3', secret: true })
  assert.not.match(task.title, 'hunter')
  const change = planWith(task, () => undefined)
  assert.not.match(`${change?.summary}${change?.apply.text}`, 'hunter3')
})

test('arguments', () => {
  assert.is(problemsOf(command({ run: [], cwd: 'x', timeout: -1, env: { 'a-b': '' } })).length, 4)
})

test('markers and pauses', () => {
  assert.ok(isFlushHandlers(flushHandlers()))
  assert.is(promptOf(pause({ prompt: 'go on?' })), 'go on?')
  assert.is(promptOf(pause({ seconds: 1 })), undefined)
  assert.is(
    planWith(pause({ seconds: 1 }), () => undefined),
    undefined,
  )
  assert.is(planWith(pause({ seconds: 1 }), () => undefined, { changed: true })?.effect, 'wait')
})

test.run()
