import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rota } from '../../../engine/cli/rota.ts'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { command, defineRole, file, play } from '../../../engine/index.ts'
import { sampleRun, writeJournal } from '../../sample-journal.ts'
import { heard } from './heard.ts'

// Whole command lines against this machine, and what they leave. The state of a run goes elsewhere.
const cwd = mkdtempSync(join(tmpdir(), 'rota-report-files-'))
process.env.XDG_STATE_HOME = join(cwd, 'state')
test.after(() => rmSync(cwd, { recursive: true }))

const at = (name: string) => join(cwd, name)
const canary = 'canary-7f3a9'
execFileSync('mkfifo', [at('pipe')])
writeFileSync(at('site.mjs'), '')
writeFileSync(at('hosts.ini'), 'here ansible_connection=local\n')
const role = defineRole({
  name: 'base',
  params: {
    type: 'object',
    properties: {
      run: { type: 'string', default: 'true' },
      password: { type: 'string', secret: true, default: canary },
    },
  },
  tasks: ({ params }) => [
    file({ path: at('config'), content: `password ${params.password}\n`, mode: '0600' }),
    command({ title: 'the command', run: ['sh', '-c', params.run], stdin: params.password }),
  ],
})
const made = { name: 'site', file: at('site.mjs'), plays: [play('all of it', { hosts: 'all', roles: [role()] })] }
const run = (...args: string[]) => {
  rmSync(at('config'), { force: true })
  return heard(cwd, () => runFromCommandLine(made, ['node', at('site.mjs'), '-i', 'hosts.ini', ...args]))
}
const doing = (script: string) => ['-e', JSON.stringify({ base_run: script })]

test('--report leaves a page that tells of the run, for its owner alone, and no secret in it', async () => {
  const { exitCode, said } = await run('--diff', '--report', 'run.html', ...doing('cat; exit 3'))
  assert.is(exitCode, 2, said)
  assert.match(said, /report: run\.html\n$/)
  const page = readFileSync(at('run.html'), 'utf8')
  assert.match(page, /base: the command.*exit code 3/s)
  assert.match(page, /\*{8}/)
  assert.not.match(page, canary)
  assert.is(statSync(at('run.html')).mode & 0o777, 0o600)
})

test('a page that is there is replaced, and keeps its mode; nothing else is left beside it', async () => {
  mkdirSync(at('pages'))
  writeFileSync(at('pages/run.html'), '<!doctype html>old', { mode: 0o644 })
  const { exitCode, said } = await run('--check', '--report', 'pages/run.html')
  assert.is(exitCode, 0, said)
  assert.match(readFileSync(at('pages/run.html'), 'utf8'), /check mode/)
  assert.is(statSync(at('pages/run.html')).mode & 0o777, 0o644)
  assert.equal(readdirSync(at('pages')), ['run.html'])
})

