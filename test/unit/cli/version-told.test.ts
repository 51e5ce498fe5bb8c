import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { command, type DefaultsRule, defineRole, play } from '../../../engine/index.ts'
import { heard } from './heard.ts'

// Whole command lines against this machine under several names, in check mode.
const cwd = mkdtempSync(join(tmpdir(), 'rota-told-'))
process.env.XDG_STATE_HOME = join(cwd, 'state')
test.after(() => rmSync(cwd, { recursive: true }))
const write = (name: string, text: string) => {
  writeFileSync(join(cwd, name), text)
  return join(cwd, name)
}
for (const name of ['m1', 'm2', 'm3']) mkdirSync(join(cwd, name))
const version = (host: string, text: string) => write(`${host}/version`, text)

const known = {
  '1': write('1.yml', 'paint_size: small\npaint_colour: red\n'),
  '2': write('2.yml', 'paint_colour: blue\n'),
}
const theirs: DefaultsRule = {
  what: 'checkout of theirs',
  flag: 'theirs',
  description: 'a folder of theirs',
  variable: 'theirs_dir',
  environment: 'ROTA_TEST_THEIRS',
  beside: 'theirs',
  look: () => undefined,
  version: {
    variable: 'theirs_version',
    look: name => ({ label: `theirs ${name}`, version: name, files: [known['1']] }),
    onHosts: {
      variable: 'theirs_version',
      group: 'masters',
      script: value =>
        `echo asked >>${value('dir')}/asked; sleep "$(cat ${value('dir')}/slow 2>/dev/null || echo 0)"; cat ${value('dir')}/version 2>/dev/null; : >${value('dir')}/told`,
      look: printed => {
        const [told] = [...printed].filter(([, text]) => text !== '')
        if (told === undefined) return undefined
        const [host, text] = told
        const found = { label: `theirs ${text} of ${host}`, version: text }
        if (text !== '1') return { ...found, files: [], wrong: 'known is 1' }
        return { ...found, files: [known['1'], known['2']] }
      },
    },
  },
}
const role = defineRole({
  name: 'paint',
  params: {
    type: 'object',
    properties: { size: { type: 'string', default: 'any' }, colour: { type: 'string', default: 'none' } },
  },
  tasks: ({ params }) => [command({ run: ['true'], title: `paints it ${params.size} and ${params.colour}` })],
})
const playbook = {
  name: 'paint',
  file: write('paint.mjs', ''),
  plays: [play('paint', { hosts: 'all', roles: [role()] })],
  inventory: { defaults: theirs },
}
const hosts = (...vars: readonly string[]) =>
  ['m1', 'm2', 'm3'].map(
    (name, index) =>
      `${name} ansible_connection=local ansible_python_interpreter=/usr/bin/python3 dir=${join(cwd, name)} ${vars[index] ?? ''}\n`,
  )
const inventory = (...vars: readonly string[]) =>
  write('hosts.ini', `[masters]\n${hosts(...vars).join('')}[other]\nm1\n`)

const run = (...args: readonly string[]) =>
  heard(cwd, () => runFromCommandLine(playbook, ['node', playbook.file, '-i', join(cwd, 'hosts.ini'), ...args]))

test.before.each(() => {
  inventory()
  for (const name of ['m1', 'm2', 'm3']) version(name, '')
})

test('defaults of the version that a host tells count where the inventory says nothing, and a note says who told it', async () => {
  inventory('paint_colour=green')
  version('m2', '1')
  const { exitCode, said } = await run('--check')
  is(exitCode, 0, said)
  match(said, 'defaults of theirs 1 of m2 count where the inventory says nothing')
  match(said, 'paints it small and green')
  match(said, 'paints it small and blue')
})

test('a param says which host told its default', async () => {
  version('m1', '1')
  const { said } = await run('--list-params', 'm3')
  match(said, /paint colour: "blue" .*\n {2}set by paint_colour, theirs 1 of m1, .*2\.yml:1/)
})

test('a version that is not known counts for nothing, and it is said which variable names one', async () => {
  version('m1', '7')
  const { exitCode, said } = await run('--check')
  is(exitCode, 0, said)
  match(said, 'no defaults of theirs 7 of m1 count: known is 1; theirs_version says it')
  match(said, 'paints it any and none')
})

test('hosts that tell nothing, or can not be asked, change nothing', async () => {
  const { exitCode, said } = await run('--check')
  is(exitCode, 0, said)
  match(said, 'paints it any and none')
  not.match(said, 'defaults of')
  inventory('ansible_become=true ansible_become_method=su ansible_become_exe=/nowhere ansible_become_user=nobody-there')
  version('m3', '1')
  match((await run('--check', '--limit', 'm2')).said, 'theirs 1 of m3')
})

test('one that is slow is waited for, but not for long when another has answered', async () => {
  const slow = (name: string, seconds: string) => write(`${name}/slow`, seconds)
  version('m1', '1')
  version('m2', '1')
  slow('m1', '1')
  match((await run('--check')).said, 'theirs 1 of m1')
  slow('m1', '9')
  rmSync(join(cwd, 'm1/told'))
  match((await run('--check', '--limit', 'm2')).said, 'theirs 1 of m2')
  not.ok(existsSync(join(cwd, 'm1/told')))
  rmSync(join(cwd, 'm1/slow'))
})

test('nobody is asked where the inventory names the version, something is wrong with it, or hosts are only listed', async () => {
  for (const name of ['m1', 'm2', 'm3']) rmSync(join(cwd, name, 'asked'), { force: true })
  match((await run('--check', '-e', 'theirs_version=9')).said, 'paints it small and red')
  is((await run('--check', '-e', '{"paint_size": [1]}')).exitCode, 1)
  is((await run('--list-hosts')).exitCode, 0)
  is((await run('--list-tasks')).exitCode, 0)
  await run('--check').then(({ exitCode }) => equal(exitCode, 0))
  const { stdout } = await (await import('execa')).execa('cat', [join(cwd, 'm1', 'asked')])
  is(stdout, 'asked')
})

test.run()
