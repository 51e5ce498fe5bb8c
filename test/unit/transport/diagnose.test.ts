import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Obstacle } from '../../../engine/failure/index.ts'
import { diagnose, unanswered } from '../../../engine/transport/diagnose.ts'
import type { Connection } from '../../../engine/transport/types.ts'

const connection: Connection = {
  host: 'web-1',
  transport: { kind: 'ssh', address: 'web-1', extraArgs: [], executable: 'ssh', connectTimeout: 10 },
  become: { method: 'sudo', user: 'root' },
  shell: ['sh'],
}

// What the programs print (OpenSSH 9.2, sudo 1.9.13, util-linux su, doas 6.8, docker 20.10).
const table: readonly (readonly [string, Obstacle])[] = [
  ['ssh: connect to host web-1 port 22: Connection refused', 'connect'],
  ['ssh: connect to host web-1 port 22: No route to host', 'connect'],
  ['ssh: connect to host web-1 port 22: Connection timed out', 'timeout'],
  ['Connection timed out during banner exchange\nConnection to web-1 port 22 timed out', 'timeout'],
  ['ssh: Could not resolve hostname web-1: Name or service not known', 'connect'],
  ['kex_exchange_identification: Connection closed by remote host', 'connect'],
  ['deploy@web-1: Permission denied (publickey,password).', 'authentication'],
  ['Received disconnect from web-1 port 22:2: Too many authentication failures', 'authentication'],
  [
    'No ED25519 host key is known for web-1 and you have requested strict checking.\nHost key verification failed.',
    'host-key',
  ],
  ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.', 'host-key'],
  ['This account is currently not available.', 'authentication'],
  ['sudo: a password is required', 'become'],
  ['sudo: sorry, you must have a tty to run sudo', 'become'],
  ['deploy is not in the sudoers file.', 'become'],
  ['Sorry, user deploy is not allowed to execute as root on web-1.', 'become'],
  ['sudo: unknown user nosuch', 'become'],
  ['sh: 1: exec: sudo: not found', 'become'],
  ['Password: su: Authentication failure', 'become'],
  ['su: user nosuch does not exist or the user entry does not contain all the required fields', 'become'],
  ['doas: Operation not permitted', 'become'],
  ['doas: Authentication required', 'become'],
  ['Error response from daemon: No such container: web-1', 'connect'],
  ['Error response from daemon: container 12 is not running', 'connect'],
]

for (const [said, reason] of table)
  test(`${said.slice(0, 60)} → ${reason}`, () => {
    const error = diagnose(connection, { said, exitCode: 255 })
    assert.is(error.reason.obstacle, reason)
    assert.is(error.reason.host, 'web-1')
    assert.ok(error.message.includes(said.split('\n').at(-1) ?? ''))
  })

test('a shell that is not there', () => {
  const { obstacle: reason, hint } = diagnose(
    { ...connection, shell: ['busybox', 'sh'] },
    { said: 'sh: 1: exec: busybox: not found', exitCode: 127 },
  ).reason
  assert.is(reason, 'connect')
  assert.is(hint, 'no shell could be started: busybox sh')
})

/** What is said, and what the hint must name. */
const hints: readonly (readonly [said: string, reason: Obstacle, hint: RegExp])[] = [
  ['Received disconnect from h port 22:2: Too many authentication failures', 'authentication', /IdentitiesOnly/],
  ['op@gw: Permission denied (publickey,password).', 'authentication', /--ask-jump-pass/],
  [
    'not answered: a host on the way asks "op@gw\'s password:"\nop@gw: Permission denied (password).',
    'authentication',
    /ansible_jump_password/,
  ],
  ['not answered: the host asks "(op@h) Verification code:"\nop@h: Permission denied.', 'authentication', /person/],
  ['WARNING: Your password has expired.\nPassword change required but no TTY available.', 'authentication', /chage/],
  ['sudo: Account or password is expired, reset your password and try again', 'become', /chage/],
  ['sudo: Authentication failed, try again.\nsudo-rs: Maximum 3 incorrect', 'become', /password is wrong/],
  ['sudo-rs: interactive authentication is required', 'become', /-K/],
  ['Password: su: Authentication failure', 'become', /-K/],
  ["ControlPath too long ('/home/x' >= 108 bytes)", 'connect', /%C/],
  ['unix_listener: path "/x" too long for Unix domain socket', 'connect', /%C/],
  ['Cannot execute command-line and remote command.', 'connect', /RemoteCommand/],
]

for (const [said, reason, hint] of hints)
  test(`${said.slice(0, 60)}: what to do`, () => {
    const error = diagnose(connection, { said, exitCode: 255 })
    assert.is(error.reason.obstacle, reason)
    assert.match(error.reason.hint ?? '', hint)
  })

test('a login that ends without a word, and a lost ssh', () => {
  const { become: _, ...plain } = connection
  assert.match(diagnose(plain, { said: '', exitCode: 1 }).reason.hint ?? '', /login shell nologin, false/)
  assert.is(diagnose(plain, { said: '', exitCode: 255 }).reason.hint, undefined)
  assert.is(diagnose(plain, { said: '', exitCode: undefined }).reason.hint, undefined)
})

test('what was said meanwhile is quoted, and a question is told from silence', () => {
  const silent = unanswered(connection, '', 40)
  assert.equal([silent.reason.obstacle, silent.message], ['timeout', 'no answer within 40 s; nothing was said'])
  const noisy = unanswered(connection, 'Welcome\nhave fun\n', 40)
  assert.equal(
    [noisy.reason.obstacle, noisy.message],
    ['timeout', 'no answer within 40 s; what was said: Welcome\nhave fun'],
  )
  const { become: _, ...plain } = connection
  for (const [asked, reason] of [
    [connection, 'become'],
    [plain, 'authentication'],
  ] as const) {
    const question = unanswered(asked, 'Welcome\nChoose [1-3]: ', 40)
    assert.is(question.reason.obstacle, reason)
    assert.match(question.reason.hint ?? '', /it asks "Choose \[1-3\]:"/)
  }
  const expired = unanswered(connection, 'sudo: Account or password is expired\nNew password: ', 8)
  assert.match(expired.reason.hint ?? '', /has expired/)
})

test('silence is named too', () => {
  assert.match(diagnose(connection, { said: ' \n', exitCode: 1 }).message, /ended with exit code 1/)
})

test.run()
