import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { forgetLeaving } from '../../../../roles/control-plane/kubeadm/forget.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { host, inventory } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf } from '../../support/role.ts'

// m1 leaves. Its node has a name of its own, and so has that of m2, which stays.
const masters = inventory(
  [1, 2].map(n =>
    host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane'], {
      ...{ kube_override_hostname: `node-${n}`, ip6: `fd00::${n}`, ipv6_stack: true },
    }),
  ),
)
const forget = (supplementaryNames: string[]) => {
  const call = controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2', leaving: 'm1', supplementaryNames })
  const [step] = forgetLeaving(paramsOf<Params>(call), masters)
  if (step === undefined) throw new Error('nothing is forgotten')
  return step
}
const needed = (sans: readonly string[], supplementary: string[] = []) => {
  const step = forget(supplementary)
  const values = Object.entries(step.facts).map(
    ([fact, request]) => [request, { exitCode: 0, stdout: fact === 'config' ? config(sans) : '', stderr: '' }] as const,
  )
  return step.needed(factTable(...values))
}
const stays = ['kubernetes', '10.233.0.1', 'm2', 'node-2', '10.0.0.2', 'fd00::2', 'm2.cluster.local', 'more.example']
const config = (sans: readonly string[]) => `apiServer:
  certSANs:
${sans.map(name => `  - '${name}'\n`).join('')}controlPlaneEndpoint: 10.0.0.100:6443
kubernetesVersion: v1.20.2
`

for (const name of ['m1', 'node-1', '10.0.0.1', 'fd00::1', 'fd00:0::1', 'm1.cluster.local'])
  test(`a master that leaves is in no certificate that is made later: ${name}`, async () => {
    assert.is(needed(stays), false)
    assert.is(needed([...stays, name]), `${name} is in it`)
    const { context, commands } = remote(command =>
      command.includes('-o json') && !command.includes('jsonpath')
        ? JSON.stringify({ data: { ClusterConfiguration: config([name, ...stays]) } })
        : '',
    )
    await forget([]).run({ ...context, host: masters.host('m2'), inventory: masters })
    const { stdin = '{}' } = commands.find(({ text }) => text.includes('replace -f -')) ?? {}
    const { ClusterConfiguration } = (JSON.parse(stdin) as { readonly data: Record<string, string> }).data
    assert.equal(parse(ClusterConfiguration ?? '').apiServer.certSANs, stays)
  })

test('a name of it that clients still use stays', () =>
  assert.is(needed([...stays, 'm1', '10.0.0.1'], ['m1', '10.0.0.1']), false))

test.run()
