import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factKey, factsFrom } from '../../../engine/facts/fact.ts'
import { rebootRequired, tool } from '../../../engine/facts/index.ts'
import { isFailure, messageOf, unreachable } from '../../../engine/failure/index.ts'
import { remoteShell } from '../../../engine/host/remote-shell.ts'
import type { HostView, InventoryView, Step } from '../../../engine/role/index.ts'
import { reboot } from '../../../engine/role/index.ts'
import type { Channel } from '../../../engine/transport/index.ts'
import { nameOf, parsed, probeWith, shells } from '../facts/probe.ts'
import { sandbox, withFolders } from '../tasks/converge.ts'

const bootId = (digit: number) => '01234567-89ab-cdef-0123-45678900000x'.replace('x', String(digit))
/** As /proc/1/stat has it, of a program whose name has blanks and brackets in it. */
const stat = (began: number) => `1 (sh) (x) S 0 ${Array.from({ length: 17 }, () => 0).join(' ')} ${began} 0 0`

/**
 * A host that is down for some looks once it is told to go, and has booted anew then. `stays`: for so many looks it
 * still answers as before.
 */
function fakeHost({
  stays = 0,
  down = 0,
  boots = true,
  refuses = false,
  dies = false,
  ready = 0,
  own = '',
  container = false,
} = {}) {
  const state = { going: false, looks: 0, tests: 0, message: '', reconnected: 0 }
  const run: Channel['run'] = async ({ script: { text } }) => {
    const isDown = state.going && state.looks > stays && state.looks <= stays + down
    if (isDown) throw unreachable('h', 'connect', 'connection refused')
    const is = (exitCode: number, stdout = '', stderr = '') => ({ exitCode, stdout, stderr })
    if (text.includes('shutdown')) {
      if (refuses) return is(1, '', 'must be root')
      state.going = true
      state.message = text
      if (dies) throw unreachable('h', 'lost', 'the connection was lost')
      return is(0)
    }
    if (text.includes('boot_id')) {
      const anew = boots && state.going && state.looks > stays + down
      return is(0, own || `${bootId(anew && !container ? 2 : 1)}\n${stat(anew && container ? 9 : 7)}\n`)
    }
    state.tests += 1
    return state.tests > ready ? is(0) : is(3, '', 'not yet')
  }
  const said: string[] = []
  const $ = remoteShell(
    async () => ({ run }) as Channel,
    'h',
    () => false,
  )
  const context = {
    host: { name: 'h' } as HostView,
    inventory: {} as InventoryView,
    $,
    on: () => $,
    run: '20260101T030405Z-4711',
    reconnect: async () => {
      state.looks += 1
      state.reconnected += 1
    },
    say: (text: string) => said.push(text),
    ask: async () => true,
  }
  return { state, said, go: (step: Step) => step.run(context) }
}

const needed = (step: Step, reason?: string) => {
  const fact = reason === undefined ? {} : { reason }
  return step.needed(factsFrom(new Map([[factKey(rebootRequired({})), fact]])))
}

test('whether a host wants it: by the file of Debian, by the tool of Red Hat', () => {
  const of = (output: string) => parsed(output, rebootRequired({}))[0]?.reason
  assert.is(of(''), undefined)
  assert.is(of('file\nlinux-image-6.1\nlibc6\nlibc6\n'), '/run/reboot-required, linux-image-6.1, libc6')
  assert.is(of('file\n\u001b[2Jx\na b\n'), '/run/reboot-required')
  assert.is(of('tool'), 'needs-restarting -r says so')
})

