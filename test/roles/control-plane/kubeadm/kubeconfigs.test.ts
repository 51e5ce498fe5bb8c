import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { localKubeconfigs } from '../../../../roles/control-plane/kubeadm/kubeconfigs.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { paramsOf } from '../../support/role.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-kubeconfigs-'))
const params = (more: Partial<Params> = {}): Params => ({
  ...paramsOf<Params>(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2', ...more })),
  kubeConfigDir: dir,
})
const kubeconfig = (server: string) => `clusters:\n- cluster:\n    server: ${server}\n  name: kubernetes\n`

/**
 * The commands themselves, on files of this machine: which of them has something to do, and what is there afterwards.
 */
function led(files: Readonly<Record<string, string>>, more: Partial<Params> = {}) {
  for (const [name, server] of Object.entries(files)) writeFileSync(join(dir, name), kubeconfig(server))
  const sh = (text: string) => spawnSync('sh', ['-c', text]).status === 0
  const changed = localKubeconfigs(params(more)).flatMap(task => {
    const { onlyIf, run } = task.args as { readonly onlyIf: string; readonly run: string }
    if (!sh(onlyIf)) return []
    assert.ok(sh(run))
    assert.not(sh(onlyIf), 'it is done')
    return [task.notify.join()]
  })
  return { changed, texts: Object.keys(files).map(name => readFileSync(join(dir, name), 'utf8')) }
}

test('every kubeconfig leads to the own API server, and who reads it is told', () => {
  const { changed, texts } = led({
    'admin.conf': 'https://10.0.0.100:8443',
    'kubelet.conf': 'https://10.0.0.100:8443',
    'scheduler.conf': 'https://127.0.0.1:6443',
  })
  assert.equal(changed, ['', 'kubelet'])
  for (const text of texts) assert.is(text, kubeconfig('https://127.0.0.1:6443'))
})
test('one more digit is another address', () =>
  assert.equal(led({ 'controller-manager.conf': 'https://127.0.0.1:64430' }).changed, ['kube-controller-manager']))
test('one that no daemon and nobody of a rollout asks by is no reason to drain a master: it stays', () => {
  const { changed, texts } = led({ 'super-admin.conf': 'https://10.0.0.1:6443' })
  assert.equal(changed, [])
  assert.equal(texts, ['https://10.0.0.1:6443'].map(kubeconfig))
})
test('what the operator says of all clients holds for the daemons, not for the administrator', () => {
  const { texts } = led(
    { 'admin.conf': 'https://10.0.0.1:6443', 'kubelet.conf': 'https://10.0.0.1:6443' },
    { clientsServer: 'https://[fd00::1]:8443' },
  )
  assert.equal(texts, ['https://127.0.0.1:6443', 'https://[fd00::1]:8443'].map(kubeconfig))
})
test.after(() => rmSync(dir, { recursive: true }))

test.run()
