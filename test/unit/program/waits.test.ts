import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { raw, sh } from '../../../engine/shell/shell.ts'
import { openChannel } from '../../../engine/transport/channel.ts'
import { local, scratch, shells, withChannel } from './shells.ts'

const base = scratch()
const register = fileURLToPath(new URL('../../../engine/register.mjs', import.meta.url))
const url = (path: string): string => new URL(`../../../engine/${path}`, import.meta.url).href

/** A control machine that waits 300 s for something on this host, and leaves as a second SIGTERM makes it leave. */
const controlMachine = (shell: readonly string[], stateDir: string): string => `
import { interruptible } from '${url('cli/interrupt.ts')}'
import { openChannel } from '${url('transport/channel.ts')}'
import { raw } from '${url('shell/shell.ts')}'
const { signal } = interruptible(() => {})
const connection = { host: 'here', transport: { kind: 'local' }, shell: ${JSON.stringify(shell)} }
const channel = await openChannel(connection, { readOnly: false, stateDir: '${stateDir}', signal })
const script = raw('for i in $(seq 300); do sleep 1; done')
await channel.apply({ run: 'r', items: [{ id: 1, owes: [], script, waits: true }] }, () => console.log('waits'))
`

for (const [name, shell] of shells(base)) {
  const test = suite(`waits in ${name}`)

  test('many waits that are over at once end with the exit code of each, and none is stuck', async () => {
    await withChannel(shell, { readOnly: false, stateDir: join(base, `many-${name}`) }, async channel => {
      for (let round = 0; round < 8; round++) {
        const items = Array.from({ length: 25 }, (_, id) => ({ id, owes: [], script: raw(':'), waits: true }))
        const codes: (number | undefined)[] = []
        await channel.apply(
          { run: 'r', items: [...items, { id: 99, owes: [], script: raw('exit 7'), waits: true }] },
          event => {
            if (event.kind === 'done') codes.push(event.exitCode)
          },
        )
        assert.equal(codes, [...items.map(() => 0), 7])
      }
    })
  })

  test('after a second SIGTERM the wait ends on the host, and the lock is free within 10 s', async () => {
    const stateDir = join(base, `left-${name}`)
    const child = spawn(
      process.execPath,
      ['--import', register, '--input-type=module', '-e', controlMachine(shell, stateDir)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    await sleep(300)
    child.kill('SIGTERM')
    await once(child, 'exit')
    const left = Date.now()
    assert.ok(isFailure(await openChannel(local(shell), { readOnly: false, stateDir }).catch(e => e), 'unreachable'))
    for (;;) {
      const channel = await openChannel(local(shell), { readOnly: false, stateDir }).catch(() => undefined)
      await channel?.close()
      if (channel !== undefined) break
      assert.ok(Date.now() - left < 10_000, 'the lock is still held')
      await sleep(250)
    }
  })

  test('a wait that is heard goes on, and says how it ended', () =>
    withChannel(shell, { stateDir: join(base, `heard-${name}`) }, async channel => {
      const codes: number[] = []
      const item = (id: number, code: number) => ({
        id,
        owes: [],
        waits: true,
        script: sh`sleep ${id === 1 ? 5 : 0}; echo said; exit ${code}`,
      })
      await channel.apply({ run: 'r', items: [item(1, 0), item(2, 7)] }, event => {
        if (event.kind !== 'done') return
        codes.push(event.exitCode)
        assert.is(event.output, 'said\n')
      })
      assert.equal(codes, [0, 7])
      assert.is((await channel.run({ script: sh`echo next` })).stdout, 'next\n')
    }))

  test.run()
}