for (const shell of shells.slice(0, 3)) {
  const dir = sandbox()
  const bin = join(dir, 'bin')
  for (const folder of [join(dir, 'run'), bin]) mkdirSync(folder)
  const alone = withFolders(['env', `PATH=${bin}:/usr/bin:/bin`, ...shell], { '/run': join(dir, 'run') })
  if (alone)
    test(`${nameOf(shell)}: a host is asked`, () => {
      const reason = () => probeWith(alone, rebootRequired({}))[0]?.reason
      assert.is(reason(), undefined)
      const tool = join(bin, 'needs-restarting')
      writeFileSync(
        tool,
        '#!/bin/sh\n[ "$1" = -r ] && echo "Reboot is required to fully utilize these updates." && exit 1\n',
      )
      chmodSync(tool, 0o755)
      assert.is(reason(), 'needs-restarting -r says so')
      writeFileSync(join(dir, 'run/reboot-required'), '*** System restart required ***\n')
      assert.is(reason(), '/run/reboot-required')
      writeFileSync(join(dir, 'run/reboot-required.pkgs'), 'linux-base\n')
      assert.is(reason(), '/run/reboot-required, linux-base')
    })
}

test('it is rebooted where the host wants it, or where the role says why; not otherwise', () => {
  assert.is(needed(reboot()), false)
  assert.is(needed(reboot(), '/run/reboot-required'), '/run/reboot-required')
  assert.is(needed(reboot({ needed: () => 'asked for' })), 'asked for')
  const ofFacts = reboot({ facts: { a: tool({ name: 'a' }) }, needed: ({ a }) => a.path !== undefined && 'a is there' })
  assert.is(ofFacts.needed(factsFrom(new Map([[factKey(tool({ name: 'a' })), { path: '/a' }]]))), 'a is there')
})

test('it waits until the host has booted anew, by a new connection for each look', async () => {
  const host = fakeHost({ stays: 1, down: 1 })
  const result = await host.go(reboot({ timeout: 5, message: "it's time" }))
  assert.match(result?.summary ?? '', /^back after \d+ s$/)
  assert.is(host.state.reconnected, 3)
  assert.match(host.state.message, "shutdown -r now 'it'\\''s time'")
  assert.equal(host.said, ['it is going down'])
})

test('a host that is gone before it has answered is waited for, too', async () => {
  const host = fakeHost({ dies: true })
  assert.match((await host.go(reboot({ timeout: 5 })))?.summary ?? '', 'back after')
})

test('a container has booted anew where its first process is another one', async () => {
  const host = fakeHost({ container: true, stays: 1 })
  assert.match((await host.go(reboot({ timeout: 5 })))?.summary ?? '', 'back after')
  assert.is(host.state.reconnected, 2)
})

test('it goes on once the test command succeeds', async () => {
  const host = fakeHost({ ready: 1 })
  await host.go(reboot({ timeout: 5, testCommand: 'systemctl is-active containerd' }))
  assert.is(host.state.tests, 2)
})

const failures: readonly (readonly [string, Parameters<typeof fakeHost>[0], string])[] = [
  ['may not', { refuses: true }, 'must be root'],
  ['does not go down', { boots: false }, 'not back within 1 s: it has not gone down'],
  ['does not come back', { down: 99 }, 'not back within 1 s: connection refused'],
  ['is not ready', { ready: 99 }, 'ended with exit code 3: not yet'],
]
for (const [name, host, message] of failures) {
  // All at the same time: each waits for a while.
  const thrown = fakeHost(host)
    .go(reboot({ timeout: 1, testCommand: 'true' }))
    .catch((error: unknown) => error)
  test(`a host that ${name} fails`, async () => {
    const error = await thrown
    assert.ok(isFailure(error, 'failed'))
    assert.match(messageOf(error), message)
  })
}

test('the machine that Rota runs on is not rebooted', async () => {
  const own = ['/proc/sys/kernel/random/boot_id', '/proc/1/stat'].map(path => readFileSync(path, 'utf8')).join('')
  const host = fakeHost({ own })
  const error = await host.go(reboot({ timeout: 5 })).catch((thrown: unknown) => thrown)
  assert.match(messageOf(error), 'h is the machine that Rota runs on')
  assert.is(host.state.going, false)
})

test.run()
