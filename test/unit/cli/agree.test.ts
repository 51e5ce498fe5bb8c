import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serve } from '../web/server.ts'
import { localHosts } from './local-hosts.ts'

// A run that shows its plan and asks, on a real terminal (`script` makes one).
const hosts = localHosts('agree', ['n1', 'n2', 'n3'])
const { dir, names, at } = hosts
const playbook = `import { file, lineInFile, play, playbook } from 'rota'
const at = (host, name) => '${dir}/' + host.name + '/' + name
await playbook('site', [
  play('first', {
    hosts: 'all',
    maxFailPercentage: 100,
    tasks: ({ host }) => [
      lineInFile({ path: at(host, 'motd'), line: 'new', title: 'motd' }),
      file({ path: at(host, 'key'), content: host.var('hidden'), mode: '0600', title: 'key', secret: true }),
    ],
  }),
  play('second', { hosts: 'all', tasks: ({ host }) => [lineInFile({ path: at(host, 'motd'), line: 'more', title: 'more' })] }),
])
`
const inventory = `${hosts.inventory}[all:vars]\nhidden=hunter22-and-more\n`

const question = '[yes to go on, n to stop] '
const read = (name: string, file = 'motd') => (existsSync(at(name, file)) ? readFileSync(at(name, file), 'utf8') : '')

/** As the hosts are at first. */
const anew = () =>
  hosts.anew({ 'site.mjs': playbook, 'hosts.ini': inventory }, name => writeFileSync(at(name, 'motd'), 'old\n'))

const env = { ...hosts.env, TERM: 'xterm' }
const words = (args: readonly string[]) => hosts.command([at('site.mjs'), '-i', at('hosts.ini'), ...args])

/** Runs it on a terminal; `meanwhile` happens while the question stands. */
async function ask(typed: readonly string[], meanwhile = () => {}, args: readonly string[] = ['--ask']) {
  const run = execa('script', ['-qec', words(args).join(' '), '/dev/null'], {
    cwd: dir,
    reject: false,
    timeout: 90_000,
    env,
  })
  let screen = ''
  let hasEnded = false
  run.stdout.on('data', part => {
    screen += part
  })
  run.on('exit', () => {
    hasEnded = true
  })
  for (const [index, answer] of typed.entries()) {
    for (let waits = 0; waits < 1200 && screen.split(question).length < index + 2 && !hasEnded; waits += 1)
      await sleep(50)
    await sleep(200)
    meanwhile()
    run.stdin.write(answer)
  }
  const { exitCode } = await run
  // How the live view takes its last lines away.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins it
  const plain = screen.replaceAll('\r', '').replaceAll(/\x1b\[\d*[AJ]/g, '')
  const [plan = '', ...rest] = plain.split(question)
  return { exitCode, plan, done: rest.join(question), asked: rest.length }
}

test('without yes nothing is done: not with Enter, not with y', async () => {
  anew()
  const { exitCode, plan, asked, done } = await ask(['\n', 'y\n', 'n\n'])
  assert.equal([exitCode, asked], [1, 3], plan)
  assert.match(done, 'nothing was changed: the operator did not say yes')
  for (const name of names) assert.equal([read(name), read(name, 'key')], ['old\n', ''])
  assert.match(plan, /^ {2}n1 … n3 \(3 hosts\): would change play: key/m)
  assert.is(plan.match(/^ {4}\+new$/gm)?.length, 3)
  assert.match(plan, /Make 9 changes on 3 hosts\? /)
})

test('after yes what was shown is done; what a play changes for the next is its own work', async () => {
  anew()
  const { exitCode, plan, done } = await ask(['yes\n'])
  assert.is(exitCode, 0, `${plan}${done}`)
  for (const name of names) assert.equal([read(name), read(name, 'key')], ['old\nnew\nmore\n', 'hunter22-and-more'])
  assert.match(done, /n2: changed play: motd \(.*; as shown\)/)
  assert.not.match(done, /^ {4}\+new$/m)
  assert.not.match(plan + done, 'hunter22')
  const journals = readdirSync(at('state/rota/runs')).map(name => readFileSync(at('state/rota/runs', name), 'utf8'))
  for (const journal of journals) assert.not.match(journal, 'hunter22')
  assert.is(journals.filter(text => text.includes('"check":false')).length, 1)
  const again = await ask([])
  assert.equal([again.exitCode, again.asked], [0, 0], 'nothing is to be done, and nobody is asked')
})

test('a host that somebody has changed meanwhile is refused before anything is done to it, and the others are not', async () => {
  anew()
  const { exitCode, done } = await ask(['yes\n'], () => {
    writeFileSync(at('n1', 'motd'), 'other\n')
    writeFileSync(at('n3', 'motd'), 'old\nnew\n')
  })
  assert.is(exitCode, 2, done)
  assert.equal(
    names.map(name => [read(name), read(name, 'key')]),
    [
      ['other\n', ''],
      ['old\nnew\nmore\n', 'hunter22-and-more'],
      ['old\nnew\n', ''],
    ],
  )
  assert.match(done, /n1: failed: what would be done is not what was shown: play: motd is another change/)
  assert.match(done, /n3: failed: what would be done is not what was shown: play: motd has nothing to do any more/)
  assert.match(done, 'look at what would be done again')
})

test('where nobody can be asked it is refused before any host is touched, with what to do', async () => {
  anew()
  const [command = '', ...args] = words(['--ask'])
  const { exitCode, stderr } = await execa('setsid', ['--wait', command, ...args], { cwd: dir, reject: false, env })
  assert.is(exitCode, 1, stderr)
  assert.match(
    stderr,
    /--ask: there is no terminal to ask on\n +look with --check --diff .*, then run it without --ask/,
  )
  assert.match(stderr, 'no host was touched')
  for (const name of names) assert.is(read(name), 'old\n')
})

test('with --check or --json there is nobody or nothing to ask about', async () => {
  anew()
  const check = await ask([], () => {}, ['--ask', '--check'])
  assert.equal([check.exitCode, check.asked], [1, 0], check.plan)
  assert.match(check.plan, '--check changes nothing')
  const json = await ask([], () => {}, ['--ask', '--json'])
  assert.equal([json.exitCode, json.asked], [1, 0], json.plan)
  assert.match(json.plan, '--json is for a program')
})

test('a webhook is told of the run and not of its plan; the page is that of the run', async () => {
  anew()
  const got: { readonly event: string; readonly check: boolean }[] = []
  const server = await serve({
    '/hook': (request, response) => {
      request.on('data', part => got.push(JSON.parse(String(part))))
      request.on('end', () => response.end())
    },
  })
  try {
    const told = ['--ask', '--notify', `${server.base}/hook`, '--report', at('run.html')]
    const { exitCode, plan, done } = await ask(['yes\n'], () => {}, told)
    assert.is(exitCode, 0, plan + done)
    assert.equal(
      got.map(({ event, check }) => [event, check]),
      [
        ['started', false],
        ['finished', false],
      ],
    )
    assert.not.match(readFileSync(at('run.html'), 'utf8'), 'check mode')
  } finally {
    server.close()
  }
})

test.run()
