import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not, ok } from 'uvu/assert'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { type DieOn, localHosts, type Ran } from './local-hosts.ts'

// Whole runs that may begin nothing from some moment on, and runs that ask between batches. Each host is taken out of
// service for its work; all that is done on it is a line in `log`. What a host does may take until a moment that the
// file `busy-until` names, in seconds since 1970.
const hosts = localHosts('window')
const { dir, names, at, owed } = hosts
const playbook = `import { around, command, file, play, playbook } from 'rota'
const dir = '${dir}'
const line = (host, what) => \`echo '\${host.name} \${what}' >>'\${dir}/log'\`
const outOfService = around({
  name: 'out of service',
  enter: async ({ host, $ }) => void (await $\`sh -c \${\`touch '\${dir}/\${host.name}/out'; \${line(host, 'out')}\`}\`),
  leave: async ({ host, $ }) => void (await $\`sh -c \${\`rm '\${dir}/\${host.name}/out' && \${line(host, 'back')}\`}\`),
})
const busy = \`while [ -e '\${dir}/busy-until' ] && [ "$(date +%s)" -lt "$(cat '\${dir}/busy-until')" ]; do sleep 0.1; done\`
const held = host => \`while [ -e '\${dir}/hold-\${host.name}' ]; do sleep 0.1; done\`
await playbook('upgrade', ({ vars: { value } }) => [
  play('early', { hosts: 'all', tasks: ({ host }) => [file({ path: \`\${dir}/\${host.name}/early\`, content: value })] }),
  play('one at a time', {
    hosts: 'all',
    serial: 1,
    around: [outOfService],
    tasks: ({ host }) => [
      command({ title: 'works', run: \`\${line(host, 'works')}; \${busy}; \${held(host)}; touch '\${dir}/\${host.name}/\${value}'\`, creates: \`\${dir}/\${host.name}/\${value}\` }),
    ],
  }),
  play('late', { hosts: 'all', tasks: ({ host }) => [file({ path: \`\${dir}/\${host.name}/late\`, content: value })] }),
], { vars: { value: { type: 'string', default: 'first' } } })
`
const anew = () => hosts.anew({ 'upgrade.mjs': playbook, log: '' })
const run = (args: readonly string[], dieOn?: DieOn) => hosts.ran([at('upgrade.mjs'), '--json', ...args], dieOn)
const did = () => readFileSync(at('log'), 'utf8').split('\n').filter(Boolean)
const isOut = () => names.filter(name => existsSync(at(name, 'out')))
const done = (file: string) => names.filter(name => existsSync(at(name, file)))
const whole = (host: string) => ['out', 'works', 'back'].map(what => `${host} ${what}`)
const texts = ({ events }: Ran, kind: 'note' | 'warning') =>
  events.flatMap(event => (event.kind === kind ? [event.text] : [])).join('\n')
const stopped = ({ events }: Ran) => events.flatMap(event => (event.kind === 'stopped' ? [event.reason] : [])).join()
const skipped = ({ events }: Ran, play: string) =>
  events.flatMap(event =>
    event.kind === 'hostFinished' && event.outcome === 'skipped' && event.play === play
      ? [`${event.host} ${event.message}`]
      : [],
  )
const inv = ['-i', 'hosts.ini'] as const
const clockAt = (ms: number) => `${new Date(ms).toISOString().slice(11, 19)}Z`
const hour = 60 * 60 * 1000

test('what is under way when the window ends is brought to its end, nothing more is begun, nothing is owed, and --resume goes on with exactly the rest', async () => {
  // On a machine that is very busy a run may need longer to come to its first host.
  for (const seconds of [8, 20, 60]) {
    anew()
    const end = Math.ceil(Date.now() / 1000 + seconds)
    writeFileSync(at('busy-until'), `${end}`)
    // With its day: when that is over, it is not of tomorrow.
    const said = `${new Date(end * 1000).toISOString().slice(0, 19)}Z`
    const first = await run([...inv, '--until', said])
    if (did().length === 0) continue
    equal(did(), whole('a'))
    equal([first.exitCode, owed(), isOut()], [2, [], []])
    equal(
      skipped(first, 'one at a time'),
      ['b', 'c'].map(name => `${name} not begun: the window ends at ${said}`),
    )
    is(stopped(first), `one at a time: the window ends at ${said}; not run: late`)
    equal([done('early'), done('late')], [names, []])
    ok(first.events.every(event => event.kind !== 'batchStarted' || event.number === 1))

    rmSync(at('busy-until'))
    const next = await run(['--resume', '--until', clockAt(Date.now() + 2 * hour)])
    is(next.exitCode, 0, next.said)
    equal(did(), [...whole('a'), ...whole('b'), ...whole('c')])
    equal([owed(), isOut(), done('late')], [[], [], names])
    return
  }
  throw new Error('in 60 seconds no host was begun')
})

