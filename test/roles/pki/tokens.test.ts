import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tokenUsers } from '../../../roles/control-plane/credentials/certificates.ts'
import { binaries } from '../../../roles/control-plane/methods/binaries.ts'
import { staticPods } from '../../../roles/control-plane/methods/static-pods.ts'
import { controlPlane } from '../../../roles/control-plane/role.ts'
import { foreignUsers, prepareTokens, tokensFor } from '../../../roles/lib/pki/index.ts'
import { entry, planWith } from '../../unit/tasks/plan.ts'
import { inventory, smallCluster } from '../support/inventory.ts'
import { contentOf, paramsOf, unitsOf } from '../support/role.ts'

const tokens = (users: readonly string[], present: string) => {
  let count = 0
  const newToken = () => {
    count += 1
    return `new${count}`
  }
  return tokensFor(users, present, newToken)
}
const cases: readonly (readonly [string, readonly string[], string, string])[] = [
  ['nobody has one', ['a', 'b'], '', 'new1,a,a\nnew2,b,b\n'],
  [
    'who has one keeps it',
    ['system:kubectl-m1', 'system:kubelet-n1'],
    'T,system:kubectl-m1,system:kubectl-m1\n',
    'T,system:kubectl-m1,system:kubectl-m1\nnew1,system:kubelet-n1,system:kubelet-n1\n',
  ],
  [
    'who leaves loses it',
    ['system:kubectl-m2'],
    'T1,system:kubectl-m1,x\nT2,system:kubectl-m2,x\nT3,system:kubelet-m1,x\n',
    'T2,system:kubectl-m2,x\n',
  ],
  [
    "the operator's own stay, groups too",
    ['system:kubelet-n1'],
    'T,admin,admin,"system:masters,ops"\r\n',
    'T,admin,admin,"system:masters,ops"\nnew1,system:kubelet-n1,system:kubelet-n1\n',
  ],
  ['each once', ['a', 'a'], '', 'new1,a,a\n'],
]
for (const [name, users, before, after] of cases)
  test(`tokens: ${name}`, () => {
    assert.is(tokens(users, before), after)
    assert.is(tokens(users, after), after)
  })

test("an operator's own token that would be lost is found", () => {
  const ours = 'T,system:kubectl-m1,x\nT,admin,admin\n'
  assert.equal(foreignUsers('T,system:kubectl-m9,x\nT,admin,a\n\n', ours), [])
  assert.equal(foreignUsers('T,ci,ci,"a,b"\r\nT,admin,a\n', ours), ['ci'])
  const made = {
    pair: () => ({ certificate: '', key: '' }),
    serviceAccount: { key: '', publicKey: '' },
    tokens: ours,
  }
  const cluster = smallCluster()
  const call = controlPlane({ method: 'binaries', kubeVersion: 'v1.20.2', tokenAuth: true })
  const unit = unitsOf(call, cluster.host('m1'), cluster, {
    prepared: { method: 'binaries', work: binaries.workWith(made as never) },
  }).find(({ title }) => /loses nobody/.test(title))
  assert.ok(unit && 'kind' in unit)
  const there = entry({ content: { base64: Buffer.from('T,ci,ci\n').toString('base64') } })
  assert.match(planWith(unit, () => there)?.refused ?? '', 'has tokens of ci, which pki/known_tokens.csv')
  assert.is(
    planWith(unit, () => ({ type: 'absent' })),
    undefined,
  )
})

test("kubespray's names for masters and nodes; a master that leaves has none", () => {
  const params = paramsOf<Parameters<typeof tokenUsers>[0]>(controlPlane({ kubeVersion: 'v1.20.2', leaving: 'm1' }))
  assert.equal(tokenUsers(params, smallCluster()), [
    'system:kubectl-m2',
    'system:kubectl-m3',
    'system:kubelet-n1',
    'system:kubelet-n2',
  ])
})

test('made once, for its owner alone, and not at all in check mode', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-tokens-'))
  try {
    const view = inventory([], dir)
    await prepareTokens({ inventory: view, check: true }, ['a'])
    assert.throws(() => statSync(join(dir, 'pki')))
    const first = await prepareTokens({ inventory: view, check: false }, ['a'])
    assert.match(first, /^[0-9a-f]{32},a,a\n$/)
    assert.is(await prepareTokens({ inventory: view, check: false }, ['a']), first)
    assert.is(readFileSync(join(dir, 'pki/known_tokens.csv'), 'utf8'), first)
    assert.is((statSync(join(dir, 'pki/known_tokens.csv')).mode & 0o777).toString(8), '600')
  } finally {
    rmSync(dir, { recursive: true })
  }
})

for (const [method, path] of [
  ['binaries', '/etc/kubernetes/tokens/known_tokens.csv'],
  ['static-pods', '/srv/kubernetes/known_tokens.csv'],
] as const)
  test(`${method}: the API server starts anew when the tokens change, and only then`, () => {
    const wish = { name: '', ca: '', subject: { commonName: '' }, names: [], addresses: [], usages: [] }
    const made = {
      pair: (name: string) => ({ certificate: name, key: name }),
      serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
      tokens: 'T,a,a\n',
      maker: { wishes: { server: wish, kubecfg: wish } },
    }
    const cluster = smallCluster()
    const units = unitsOf(
      controlPlane({ method, kubeVersion: 'v1.20.2', tokenAuth: true }),
      cluster.host('m1'),
      cluster,
      { prepared: { method, work: { binaries, 'static-pods': staticPods }[method].workWith(made as never) } },
    )
    const file = units.find(unit => unit.title === `file ${path}`)
    assert.ok(file && 'kind' in file && file.secret)
    assert.is(contentOf(units, path), 'T,a,a\n')
    assert.equal(file.notify, method === 'binaries' ? ['kube-apiserver'] : [])
    // What a pod is started with follows from facts; its golden manifests have the flag.
    if (method !== 'binaries') return
    const without = unitsOf(controlPlane({ method, kubeVersion: 'v1.20.2' }), cluster.host('m1'), cluster, {
      prepared: { method, work: binaries.workWith({ ...made, tokens: undefined } as never) },
    })
    assert.match(contentOf(units, 'kube-apiserver.service'), `--token-auth-file=${path}`)
    assert.not.match(contentOf(without, 'kube-apiserver.service'), 'token-auth-file')
  })

test.run()
