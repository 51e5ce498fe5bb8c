import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answerTo } from '../../../engine/transport/askpass.ts'
import { asksForPassword, openQuestion } from '../../../engine/transport/question.ts'
import { cpuTime } from '../../cpu-time.ts'

// What ssh, PAM, sudo, sudo-rs and su ask.
const forPassword = [
  "op@10.0.0.1's password: ",
  "op@new-host.example's password: ",
  '(op@10.0.0.1) Password: ',
  '(op@old.code.example) Password:',
  'Password: ',
  'Password for op@new.example:',
  '[sudo] password for op: ',
  '[sudo: authenticate] Password: ',
  '(op@h) LDAP Password: ',
  "op's Password:",
  '(op@h) First Factor: ',
]
const forElse = [
  '(op@h) Verification code: ',
  'Verification code: ',
  '[sudo: authenticate] Verification code:',
  "Enter passphrase for key '/root/.ssh/id_ed25519': ",
  'Enter PIN for ECDSA-SK key /k: ',
  "Enter op@h's old password: ",
  "Enter op@h's new password: ",
  "Retype op@h's new password: ",
  '(op@h) Current password: ',
  '(op@h) New password: ',
  'Retype new password: ',
  "One-time password (OATH) for `op': ",
  'OTP password: ',
  '(op@h) Password + token: ',
  'Passcode or option (1-3): ',
  'Are you sure you want to continue connecting (yes/no/[fingerprint])? ',
  'The password is wrong, choose:\n1) again\n2) never ',
  `Password: ${'password '.repeat(20_000)}: `,
]

test('which questions are for the password', () => {
  for (const question of forPassword) assert.ok(asksForPassword(question), question)
  const before = cpuTime()
  for (const question of forElse) assert.not.ok(asksForPassword(question), question.slice(0, 80))
  assert.ok(cpuTime() - before < 1000, 'a long one takes no time')
})

test('what waits for an answer is what no line feed follows', () => {
  assert.is(openQuestion('motd\n[sudo] password for op: '), '[sudo] password for op:')
  assert.is(openQuestion('motd\n'), '')
  assert.is(openQuestion(''), '')
})

const passwords = { host: () => 'of-host', jump: () => 'of-jump' }
const host = 100
const jump = 200

test('the password of the host goes to the ssh of the host and to no other, and so does that of jump hosts', () => {
  const text = "op@h's password: "
  assert.is(answerTo({ pid: host, kind: '', text }, passwords, host), '+of-host')
  assert.is(answerTo({ pid: jump, kind: '', text }, passwords, host), '+of-jump')
  const { host: only } = passwords
  // A jump host may ask in the other's name.
  for (const asked of [text, '(op@h) Password: ', '(op@gw) (op@h) Password: ']) {
    const answer = answerTo({ pid: jump, kind: '', text: asked }, { host: only, jump: undefined }, host)
    assert.match(answer, /^\?not answered: a host on the way asks "/)
    assert.not.match(answer, /of-host/)
    assert.not.match(
      answerTo({ pid: host, kind: '', text: asked }, { host: undefined, jump: passwords.jump }, host),
      /of-jump/,
    )
    // Before it is known which ssh goes to the host, none is told.
    assert.not.match(answerTo({ pid: jump, kind: '', text: asked }, passwords, undefined), /of-host/)
  }
})

test('no password answers another question, whoever asks, and what was asked is quoted on one line', () => {
  for (const pid of [host, jump]) {
    for (const text of forElse) {
      const answer = answerTo({ pid, kind: '', text }, passwords, host)
      assert.match(answer, /^[-?]not answered: .*"$/)
      assert.not.match(answer, /of-(host|jump)|\n/)
    }
    for (const kind of ['confirm', 'none'])
      assert.not.match(answerTo({ pid, kind, text: 'Password: ' }, passwords, host), /of-(host|jump)/)
  }
  // A notice (touch the security key) is no question: ssh goes on by itself, and nothing is said of it.
  assert.is(answerTo({ pid: host, kind: 'none', text: 'Confirm user presence' }, passwords, host), '-')
  assert.match(answerTo({ pid: host, kind: '', text: '\u001b[2JCode: ' }, passwords, host), /"\\u001b\[2JCode:"$/)
})

test.run()
