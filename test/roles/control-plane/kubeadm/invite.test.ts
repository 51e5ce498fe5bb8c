import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Invitation, whileInvited } from '../../../../roles/control-plane/kubeadm/invite.ts'
import { makeAuthority } from '../../../../roles/lib/pki/make.ts'
import { remote } from '../../support/remote.ts'

const token = 'abcdef.0123456789abcdef'
const ca = (await makeAuthority('kubernetes', { certificateDays: 1, caDays: 1 }, new Date())).certificate
const at = { binDir: '/usr/local/bin', kubeConfigDir: '/etc/kubernetes', apiserverPort: 6443 }
const through = { name: 'm1', ip: 'fd00::1' }

/** What becomes of it, and which tokens are taken back. */
async function invited(work: (invitation: Invitation) => Promise<string>, { made = token, authority = ca } = {}) {
  const { context, commands } = remote(command => {
    if (command.includes('token create')) return `${made}\n`
    return command.includes('ca.crt') && command.startsWith('cat ') ? authority : ''
  })
  const options = { seconds: 900, description: 'a test' }
  const result = await whileInvited(context.$, at, through, options, work).catch((error: Error) => error.message)
  const deleted = commands.flatMap(({ text }) => /token delete (\S+)/.exec(text)?.[1] ?? [])
  return { result, deleted, commands }
}

test('a token lives as long as the work, and some minutes at most', async () => {
  const { result, deleted, commands } = await invited(async made => `${made.endpoint} ${made.token === token}`)
  assert.is(result, '[fd00::1]:6443 true')
  assert.equal(deleted, ['abcdef'])
  assert.match(commands[0]?.text ?? '', "token create --ttl 900s --description 'a test'")
  assert.match(commands.at(-1)?.text ?? '', 'token delete')
})
test('a token that was made is taken back when the work fails, and when it could not begin', async () => {
  const failed = await invited(() => Promise.reject(new Error('no')))
  assert.equal([failed.result, failed.deleted], ['no', ['abcdef']])
  const early = await invited(async () => 'worked', { authority: 'no certificate' })
  assert.is.not(early.result, 'worked')
  assert.equal(early.deleted, ['abcdef'])
})
for (const made of ['', 'W1129 12:00:00 something', `${token} and more`, 'ABCDEF.0123456789abcdef'])
  test(`no other token is touched where kubeadm makes none: ${JSON.stringify(made)}`, async () => {
    const { result, deleted } = await invited(async () => 'worked', { made })
    assert.equal([result, deleted], ['kubeadm on m1 made no token', []])
  })

test.run()
