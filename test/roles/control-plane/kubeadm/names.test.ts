import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import type { PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAllDocuments } from 'yaml'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { certificateNamesAll } from '../../../../roles/control-plane/kubeadm/names.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { smallCluster } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf } from '../../support/role.ts'

const cluster = smallCluster()
const m1 = cluster.host('m1')
const dir = mkdtempSync(join(tmpdir(), 'rota-names-'))
const pki = join(dir, 'pki')
const params = paramsOf<Params>(
  controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2', kubeConfigDir: dir, binDir: dir }),
)

/**
 * The step's own program, run with a kubeadm that does what `body` says in the directory that its configuration names.
 */
async function renewed(body: string) {
  rmSync(pki, { recursive: true, force: true })
  mkdirSync(pki)
  for (const name of ['ca.crt', 'ca.key', 'apiserver.crt', 'apiserver.key']) writeFileSync(join(pki, name), 'old')
  const program = join(dir, 'kubeadm')
  writeFileSync(program, `#!/bin/sh\nd=$(sed -n 's/^certificatesDir: //p' "$6")\n${body}\n`)
  chmodSync(program, 0o755)
  const { context, commands } = remote(() => `apiVersion: kubeadm.k8s.io/v1beta2\ncertificatesDir: ${pki}\nkind: X\n`)
  await certificateNamesAll(params, m1, cluster).run({ ...context, host: m1, inventory: cluster })
  const call = commands.find(({ text }) => text.includes('certs apiserver'))
  const { exitCode } = execaSync('sh', ['-c', call?.text ?? ''], { input: call?.stdin ?? '', reject: false })
  const pair = ['apiserver.crt', 'apiserver.key'].map(name => readFileSync(join(pki, name), 'utf8'))
  return { exitCode, pair, left: readdirSync(pki).length, config: call?.stdin ?? '' }
}

test('a new certificate is made beside the old one, by the authority that is there', async () => {
  const { exitCode, pair, left, config } = await renewed(
    '[ "$(cat "$d/ca.crt" "$d/ca.key")" = oldold ] && echo new | tee "$d/apiserver.crt" >"$d/apiserver.key"',
  )
  assert.is(exitCode, 0)
  assert.equal(pair, ['new\n', 'new\n'])
  assert.is(left, 4)
  assert.is(parseAllDocuments(config).length, 2)
})
for (const [name, body] of [
  ['that kubeadm can not make', 'exit 1'],
  ['whose making is cut short', 'echo new >"$d/apiserver.crt"; kill -9 $PPID'],
] as const)
  test(`one ${name} leaves the old one where it was`, async () => {
    const { exitCode, pair } = await renewed(body)
    assert.is.not(exitCode, 0)
    assert.equal(pair, ['old', 'old'])
  })

const needed = (pem: PathFact) => {
  const step = certificateNamesAll(params, m1, cluster)
  return step.needed(factTable(...Object.values(step.facts).map(request => [request, pem] as const)))
}
test('one that is not there has no name', () => assert.match(String(needed({ type: 'absent' })), 'are missing'))
test.after(() => rmSync(dir, { recursive: true }))

test.run()