/** A run's journal, as if all of it had taken so many times as long. */
function slowedDown(times: number): void {
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const path = at('state', 'rota', 'runs', name)
  const events = readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(text => JSON.parse(text) as RunEvent & { readonly at: string })
  const from = Date.parse(events[0]?.at ?? '')
  const slow = events.map(event => ({
    ...event,
    at: new Date(from + (Date.parse(event.at) - from) * times).toISOString(),
  }))
  writeFileSync(path, `${slow.map(event => JSON.stringify(event)).join('\n')}\n`)
}

test('with --window-only nothing is begun that could not end in time by the journals of runs before; without it it is said', async () => {
  anew()
  const past = await run(inv)
  is(past.exitCode, 0, past.said)
  // Even a tenth of a second becomes 27 hours.
  slowedDown(1e6)
  const soon = ['-e', 'value=second', '--until', clockAt(Date.now() + 2 * hour)]
  const only = await run([...inv, ...soon, '--window-only'])
  equal([only.exitCode, done('second')], [2, []])
  match(
    stopped(only),
    /^early: the window ends at .*, in (2 h 0|1\d\d) min, and it may take \d+ h \d+ min, as 3 hosts took /,
  )
  equal(skipped(only, 'early').length, 3)
  match(texts(only, 'note'), new RegExp(`in run ${past.run}`))
  const all = await run([...inv, ...soon])
  is(all.exitCode, 0, all.said)
  equal(done('second'), names)
  match(texts(all, 'warning'), /^one at a time: the window ends at .*, and it may take .* as 1 host took/m)
  // Another run in check mode says it, too, and looks at all.
  const check = await run([...inv, '-e', 'value=third', '--until', '04:30', '--check'])
  is(check.exitCode, 0)
  match(texts(check, 'note'), /^one at a time: it may take \d+ h/m)
})

test('with no run before it is a guess, and that is said; the end is told with its day', async () => {
  anew()
  const { exitCode, events, ...ran } = await run([...inv, '--until', clockAt(Date.now() + 2 * hour), '--window-only'])
  is(exitCode, 0, ran.said)
  const said = texts({ ...ran, exitCode, events }, 'warning')
  match(said, /^one at a time: how long it takes is not known yet: that it ends before \S+Z is a guess$/m)
  match(
    texts({ ...ran, exitCode, events }, 'note'),
    /^the window ends at \S+: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00, in (2 h 0|1\d\d) min$/m,
  )
})

const killed = (host: string): DieOn =>
  Object.assign((event: RunEvent) => event.kind === 'taskStarted' && event.host === host && event.task === 'works', {
    holds: `hold-${host}`,
  })

test('killed with a host out of service: --resume brings it back in what time is left, though it may end too late, and keeps the end', async () => {
  anew()
  const past = await run(inv)
  is(past.exitCode, 0, past.said)
  slowedDown(1e6)
  writeFileSync(at('log'), '')
  const until = clockAt(Date.now() + 2 * hour)
  const died = await run([...inv, '-e', 'value=second', '--until', until], killed('b'))
  equal([died.exitCode, isOut()], [-1, ['b']])
  const next = await run(['--resume', '--until', until, '--window-only'])
  // What was done before and what was left half-way is seen to; c could not end in time.
  equal([next.exitCode, isOut(), owed()], [2, [], []], next.said)
  equal(
    skipped(next, 'one at a time').map(text => text.slice(0, 1)),
    ['c'],
  )
  not(done('second').includes('c'))
  const kept = await run(['--resume', '--check'])
  match(texts(kept, 'note'), `the window ends at ${until}`)
})

test('an end that is over is refused, also of a run that is gone on with', async () => {
  anew()
  const refusedRun = await run([...inv, '--until', '2020-01-01T04:30', '-e', 'vlaue=1'])
  is(refusedRun.exitCode, 1)
  match(refusedRun.said, /--until: 2020-01-01T04:30 is over/)
  match(refusedRun.said, /extra variable vlaue/)
  const died = await run([...inv, '--until', '2999-01-01T04:30Z'], killed('a'))
  is(died.exitCode, -1)
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const path = at('state', 'rota', 'runs', name)
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('2999-', '2020-'))
  const over = await run(['--resume'])
  is(over.exitCode, 1)
  match(over.said, /--until: 2020-01-01T04:30Z is over\n.*--until 04:30/)
  is((await run(['--resume', '--until', clockAt(Date.now() + hour)])).exitCode, 0)
})

