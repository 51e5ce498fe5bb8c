import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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

// A playbook that asks, on a real terminal (`script` makes one), as an unprivileged user: nothing is left in
// /var/lib/rota.
const nobody = 65534
const isRoot = process.getuid?.() === 0
const dir = mkdtempSync(join(tmpdir(), 'rota-confirm-'))
mkdirSync(join(dir, 'node_modules'))
symlinkSync(resolve('.'), join(dir, 'node_modules', 'rota'))
writeFileSync(
  join(dir, 'ask.mjs'),
  `import { command, pause, play, playbook } from 'rota'
await playbook('ask', [
  play('both', {
    hosts: 'all',
    tasks: ({ host }) =>
      host.name === 'asks'
        ? [pause({ prompt: 'Shall it go on?' }), command({ run: 'touch ${dir}/went-on' })]
        : [command({ run: 'sleep 2', title: 'something that takes a while' }), command({ run: 'true', title: 'the next' })],
  }),
])
`,
)
// Two hosts on one machine, each with a lock of its own.
const host = (name: string) =>
  `${name} ansible_connection=local ansible_shell_executable="env XDG_STATE_HOME=${dir}/${name} sh"\n`
writeFileSync(join(dir, 'hosts.ini'), `[all]\n${host('asks')}${host('works')}`)
if (isRoot) for (const name of ['', ...readdirSync(dir)]) chownSync(join(dir, name), nobody, nobody)
chmodSync(dir, 0o755)
test.after(() => rmSync(dir, { recursive: true, force: true }))

const question = 'Shall it go on? [Enter to go on, n to stop] '

interface Asked {
  readonly typed: readonly string[]
  /** Typed while it starts. */
  readonly ahead?: string
  /** Milliseconds for which it stands unanswered. */
  readonly stays?: number
}

/** Runs it on a terminal, where each word is typed once the question stands there anew. */
async function ask({ ahead = '', typed, stays = 300 }: Asked) {
  rmSync(join(dir, 'went-on'), { force: true })
  const as = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []
  const command = [...as, process.execPath, join(dir, 'ask.mjs'), '-i', join(dir, 'hosts.ini')].join(' ')
  const run = execa('script', ['-qec', command, '/dev/null'], {
    cwd: dir,
    reject: false,
    timeout: 20_000,
    env: {
      HOME: dir,
      XDG_STATE_HOME: join(dir, 'state'),
      XDG_CACHE_HOME: join(dir, 'cache'),
      TERM: 'xterm',
    },
  })
  let screen = ''
  run.stdout.on('data', part => {
    screen += part
  })
  let hasEnded = false
  run.on('exit', () => {
    hasEnded = true
  })
  if (ahead !== '') run.stdin.write(ahead)
  const stood: string[] = []
  for (const answer of typed) {
    const asked = stood.length + 1
    await until(() => screen.split(question).length > asked || hasEnded)
    await sleep(stays)
    stood.push(screen.slice(screen.lastIndexOf(question) + question.length))
    run.stdin.write(answer)
  }
  const { exitCode } = await run
  return { exitCode, screen, stood, wentOn: existsSync(join(dir, 'went-on')) }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; waits < 300 && !isSo(); waits += 1) await sleep(50)
}

test('a question stands alone on the terminal until it is answered; what happens meanwhile comes after', async () => {
  const { exitCode, screen, stood, wentOn } = await ask({ typed: ['\n'], stays: 2500 })
  assert.equal([exitCode, wentOn], [0, true], screen)
  assert.equal(stood, [''], 'the other host has gone on, and nothing was drawn')
  assert.match(screen.slice(screen.lastIndexOf(question)), /works: .*changed.* play: .*something that takes a while/)
})

for (const [name, typed] of [
  ['Ctrl-D', ['\x04']],
  ['half a word and Ctrl-D', ['y\x04\x04']],
  ['n', ['n\n']],
  ['No', ['No\n']],
] as const)
  test(`${name} is no: the host fails, and the run ends`, async () => {
    const { exitCode, screen, wentOn } = await ask({ typed })
    assert.equal([exitCode, wentOn], [2, false], screen)
    assert.match(screen, /asks: failed: play: ask: Shall it go on\?: the operator said no/)
  })

test('what is neither yes nor no is asked again', async () => {
  const { exitCode, screen, wentOn } = await ask({ typed: ['quit\n', 'stop\n', 'YES\n'] })
  assert.equal([exitCode, wentOn], [0, true], screen)
  assert.is(screen.split(question).length, 4)
})

test('an Enter pressed before the question stands there does not answer it', async () => {
  const { exitCode, screen, wentOn } = await ask({ ahead: '\n\ny', typed: ['n\n'] })
  assert.equal([exitCode, wentOn], [2, false], screen)
})

test('Ctrl-C at a question ends the run, and changes nothing more', async () => {
  const { exitCode, screen, wentOn } = await ask({ typed: ['\x03'] })
  assert.equal([exitCode, wentOn], [130, false], screen)
  assert.match(screen, /interrupted, with a question open: Shall it go on\?/)
})

test.run()
