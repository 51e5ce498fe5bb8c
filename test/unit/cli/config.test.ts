import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readConfig } from '../../../engine/cli/config/config.ts'
import { Failure } from '../../../engine/failure/index.ts'

const cwd = mkdtempSync(join(tmpdir(), 'rota-config-'))
const file = (name: string, text: string) => writeFileSync(join(cwd, name), text)
const read = (env: Readonly<Record<string, string>> = {}) => readConfig({ cwd, env: { HOME: '/home/me', ...env } })
const values = (env: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(read(env).settings).map(([name, found]) => [name, found.value]))

test.before.each(() => {
  file(
    'ansible.cfg',
    `# of the project
[defaults]
inventory = inventory/prod , other
remote_user: deploy ; not root
private_key_file = ~/.ssh/prod
forks = 7
host_key_checking = False
gathering = smart
vault_password_file = secrets/vault
[ssh_connection]
pipelining=True
ssh_args = -o ControlMaster=auto
  -o ServerAliveInterval=5
[privilege_escalation]
become=True
become_user = "admin"
`,
  )
})
test.after(() => rmSync(cwd, { recursive: true }))

test('ansible.cfg is read as Ansible reads it; paths are relative to the file', () => {
  assert.equal(values(), {
    inventory: ['inventory/prod', 'other'],
    user: 'deploy',
    privateKey: '/home/me/.ssh/prod',
    forks: 7,
    hostKeyChecking: false,
    sshArgs: '-o ControlMaster=auto\n-o ServerAliveInterval=5',
    become: true,
    becomeUser: 'admin',
    vaultPasswordFile: 'secrets/vault',
  })
})

test('ANSIBLE_* beat the file, ROTA_* beat both, and -v names each', () => {
  const env = { ANSIBLE_FORKS: '8', ANSIBLE_REMOTE_USER: 'env', ROTA_FORKS: '9', ANSIBLE_HOST_KEY_CHECKING: 'yes' }
  const { forks, user, hostKeyChecking } = read(env).settings
  assert.equal(
    [forks, user, hostKeyChecking],
    [
      { value: 9, from: 'ROTA_FORKS' },
      { value: 'env', from: 'ANSIBLE_REMOTE_USER' },
      { value: true, from: 'ANSIBLE_HOST_KEY_CHECKING' },
    ],
  )
  const { notes } = read()
  assert.ok(notes.includes('ansible.cfg:4 remote_user = deploy'))
  assert.ok(notes.includes('ansible.cfg: not used here: gathering, ssh_connection.pipelining'))
})

test('ANSIBLE_CONFIG comes first, a file or a directory; one that is not there is said', () => {
  file('other.cfg', '[defaults]\nremote_user = other\n')
  assert.equal(values({ ANSIBLE_CONFIG: 'other.cfg' }), { user: 'other' })
  assert.is(values({ ANSIBLE_CONFIG: cwd }).user, 'deploy')
  assert.match(read({ ANSIBLE_CONFIG: 'nowhere.cfg' }).warnings[0] ?? '', /nowhere\.cfg/)
})

test('the file of a directory that anybody may write to is not read', () => {
  chmodSync(cwd, 0o777)
  try {
    assert.equal(values(), {})
    assert.match(read().warnings[0] ?? '', /anybody may write/)
  } finally {
    chmodSync(cwd, 0o700)
  }
})

test('values of the wrong type are all named with their places', () => {
  file('ansible.cfg', '[defaults]\nforks = many\n[privilege_escalation]\nbecome = perhaps\n')
  try {
    read({ ANSIBLE_TIMEOUT: 'soon' })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Failure)
    assert.is(
      error instanceof Error && error.message,
      [
        'ansible.cfg:2:9: ansible.cfg:2 forks: "many" is not a whole number',
        'ANSIBLE_TIMEOUT: "soon" is not a whole number',
        'ansible.cfg:4:10: ansible.cfg:4 become: "perhaps" is not yes or no',
      ].join('\n'),
    )
  }
})

test.run()