test('a run is taken back whatever the hour: its window was of its night', async () => {
  anew()
  is((await run([...inv, '--until', clockAt(Date.now() + 2 * hour), '--window-only'])).exitCode, 0)
  const [name = ''] = readdirSync(at('state', 'rota', 'runs'))
  const back = await run(['--rollback', name.replace('.ndjson', '')])
  is(back.exitCode, 0, back.said)
  not.match(texts(back, 'note'), 'the window ends')
  equal(done('late'), [])
})

const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['--until', 'soon'], /--until <time>.*a time such as 04:30 or 2026-12-01T04:30 is expected/],
  [['--until', '04:30 Europe/Nowhere'], /is expected, with a zone/],
  [['--window-only'], /--window-only is about the end that --until gives, and that is not given/],
  [['--confirm', '--check'], /--check changes nothing, so there is nothing to --confirm/],
]
for (const [args, said] of wrong)
  test(`refused before any host is touched: ${args.join(' ')}`, async () => {
    anew()
    const ran = await run([...inv, ...args])
    equal([ran.exitCode, ran.events], [1, []])
    match(ran.said, said)
  })

/** Runs it on a terminal (`script` makes one), and types a word for each question. */
async function onTerminal(typed: readonly string[], ...args: readonly string[]) {
  const words = hosts.command([at('upgrade.mjs'), ...inv, '--confirm', ...args])
  const child = execa('script', ['-qec', words.join(' '), '/dev/null'], {
    cwd: dir,
    reject: false,
    timeout: 90_000,
    env: { ...hosts.env, TERM: 'xterm' },
  })
  const question = '; go on? (yes/no/all) '
  let screen = ''
  let hasEnded = false
  child.stdout.on('data', part => {
    screen += part
  })
  child.on('exit', () => {
    hasEnded = true
  })
  for (const [index, answer] of typed.entries()) {
    for (let waits = 0; waits < 1200 && screen.split(question).length < index + 2 && !hasEnded; waits += 1)
      await sleep(50)
    await sleep(200)
    child.stdin.write(answer)
  }
  const { exitCode } = await child
  const questions = screen.match(/^.*next batch: .*go on\? /gm) ?? []
  return { exitCode, screen, questions: questions.map(text => text.replaceAll('\r', '')) }
}

test('--confirm asks between batches: no is an orderly end, and --resume goes on with exactly the rest', async () => {
  anew()
  const { exitCode, screen, questions } = await onTerminal(['yes\n', 'no\n'])
  equal(
    questions.map(text => text.slice(text.indexOf('one at'))),
    ['one at a time: next batch: b (batch 2 of 3); go on? ', 'one at a time: next batch: c (batch 3 of 3); go on? '],
    screen,
  )
  equal([exitCode, did(), owed(), isOut()], [2, [...whole('a'), ...whole('b')], [], []])
  match(screen, /c: skipped: not begun: the operator said no/)
  match(screen, /stopped: one at a time: before batch 3 of 3 the operator said no; not run: late/)
  // Nobody is asked any more: it is of the moment.
  const next = await run(['--resume'])
  is(next.exitCode, 0, next.said)
  equal(did(), names.flatMap(whole))
})

for (const [what, typed, asked, worked] of [
  ['all: nobody is asked any more', ['all\n'], 1, 3],
  ['Enter and other words are no answer', ['\n', 'why\n', 'y\n', 'A\n'], 4, 3],
  ['Ctrl-D is no', ['\x04'], 1, 1],
] as const)
  test(`--confirm: ${what}`, async () => {
    anew()
    const { exitCode, screen, questions } = await onTerminal(typed)
    equal([exitCode, questions.length, done('first').length], [worked === 3 ? 0 : 2, asked, worked], screen)
  })

test('--confirm: Ctrl-C at the question ends the run', async () => {
  anew()
  const { exitCode, screen } = await onTerminal(['\x03'])
  equal([exitCode, done('first'), isOut()], [130, ['a'], []], screen)
  match(screen, /c: skipped: not begun: interrupted/)
})

test('--confirm: nobody is asked where nothing was changed', async () => {
  anew()
  is((await run(inv)).exitCode, 0)
  const { exitCode, questions } = await onTerminal([])
  equal([exitCode, questions], [0, []])
})

test('--confirm is refused where there is no terminal, and in a window, before any host is touched', async () => {
  anew()
  const words = hosts.command([at('upgrade.mjs'), ...inv, '--confirm'])
  const { exitCode, stderr } = await execa('setsid', ['--wait', ...words], {
    cwd: dir,
    reject: false,
    env: hosts.env,
  })
  is(exitCode, 1, stderr)
  match(stderr, /--confirm: there is no terminal to ask on/)
  const inWindow = await onTerminal([], '--window')
  is(inWindow.exitCode, 1)
  match(inWindow.screen, /--confirm: "one at a time" works in a sliding window/)
  equal(done('early'), [])
})

test.run()