const refused: readonly (readonly [what: string, file: string, said: RegExp])[] = [
  ['in a folder that is not there', 'nowhere/run.html', /--report nowhere\/run\.html: it can't be written: ENOENT/],
  ['that is a folder', '.', /--report \.: there is a folder of this name/],
  ['that is no file, which would be replaced', 'pipe', /--report pipe: there is no regular file of this name/],
]
for (const [what, name, expected] of refused)
  test(`a report ${what}, is refused before any host is touched`, async () => {
    const { exitCode, said } = await run('--report', name)
    assert.is(exitCode, 1)
    assert.match(said, expected)
    assert.match(said, 'no host was touched')
    assert.not(existsSync(at('config')))
  })

for (const [script, code] of [
  ['true', 0],
  ['exit 3', 2],
] as const)
  test(`a report that can't be written at the end is told with what to do, and the exit code stays ${code}`, async () => {
    mkdirSync(at('goes'), { recursive: true })
    const { exitCode, said } = await run('--report', 'goes/run.html', ...doing(`rmdir '${at('goes')}'; ${script}`))
    assert.is(exitCode, code, said)
    assert.match(
      said,
      /warning: the report goes\/run\.html was not written: .*; once it can be: rota runs report \S+ goes\/run\.html/,
    )
  })

test('where something is listed there is no run to report', async () => {
  for (const list of [['--list-hosts'], ['--list-tasks'], ['--list-tags'], ['--list-params', 'here']]) {
    const { exitCode, said } = await run('--report', 'list.html', ...list)
    assert.is(exitCode, 1)
    assert.match(said, '--report tells of a run, and where something is listed there is none')
  }
  assert.not(existsSync(at('list.html')))
})

test('a run that is gone on with writes no report that it is not asked for anew', async () => {
  await run('--report', 'first.html', ...doing('exit 3'))
  rmSync(at('first.html'))
  const { said } = await heard(cwd, () =>
    runFromCommandLine(made, ['node', at('site.mjs'), '--resume', '--resume-changed', '--report', 'second.html']),
  )
  assert.not(existsSync(at('first.html')), said)
  assert.match(readFileSync(at('second.html'), 'utf8'), /<dt>Goes on with<\/dt>/)
})

test('--junit leaves a file for a CI system, without a secret, beside the page', async () => {
  const { exitCode, said } = await run('--report', 'both.html', '--junit', 'both.xml', ...doing('cat; exit 3'))
  assert.is(exitCode, 2, said)
  const xml = readFileSync(at('both.xml'), 'utf8')
  assert.match(xml, /<failure message="base: the command: exit code 3" type="failed">/)
  assert.match(xml, /\*{8}/)
  assert.not.match(xml, canary)
  assert.ok(existsSync(at('both.html')))
  const same = await run('--report', 'both.html', '--junit', './both.html')
  assert.is(same.exitCode, 1)
  assert.match(same.said, '--report and --junit name the same file, both.html')
  const listed = await run('--junit', 'x.xml', '--list-hosts')
  assert.match(listed.said, '--junit tells of a run, and where something is listed there is none')
})

test('in GitHub Actions what failed and what was refused is annotated, and nowhere else', async () => {
  // A run is named by its second and its process: here several have one journal.
  const state = process.env.XDG_STATE_HOME
  const fails = () => {
    process.env.XDG_STATE_HOME = mkdtempSync(at('state-'))
    return run(...doing('echo 50%; exit 3'))
  }
  const wrong = () => run('-e', '@vars.yml')
  writeFileSync(at('vars.yml'), 'base_run:\n  - a\n')
  assert.not.match((await fails()).said, '::error')
  assert.not.match((await wrong()).said, '::error')
  process.env.GITHUB_ACTIONS = 'true'
  process.env.GITHUB_WORKSPACE = join(cwd, '..')
  try {
    const failed = await fails()
    assert.is(failed.exitCode, 2)
    assert.match(failed.said, '\n::error title=all of it::here: base: the command: exit code 3%0A50%25\n')
    const { exitCode, said } = await wrong()
    assert.is(exitCode, 1)
    assert.match(said, new RegExp(`\n::error file=${basename(cwd)}/vars\\.yml,line=2,col=3::.*base_run`))
  } finally {
    delete process.env.GITHUB_ACTIONS
    delete process.env.GITHUB_WORKSPACE
    process.env.XDG_STATE_HOME = state
  }
})

const reported = async (kind: 'report' | 'junit', ...args: string[]) => {
  const before = process.exitCode
  const result = await heard(cwd, () => rota(['runs', kind, ...args]))
  process.exitCode = before
  return result
}

test('rota runs report and rota runs junit make theirs of a past run, named by it, or where it is told', async () => {
  const dir = at('state/rota/runs')
  const name = '20261129T220903Z-1'
  writeJournal(dir, name, sampleRun(name), '{"at": "half a line')
  const named = await reported('report', name)
  assert.is(named.exitCode, 0, named.said)
  assert.match(named.said, `report: ${name}.html`)
  assert.match(readFileSync(at(`${name}.html`), 'utf8'), /The journal ends in the midst of a line/)
  await reported('report', join(dir, `${name}.ndjson`), 'told.html')
  assert.ok(existsSync(at('told.html')))
  const printed = await reported('report', name, '-')
  assert.match(printed.said, /^<!doctype html>.*<\/html>\n$/s)
  const pipe = await reported('report', name, 'pipe')
  assert.is(pipe.exitCode, 1)
  assert.match(pipe.said, 'no regular file')
  const junit = await reported('junit', name)
  assert.match(junit.said, `junit: ${name}.xml`)
  assert.match(readFileSync(at(`${name}.xml`), 'utf8'), /<testsuites name="upgrade" tests="9"/)
  const unknown = await reported('report', '20000101T000000Z-1')
  assert.is(unknown.exitCode, 1)
  assert.match(unknown.said, 'there is no journal 20000101T000000Z-1')
})

for (const flag of ['--report', '--junit', '--plan-out', '--apply'])
  test(`${flag} takes no other flag for the name of its file`, async () => {
    const { exitCode, said } = await run(flag, '--check')
    assert.is(exitCode, 1, said)
    assert.match(said, /It is taken for a flag: say \.\/--check for a file/)
    assert.not.ok(existsSync(at('config')) || existsSync(at('--check')))
  })

test('a report takes the place of a report, and of no other file', async () => {
  writeFileSync(at('mine.yml'), 'a: 1\n')
  for (const flag of ['--report', '--junit']) {
    const { said } = await run(flag, at('mine.yml'))
    assert.match(said, /there is a file that is no report, and it is left as it is\n1 problem; no host was touched/)
  }
  assert.is(readFileSync(at('mine.yml'), 'utf8'), 'a: 1\n')
  for (const _ of [1, 2]) assert.match((await run('--check', '--report', at('again.html'))).said, /report: /)
})

test.run()
