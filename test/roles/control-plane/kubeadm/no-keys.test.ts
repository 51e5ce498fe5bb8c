import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controlPlaneAbsent } from '../../../../roles/control-plane/absent.ts'
import { noKeysAreLeft } from '../../../../roles/control-plane/kubeadm/no-keys.ts'
import { smallCluster } from '../../support/inventory.ts'
import { localHosts } from '../../support/local-hosts.ts'
import { paramsOf } from '../../support/role.ts'

const cluster = smallCluster()
const root = '/root-of-the-host'
const files: readonly (readonly [path: string, content: string, stays: boolean])[] = [
  ['admin.conf.6461.2026-11-28@18:21:44~', 'x', false],
  ['kubelet.conf.6471.2026-11-28@18:21:44~', 'client-certificate: /var/lib/kubelet/pki/x.pem', false],
  ['ssl.old/apiserver.key', '-----BEGIN RSA PRIVATE KEY-----', false],
  ['ssl/secrets_encryption.yaml.bak', 'kind: EncryptionConfig', false],
  ['tmp/kubeadm-backup/admin.bak', '    client-key-data: AAAA', false],
  ['kubeadm-controlplane.yaml', '    token: abcdef.0123456789abcdef', false],
  ['kubeadm-config.yaml', 'kind: ClusterConfiguration', true],
  ['coredns-config.yml', 'token\nkind: ConfigMap', true],
  ['ssl/ca.crt', '-----BEGIN CERTIFICATE-----', true],
]
test('a removed master keeps no key of the cluster in any file, whoever made the copy; what is none is told', async () => {
  const hosts = localHosts(root)
  const dir = hosts.dirOf('m1')
  for (const [path, content] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), `${content}\n`)
  }
  const params = {
    ...paramsOf<Parameters<typeof noKeysAreLeft>[0]>(controlPlaneAbsent({ method: 'kubeadm', leaving: 'm1' })),
    kubeConfigDir: root,
  }
  const step = noKeysAreLeft(params, cluster.host('m1'), cluster).at(-1) as Step
  const said: string[] = []
  await step.run({
    ...{ $: hosts.on('m1'), on: hosts.on, host: cluster.host('m1'), inventory: cluster },
    ...{ say: text => said.push(text), ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
  })
  for (const [path, , stays] of files) assert.is(existsSync(join(dir, path)), stays, path)
  assert.match(said.join(), 'kubeadm-config.yaml')
  hosts.end()
})

test.run()
