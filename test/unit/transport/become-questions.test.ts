import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, match, ok, unreachable } from 'uvu/assert'
import { isFailure } from '../../../engine/failure/index.ts'
import { openSession } from '../../../engine/transport/session.ts'

/** A sudo that takes the password, then says the rest of the script. */
const dir = mkdtempSync(join(tmpdir(), 'rota-become-'))
const path = process.env.PATH
test.after(() => {
  process.env.PATH = path
  rmSync(dir, { recursive: true })
})

async function refused(script: string) {
  const text = `#!/bin/sh
printf %s "$SUDO_PROMPT" >&2
read -r password
${script}
exec sleep 60
`
  writeFileSync(join(dir, 'sudo'), text)
  chmodSync(join(dir, 'sudo'), 0o755)
  process.env.PATH = `${dir}:${path}`
  const begun = performance.now()
  const become = { method: 'sudo', user: 'root', password: () => 'pw' } as const
  const session = await openSession({ host: 'h', transport: { kind: 'local' }, shell: ['sh'], become }, () => {})
  try {
    await session.ready
    unreachable('it is ready')
  } catch (error) {
    if (!isFailure(error, 'unreachable')) throw error
    return { text: `${error.message} ${error.reason.hint ?? ''}`, seconds: (performance.now() - begun) / 1000 }
  } finally {
    session.drop()
  }
}

// Which of the two streams is read first is chance.
for (const [name, script] of [
  ['the question last', 'echo "sudo: Account or password is expired"; sleep 0.3; printf "Current password: " >&2'],
  ['the question first', 'printf "Current password: " >&2; sleep 0.3; echo "sudo: Account or password is expired"'],
] as const)
  test(`a question that is none for the password ends the wait, ${name}`, async () => {
    const said = await refused(script)
    match(said?.text ?? '', /expired/, said?.text)
    ok((said?.seconds ?? 60) < 20, `${said?.seconds} s`)
    equal((said?.seconds ?? 0) > 7, true, 'what asks may yet go on by itself')
  })

test.run()
