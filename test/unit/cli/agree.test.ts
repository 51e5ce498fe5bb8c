import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

// A run that shows its plan and asks, on a real terminal (`script` makes one), as an unprivileged user. Three hosts on
// one machine, each with a lock and a folder of its own.
const nobody = 65534
const isRoot = process.getuid?.() === 0
const dir = mkdtempSync(join(tmpdir(), 'rota-agree-'))
const names = ['n1', 'n2', 'n3'] as const
mkdirSync(join(dir, 'node_modules'))
symlinkSync(resolve('.'), join(dir, 'node_modules', 'rota'))
writeFileSync(
  join(dir, 'site.mjs'),
  `import { file, lineInFile, play, playbook } from 'rota'
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
`,
)
const host = (name: string) =>
  `${name} ansible_connection=local ansible_shell_executable="env XDG_STATE_HOME=${dir}/${name} sh"\n`
writeFileSync(join(dir, 'hosts.ini'), `[all]\n${names.map(host).join('')}[all:vars]\nhidden=hunter22-and-more\n`)
chmodSync(dir, 0o755)
test.after(() => rmSync(dir, { recursive: true, force: true }))

const question = '[yes to go on, n to stop] '
const at = (name: string, file: string) => join(dir, name, file)
const read = (name: string, file = 'motd') => (existsSync(at(name, file)) ? readFileSync(at(name, file), 'utf8') : '')

/** As the hosts are at first. */
function anew(): void {
  for (const name of names) {
    rmSync(join(dir, name), { recursive: true, force: true })
    mkdirSync(join(dir, name))
    writeFileSync(at(name, 'motd'), 'old\n')
  }
  if (isRoot)
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }))
      if (!name.startsWith('node_modules/')) chownSync(join(dir, name), nobody, nobody)
  if (isRoot) chownSync(dir, nobody, nobody)
}

const as = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
const env = {
  HOME: dir,
  XDG_STATE_HOME: join(dir, 'state'),
  XDG_CACHE_HOME: join(dir, 'cache'),
  TERM: 'xterm',
  NO_COLOR: '1',
}
const words = (args: readonly string[]) =>
  [...as, process.execPath, join(dir, 'site.mjs'), '-i', join(dir, 'hosts.ini'), ...args] as const

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
  const journals = readdirSync(join(dir, 'state/rota/runs')).map(name =>
    readFileSync(join(dir, 'state/rota/runs', name), 'utf8'),
  )
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

test.run()
