import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rootsKubeconfig } from '../../../../roles/control-plane/kubeadm/roots-kubeconfig.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-roots-kubeconfig-'))
const own = join(dir, '.kube/config')
mkdirSync(join(dir, '.kube'))

/** A certificate of a user, in base64 as a kubeconfig has it. */
function certificate(subject: string): string {
  const key = join(dir, 'key')
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-keyout', key, '-subj', subject, '-days', '2'],
  ])
  rmSync(key)
  return made.stdout.toString('base64')
}
const old = certificate('/O=system:masters/CN=kubernetes-admin')
// What kubeadm renews since 1.29 is in another group.
const renewed = certificate('/O=kubeadm:cluster-admins/CN=kubernetes-admin')

interface Kubeconfig {
  readonly ca?: string
  readonly server?: string
  readonly cert: string
  readonly key: string
}
const kubeconfig = ({ ca = 'Q0E=', server = 'https://127.0.0.1:6443', cert, key }: Kubeconfig) => `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${ca}
    server: ${server}
  name: cluster.local
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${cert}
    client-key-data: ${key}
`
const admin = kubeconfig({ cert: renewed, key: 'bmV3IGtleQ==' })
writeFileSync(join(dir, 'admin.conf'), admin)

const { onlyIf, run } = rootsKubeconfig({ kubeConfigDir: dir }, dir).args as {
  readonly onlyIf: string
  readonly run: string
}
const sh = (text: string) => spawnSync('sh', ['-c', text]).status === 0

/** Whether there is something to do, and the text of it afterwards. */
function given(text: string): string | undefined {
  rmSync(own, { force: true })
  writeFileSync(own, text)
  if (!sh(onlyIf)) return undefined
  assert.ok(sh(run))
  assert.not(sh(onlyIf), 'it is done')
  assert.is(lstatSync(own).mode & 0o777, 0o600)
  assert.equal(readdirSync(join(dir, '.kube')), ['config'], 'nothing is left beside it')
  return readFileSync(own, 'utf8')
}

test("a copy of the administrator's before it was renewed gets certificate and key, and keeps what else is in it", () => {
  assert.is(given(kubeconfig({ cert: old, key: 'b2xk' })), admin)
  const server = 'https://balancer:8443'
  assert.is(
    given(`# mine\n${kubeconfig({ server, cert: old, key: 'b2xk' })}current-context: it\n`),
    `# mine\n${kubeconfig({ server, cert: renewed, key: 'bmV3IGtleQ==' })}current-context: it\n`,
  )
})

for (const [what, text] of Object.entries({
  'what is the same already': admin,
  'that of another cluster': kubeconfig({ ca: 'b3RoZXI=', cert: old, key: 'b2xk' }),
  'that of another user': kubeconfig({ cert: certificate('/CN=me'), key: 'b2xk' }),
  'one of several users': `${kubeconfig({ cert: old, key: 'b2xk' })}- name: me\n  user:\n    client-certificate-data: ${old}\n`,
  'one whose key is a file': kubeconfig({ cert: old, key: 'b2xk' }).replace(
    /client-key-data: .*/,
    'client-key: /own.key',
  ),
  'one that asks by a token': 'users:\n- user:\n    token: abc\n',
  'what is no certificate': kubeconfig({ cert: 'bm8=', key: 'b2xk' }),
}))
  test(`${what} stays`, () => {
    assert.is(given(text), undefined)
    assert.is(readFileSync(own, 'utf8'), text)
  })

test('a link stays one, and nobody who has no such file gets one', () => {
  rmSync(own)
  assert.not(sh(onlyIf))
  assert.not(existsSync(own))
  writeFileSync(join(dir, 'elsewhere'), kubeconfig({ cert: old, key: 'b2xk' }))
  symlinkSync(join(dir, 'elsewhere'), own)
  assert.not(sh(onlyIf))
})

test.after(() => rmSync(dir, { recursive: true }))
test.run()
