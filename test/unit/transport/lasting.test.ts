import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { raw } from '../../../engine/shell/index.ts'
import { lastingChannel, openChannel } from '../../../engine/transport/index.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'rota-lasting-'))
test.after(() => rmSync(stateDir, { recursive: true, force: true }))

test('a channel whose shell was killed goes on with another one, and has the lock again', async () => {
  const channel = await lastingChannel(() =>
    openChannel({ host: 'h', transport: { kind: 'local' }, shell: ['sh'] }, { readOnly: false, stateDir, eager: true }),
  )
  const pid = async () => (await channel.run({ script: raw('echo "$PPID $$"') })).stdout.trim()
  const first = await pid()
  const error = await channel.run({ script: raw('kill -9 $$') }).catch((thrown: unknown) => thrown)
  assert.ok(isFailure(error, 'unreachable'))
  assert.ok(isFailure(await pid().catch((thrown: unknown) => thrown), 'unreachable'))
  await channel.reopen()
  assert.is.not(await pid(), first)
  // One that is well is given up, too.
  await channel.reopen()
  assert.match(await pid(), /^\d+ \d+$/)
  await channel.close()
})

test.run()
