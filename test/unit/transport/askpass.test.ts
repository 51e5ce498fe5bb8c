import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { offerPasswords } from '../../../engine/transport/askpass.ts'

/** What ssh gets when it asks: it runs the program that it is told, with the question as its argument. */
async function ask(env: Readonly<Record<string, string>>, question: string, kind = '') {
  const child = spawn(env.SSH_ASKPASS ?? '', [question], {
    env: { ...process.env, ...env, SSH_ASKPASS_PROMPT: kind },
    stdio: ['ignore', 'pipe', 'pipe'],
    // As ssh's under Rota: no terminal.
    detached: true,
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    said.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    said.stderr += chunk
  })
  const exitCode = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { ...said, exitCode }
}

test('a password goes to the process that is the ssh of the host, as often as that asks, and its pipes are gone at the end', async () => {
  const password = 'it\'s $HOME \\n +?- "ü"  '
  const askpass = await offerPasswords({ host: () => password, jump: undefined })
  const { env } = askpass
  try {
    // Who asks is this process; it is another's child until it is said to be the one.
    const early = await ask(env, "op@h's password: ")
    assert.equal([early.stdout, early.exitCode], ['', 1])
    assert.match(early.stderr, /^not answered: a host on the way asks "op@h's password:"\n$/)
    askpass.startedAs(process.pid)
    for (const question of ["op@h's password: ", '(op@h) Password: ', 'several\nlines\nPassword: '])
      assert.equal(await ask(env, question), { stdout: `${password}\n`, stderr: '', exitCode: 0 }, question)
    const code = await ask(env, '(op@h) Verification code: ')
    assert.equal(code, {
      stdout: '',
      stderr: 'not answered: the host asks "(op@h) Verification code:"\n',
      exitCode: 1,
    })
    assert.equal(await ask(env, 'Confirm user presence for key', 'none'), { stdout: '', stderr: '\n', exitCode: 1 })
    assert.not.match(JSON.stringify(env), /HOME \\\\n/)
  } finally {
    await askpass.end()
  }
  assert.not.ok(existsSync(env.ROTA_ASKPASS ?? ''))
})

test('when Rota has died nobody waits for an answer', async () => {
  const dead = spawnSync('true').pid
  const askpass = await offerPasswords({ host: () => 'x', jump: undefined })
  try {
    const answer = await ask({ ...askpass.env, ROTA_PID: String(dead) }, 'Password: ')
    assert.equal(answer, { stdout: '', stderr: '', exitCode: 1 })
  } finally {
    await askpass.end()
  }
})

test('a password that is more than a line is refused, for whomever it is', async () => {
  for (const passwords of [
    { host: () => 'a\nb', jump: undefined },
    { host: undefined, jump: () => 'a\nb' },
  ])
    try {
      await offerPasswords(passwords)
      assert.unreachable()
    } catch (error) {
      assert.match(String(error), /no line break/)
    }
})

test.run()
