import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diagnose } from '../../../engine/transport/diagnose.ts'
import type { Connection, UnreachableError } from '../../../engine/transport/types.ts'

const connection: Connection = {
  host: 'web-1',
  transport: { kind: 'ssh', address: 'web-1', extraArgs: [], executable: 'ssh', connectTimeout: 10 },
  become: { method: 'sudo', user: 'root' },
  shell: ['sh'],
}

// What the programs print (OpenSSH 9.2, sudo 1.9.13, util-linux su, doas 6.8, docker 20.10).
const table: readonly (readonly [string, UnreachableError['reason']])[] = [
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
    assert.is(error.reason, reason)
    assert.is(error.host, 'web-1')
    assert.ok(error.message.includes(said.split('\n').at(-1) ?? ''))
  })

test('a shell that is not there', () => {
  const { reason, hint } = diagnose(
    { ...connection, shell: ['busybox', 'sh'] },
    { said: 'sh: 1: exec: busybox: not found', exitCode: 127 },
  )
  assert.is(reason, 'connect')
  assert.is(hint, 'no shell could be started: busybox sh')
})

test('silence is named too', () => {
  assert.match(diagnose(connection, { said: ' \n', exitCode: 1 }).message, /ended with exit code 1/)
})

test.run()
