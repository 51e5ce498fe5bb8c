import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { longestOutput, longestStepOutput } from '../../engine/program/limits.ts'

// A host that lies (evil-host.sh), beside an honest one: a real playbook runs on both. What it says is bounded and
// printed as text, it is unreachable with the reason, and the other one is worked on.
const dir = mkdtempSync(join(tmpdir(), 'rota-host-says-'))
test.after(() => rmSync(dir, { recursive: true }))
const entry = new URL('../../engine/entry.mjs', import.meta.url).href
const evil = new URL('./evil-host.sh', import.meta.url).pathname

/** Writes the most memory that the controller had, in MB, when it ends. */
const playbookOf = (name: string, plays: string): string => {
  const file = join(dir, `${name}.mjs`)
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs'
import { command, fetch, file, play, playbook, raw, step } from ${JSON.stringify(entry)}
process.on('exit', () => writeFileSync(${JSON.stringify(join(dir, 'rss'))}, String(process.resourceUsage().maxRSS / 1024)))
await playbook(${JSON.stringify(name)}, [${plays}])
`,
  )
  return file
}

interface Ran {
  readonly exitCode: number | undefined
  readonly said: string
  readonly megabytes: number
  readonly seconds: number
}

async function run(file: string, hosts: string, ...flags: readonly string[]): Promise<Ran> {
  writeFileSync(join(dir, 'hosts.ini'), hosts)
  const started = performance.now()
  const { exitCode, all } = await execa('node', [file, '-i', join(dir, 'hosts.ini'), ...flags], {
    all: true,
    reject: false,
    stripFinalNewline: false,
    env: { XDG_STATE_HOME: join(dir, 'state'), NO_COLOR: '1' },
  })
  const seconds = (performance.now() - started) / 1000
  return { exitCode, said: all ?? '', megabytes: Number(readFileSync(join(dir, 'rss'), 'utf8')), seconds }
}

const work = playbookOf(
  'work',
  `play('p', { hosts: 'all', maxFailPercentage: 100, tasks: ({ host }) => [
    file({ path: ${JSON.stringify(dir)} + '/out-' + host.name, content: 'hi\\n' }),
    command({ run: ['true'] }),
  ] })`,
)
const both = (mode: string): string => `[all:vars]
ansible_connection=local
[all]
honest
evil ansible_shell_executable="${evil} ${mode}"
`

/** What the operator sees of it has no escapes, and no line that it has made up. */
function isPlain(said: string): void {
  assert.not.match(said.replace(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}]/u)
  for (const line of said.split('\n')) if (line.includes('honest: FAILED')) assert.match(line, /^ {6}\| |"/)
}

let ordinary = 0

test('an honest host alone: what a run takes', async () => {
  const { exitCode, said, megabytes } = await run(work, 'honest ansible_connection=local\n')
  assert.is(exitCode, 0, said)
  assert.match(said, /honest: changed, 2 changes/)
  ordinary = megabytes
})

test('memory is measured: what a run holds is seen', async () => {
  const large = join(dir, 'large')
  writeFileSync(large, Buffer.alloc(64 * 1024 * 1024))
  const paths = `path: ${JSON.stringify(large)}, to: ${JSON.stringify(join(dir, 'copy'))}`
  const file = playbookOf('large', `play('p', { hosts: 'all', tasks: [fetch({ ${paths} })] })`)
  const { exitCode, said, megabytes } = await run(file, 'honest ansible_connection=local\n')
  assert.is(exitCode, 0, said)
  assert.equal(readFileSync(join(dir, 'copy')).length, 64 * 1024 * 1024)
  assert.ok(megabytes > ordinary + 64, `${megabytes} MB, ${ordinary} MB without`)
})

const lies: readonly (readonly [mode: string, reason: RegExp, outcome?: 'failed'])[] = [
  ['escape', /unreachable: banner \\x1b\]0;OWNED\\x07\\x1b\[2JFAKE\\x9b2J\\u202e\n {6}\| {3}honest: FAILED/],
  ['locked', /unreachable: another controller is working on this host: pid 1\\x1b\[2J\n {6}\| {3}honest: FAILED/],
  ['endless', /the frame "facts" has 99999999999999 bytes, it may have \d+/],
  ['header', /this is no frame: "a{200}…"/],
  ['garbage', /this is no frame: "garbage"/],
  ['noise', /it printed more than 1048576 bytes before it said hello/],
  ['stderr', /more than 67108864 bytes on stderr/],
  ['frames', /it said "started 1" where facts 0 had to come/],
  ['hellos', /it said "hello" where it was not asked to/],
  ['early', /it said "facts" where it was not asked to|it answers request 1/],
  ['other', /it answers request 7, and is asked request 1/],
  ['twice', /it said "facts 0" where end 0 had to come/],
  ['ends', /fact \w+: its script did not come to its end|it answers request 1, and is asked nothing/, 'failed'],
  ['nothing', /it said "end 0" where facts 0 had to come/],
  ['nan', /this is no frame: "facts NaN 0 1 "/],
  ['number', /its hello has no uid that could be one: "nobody"/],
  ['process', /its hello has no pid that could be one: "1;reboot"/],
  ['state', /its hello has no state that could be one: "\/tmp\\u001b\[2J"/],
  ['channel', /its hello is not for this channel/],
  ['forged', /fact \w+: its script did not come to its end/, 'failed'],
  ['lines', /500000\d lines, more than 1000000 are not read/, 'failed'],
  ['bytes', /fact \w+: its script did not come to its end/, 'failed'],
  ['silent', /unreachable/],
]

for (const [mode, reason, outcome = 'unreachable'] of lies) {
  test(`a host that lies (${mode}) is ${outcome}, with the reason; the other one is worked on; memory stays`, async () => {
    for (const name of ['honest', 'evil']) rmSync(join(dir, `out-${name}`), { force: true })
    const { exitCode, said, megabytes, seconds } = await run(work, both(mode))
    assert.is(exitCode, outcome === 'failed' ? 2 : 4, said)
    assert.match(said, reason)
    assert.match(said, new RegExp(`^ {2}evil: ${outcome}: `, 'm'))
    assert.ok(/^ {2}honest: changed, 2 changes$/m.test(said), said)
    assert.is(readFileSync(join(dir, 'out-honest'), 'utf8'), 'hi\n')
    isPlain(said)
    assert.ok(megabytes < ordinary + 60, `${megabytes} MB, ${ordinary} MB where nobody lies`)
    assert.ok(seconds < 60, `${seconds} s`)
  })
}

test('JSON and the journal have the words of such a host as escapes, with every character of them', async () => {
  const { said } = await run(work, both('escape'), '--json')
  assert.not.match(said.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  const events = said
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line))
  const { message } = events.find(({ kind, host }) => kind === 'hostFinished' && host === 'evil')
  assert.match(message, 'banner \x1b]0;OWNED\x07\x1b[2J\x1b[31mFAKE\x9b2J\u202e\n  honest: FAILED')
})

test('an inventory, a title and a question can rewrite no terminal and no line: problems, listings and inventories of every form', async () => {
  const words = `x\x1b[2J\x9b2J\u202e\n  |--master-2\nhonest: FAILED`
  const file = playbookOf(
    'listed',
    `play(${JSON.stringify(words)}, { hosts: 'all', tasks: [command({ run: ['true'], title: ${JSON.stringify(words)} })] })`,
  )
  const inventory = join(dir, 'words\x1b[2J.json')
  const hosts = (name: string) => ({ all: { hosts: { [name]: { ansible_connection: 'local', said: words } } } })
  const bin = new URL('../../engine/bin.mjs', import.meta.url).pathname
  const say = async (...args: readonly string[]) => {
    const { all } = await execa('node', args, { all: true, reject: false, env: { XDG_STATE_HOME: join(dir, 'state') } })
    assert.not.match(all.replace(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}]/u, args.join(' '))
    for (const line of all.split('\n')) assert.not.match(line, /^( {2}\|--master-2|honest: FAILED)/, args.join(' '))
    return all
  }
  for (const name of ['h', words]) {
    writeFileSync(inventory, JSON.stringify(hosts(name)))
    for (const flag of ['--list', '--graph', '--yaml --list', '--host h --explain said'])
      await say(bin, 'inventory', '-i', inventory, ...flag.split(' '))
    for (const flag of ['--list-hosts', '--list-tasks', '--list-tags', '--check'])
      await say(file, '-i', inventory, flag)
  }
  writeFileSync(inventory, JSON.stringify(hosts('h')))
  assert.is(JSON.parse(await say(bin, 'inventory', '-i', inventory, '--host', 'h')).said, words)
  assert.match(await say(file, '-i', inventory, '--list-tasks'), /play: x\\x1b\[2J/)
  assert.match(await say(file, '-i', inventory, '-l', words), /^error --limit: there is no host or group 'x\\x1b'$/m)
})

test('what a command prints is cut in its middle by the host itself, with a note; a step is given all or an error', async () => {
  const noisy = `head -c ${longestOutput} /dev/zero | tr '\\0' a; echo; head -c ${longestOutput} /dev/zero | tr '\\0' b; echo; echo the end`
  const file = playbookOf(
    'noisy',
    `play('p', { hosts: 'all', tasks: [
      command({ run: ${JSON.stringify(noisy)} }),
      step({ title: 'much', run: async ({ $, say }) => say(String((await $\`head -c 3000000 /dev/zero | tr '\\\\0' c\`).stdout.length)) }),
      step({ title: 'too much', run: async ({ $ }) => { await $\`head -c ${longestStepOutput + 1} /dev/zero\` } }),
    ] })`,
  )
  const { exitCode, said } = await run(file, 'honest ansible_connection=local\n', '-vv')
  assert.is(exitCode, 2)
  const output = said.split('\n').filter(line => line.startsWith('      | '))
  assert.match(output.join('\n'), /^ {6}\| \[10485\d\d bytes of output are left out here\]$/m)
  assert.ok(output.some(line => line.endsWith('bbb')) && output.includes('      | the end'))
  assert.match(said, /^ {2}honest: 3000000$/m)
  assert.match(said, /a command of a step printed 67108865 bytes on stdout: more than 67108864 are not taken/)
})

test.run()
