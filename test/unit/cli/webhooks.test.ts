import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { webhooks } from '../../../engine/cli/webhooks.ts'
import { command, play } from '../../../engine/index.ts'
import { newRedactor } from '../../../engine/secrets/index.ts'
import { type Server, serve } from '../web/server.ts'
import { heard } from './heard.ts'

const cwd = mkdtempSync(join(tmpdir(), 'rota-webhooks-'))
const at = (name: string) => join(cwd, name)
process.env.XDG_STATE_HOME = at('state')
writeFileSync(at('site.mjs'), '')
writeFileSync(at('hosts.ini'), 'here ansible_connection=local\n')

const token = 'hook-canary-0123456789'
const got: string[] = []
let server: Server
test.before(async () => {
  server = await serve({
    [`/services/${token}`]: (request, response) => {
      request.on('data', chunk => got.push(String(chunk)))
      request.on('end', () => response.end('ok'))
    },
  })
})
test.after(() => {
  server.close()
  rmSync(cwd, { recursive: true })
})

/** A command that says where it was told to call. */
const made = (script: string) => ({
  name: 'site',
  file: at('site.mjs'),
  plays: [play('all of it', { hosts: 'all', tasks: [command({ title: 'it', run: ['sh', '-c', script] })] })],
})
const run = (script: string, ...args: string[]) =>
  heard(cwd, () => runFromCommandLine(made(script), ['node', at('site.mjs'), '-i', 'hosts.ini', ...args]))
const journals = () =>
  readdirSync(at('state/rota/runs'))
    .map(name => readFileSync(join(at('state/rota/runs'), name), 'utf8'))
    .join('')

for (const [script, exitCode] of [
  ['true', 0],
  ['exit 3', 2],
] as const)
  test(`--notify tells that a run begins and how it ends, and the exit code stays ${exitCode}`, async () => {
    got.splice(0)
    const url = `${server.base}/services/${token}`
    const { said, ...ended } = await run(script, '--notify', url, '--notify', `${server.base}/none/${token}`)
    assert.is(ended.exitCode, exitCode, said)
    const events = got.map(text => JSON.parse(text).event)
    assert.equal(events, exitCode === 0 ? ['started', 'finished'] : ['started', 'stopped', 'finished'])
    assert.match(said, /warning: the webhook at 127\.0\.0\.1:\d+ did not get \d of \d messages: it answered 404\n/)
    assert.is(said.split('the webhook at').length, 2, said)
    assert.not.match(said, token)
    assert.not.match(journals(), token)
    assert.not.match(got.join(''), token)
  })

test('a URL that a host says again is hidden', async () => {
  const url = `${server.base}/services/${token}`
  writeFileSync(at('says'), `${url}\n${token}\n`)
  const { said } = await run(`cat ${at('says')}; exit 3`, '--notify', url)
  assert.match(said, /\| \*{8}/, said)
  assert.not.match(said, token)
  assert.not.match(journals(), token)
})

test('a URL may stand in a file, so that nobody reads it in the list of processes', async () => {
  got.splice(0)
  writeFileSync(at('hook'), `${server.base}/services/${token}\n`)
  const { exitCode, said } = await run('true', '--notify', '@hook', '--check')
  assert.is(exitCode, 0, said)
  assert.is(got.length, 2)
  assert.match(got[0] ?? '', 'check mode')
})

const refused: readonly (readonly [what: string, word: string, said: RegExp])[] = [
  ['what is no URL', `ftp://x/${token}`, /--notify, number 1: this is no http\(s\) URL/],
  ['what has blanks', `https://x/ ${token}`, /--notify, number 1: this is no http\(s\) URL/],
  ['a file that is not there', '@nowhere', /--notify @nowhere: it can't be read: ENOENT/],
  [
    'a password that anybody on the way could read',
    `http://me:${token}@example.org/x`,
    /a password goes by https, or to this/,
  ],
]
for (const [what, word, expected] of refused)
  test(`refused before any host is touched: ${what}`, async () => {
    const { exitCode, said } = await run(`touch ${at('touched')}`, '--notify', word)
    assert.is(exitCode, 1)
    assert.match(said, expected)
    assert.match(said, 'no host was touched')
    assert.not.match(said, token)
    assert.not(existsSync(at('touched')))
  })

test('where something is listed there is no run to tell of', async () => {
  const { exitCode, said } = await run('true', '--notify', 'https://x/', '--list-tasks')
  assert.is(exitCode, 1)
  assert.match(said, '--notify tells of a run, and where something is listed there is none')
})

test('a run that is gone on with tells whom it is told to tell', async () => {
  await run('exit 3', '--notify', `${server.base}/services/${token}`)
  got.splice(0)
  const resume = (...args: string[]) =>
    heard(cwd, () =>
      runFromCommandLine(made('true'), ['node', at('site.mjs'), '--resume', '--resume-changed', ...args]),
    )
  const quiet = await resume()
  assert.is(quiet.exitCode, 0, quiet.said)
  assert.is(got.length, 0)
  await run('exit 3')
  const { exitCode, said } = await resume('--notify', `${server.base}/services/${token}`)
  assert.is(exitCode, 0, said)
  assert.is(got.length, 2)
})

test('what lets somebody in is a secret: user, password, the long parts of path and query, as written and as meant', () => {
  const redactor = newRedactor()
  webhooks([`https://somebody:pass%2Fword@hooks.example.org/services/${token}/x?sig=${token}-2&v=1`], redactor)
  const text = redactor.text(`somebody pass%2Fword pass/word ${token} ${token}-2 services v=1 hooks.example.org`)
  assert.is(text, '******** ******** ******** ******** ******** services v=1 hooks.example.org')
})

test.run()
