import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { noWayBack } from '../../roles/control-plane/no-way-back.ts'

const unit = (version: string, name = 'kube-apiserver') =>
  `[Service]\nExecStart=/opt/kubernetes/${version}/bin/${name} --x=1\n`
const pod = (version: string) => `    image: registry.k8s.io/kube-scheduler:${version}\n`
const config = (version: string) => `kind: ClusterConfiguration\nkubernetesVersion: ${version}\n`

const table: readonly (readonly [what: string, before: string, now: string, why: RegExp | undefined])[] = [
  [
    'an older minor version in a unit',
    unit('v1.33.4'),
    unit('v1.34.0'),
    /^kube-apiserver would go back from v1\.34\.0 to v1\.33\.4/,
  ],
  ['in a static pod', pod('v1.9.1'), pod('v1.10.0'), /^kube-scheduler would go back/],
  ["in kubeadm's configuration", config('v1.33.4'), config('v1.34.0'), /^the control plane would go back/],
  ['an older major version', unit('v1.34.0'), unit('v2.0.0'), /would go back/],
  ['a patch of the same minor version', unit('v1.34.0'), unit('v1.34.3'), undefined],
  ['a newer one', unit('v1.34.0'), unit('v1.33.4'), undefined],
  ['other settings', unit('v1.34.0'), unit('v1.34.0').replace('x=1', 'x=2'), undefined],
  ['a file that the run has made', '', unit('v1.34.0'), undefined],
  ['a kubelet', unit('v1.33.4', 'kubelet'), unit('v1.34.0', 'kubelet'), undefined],
]
for (const [what, before, now, why] of table)
  test(`taken back: ${what}`, () => {
    const said = noWayBack({ before, now })
    if (why === undefined) assert.is(said, undefined)
    else assert.match(said ?? '', why)
  })

test.run()
