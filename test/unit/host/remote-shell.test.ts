import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { remoteShell } from '../../../engine/host/remote-shell.ts'
import type { RunCommand } from '../../../engine/program/requests.ts'
import { newRedactor } from '../../../engine/secrets/redactor.ts'
import { blob } from '../../../engine/shell/shell.ts'
import type { Channel } from '../../../engine/transport/types.ts'

const hidden = newRedactor()
const secret = 'it\'s a "secret"'
hidden.add([secret])

const ran: RunCommand[] = []
const channel = {
  run: async (command: RunCommand) => {
    ran.push(command)
    return { exitCode: 0, stdout: '', stderr: '' }
  },
} as unknown as Channel
const $ = remoteShell(async () => channel, 'web', hidden.isIn)

test('a command of a step with a secret among its words is not run', async () => {
  ran.length = 0
  for (const command of [$`login --password=${secret}`, $`printf %s ${secret} | login`, $`login ${['-p', secret]}`])
    await command.then(
      () => assert.unreachable('it ran'),
      error => {
        assert.match(error.message, /^on web: `.*` is not run: a secret stands in it/)
        assert.not.match(hidden.text(error.message), /secret"/)
      },
    )
  assert.equal(ran, [])
})

test('a secret reaches a command of a step by its stdin or in a file', async () => {
  ran.length = 0
  await $`login`.stdin(secret)
  await $`login --from ${blob(secret)}`
  assert.equal(
    ran.map(({ script }) => script.text.includes('secret')),
    [false, false],
  )
})

test.run()
