import { createHash } from 'node:crypto'
import type { FactRequest, PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { factTable } from '../../../engine/facts/fact.ts'
import { credentialFacts } from '../../../roles/control-plane/credentials/names.ts'
import { binaries } from '../../../roles/control-plane/methods/binaries.ts'
import { staticPods } from '../../../roles/control-plane/methods/static-pods.ts'
import { controlPlane } from '../../../roles/control-plane/role.ts'
import { golden } from '../support/golden.ts'
import { smallCluster } from '../support/inventory.ts'
import { contentOf, titlesOf, unitsOf } from '../support/role.ts'

const cluster = smallCluster()
const host = cluster.host('m1')
const wish = { name: 'server', ca: 'ca', subject: { commonName: 'x' }, names: [], addresses: [], usages: [] }
const never = async () => assert.unreachable()
const made = {
  pair: (name: string) => ({ certificate: `CERTIFICATE ${name}`, key: `KEY ${name}` }),
  serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
  maker: { wishes: { server: wish, kubecfg: wish }, pair: never, renewed: never },
}
const preparedOf = (given: object) => ({
  method: 'static-pods' as const,
  work: staticPods.workWith(given as never),
})
const prepared = preparedOf(made)
type Params = NonNullable<Parameters<typeof controlPlane>[0]>
const daemons = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
const units = (params: Params, view = cluster) =>
  unitsOf(controlPlane({ method: 'static-pods', ...params }), host, view, { prepared })

/** What is in the directory of credentials, by name. */
const credentials = (names: readonly string[], salt = ''): readonly (readonly [FactRequest, PathFact])[] =>
  Object.entries(credentialFacts('/srv/kubernetes')).map(([name, request]) => [
    request,
    names.includes(name)
      ? {
          type: 'file',
          mode: '0600',
          owner: 'root',
          group: 'root',
          uid: 0,
          gid: 0,
          size: 1,
          modified: 1,
          sha256: createHash('sha256')
            .update(name + salt)
            .digest('hex'),
        }
      : { type: 'absent' },
  ])
const usual = [
  'ca.crt',
  'server.cert',
  'server.key',
  'kubecfg.crt',
  'kubecfg.key',
  'known_tokens.csv',
  'basic_auth.csv',
]
const manifest = (params: Params, daemon: (typeof daemons)[number], facts = credentials(usual), view = cluster) =>
  contentOf(units(params, view), `/etc/kubernetes/manifests/${daemon}.yaml`, facts)

interface Pod {
  readonly metadata: {
    readonly name: string
    readonly labels: Record<string, string>
    readonly annotations: Record<string, string>
  }
  readonly spec: {
    readonly hostNetwork: boolean
    readonly terminationGracePeriodSeconds: number
    readonly containers: readonly {
      readonly image: string
      readonly command: readonly string[]
      readonly volumeMounts: readonly {
        readonly name: string
        readonly mountPath: string
        readonly readOnly?: boolean
      }[]
    }[]
    readonly volumes: readonly {
      readonly name: string
      readonly hostPath: { readonly path: string; readonly type: string }
    }[]
  }
}
const read = (...args: Parameters<typeof manifest>): Pod => parse(manifest(...args)) as Pod
const words = (pod: Pod): readonly string[] => pod.spec.containers[0]?.command ?? []

for (const version of ['v1.20.2', 'v1.28.4'])
  for (const daemon of daemons)
    test(`manifest of ${daemon} ${version}`, () =>
      golden(
        `control-plane/${version}/${daemon}.yaml`,
        manifest({ kubeVersion: version, virtualAddress: '10.0.0.100' }, daemon),
      ))

// The document (004) as it is meant: what it mounts, which files it names, who elects a leader, which log is touched
// first.
test("the document's manifest of the API server says the same", () => {
  const pod = read({ kubeVersion: 'v1.18.20' }, 'kube-apiserver')
  for (const flag of [
    '--client-ca-file=/srv/kubernetes/ca.crt',
    '--basic-auth-file=/srv/kubernetes/basic_auth.csv',
    '--token-auth-file=/srv/kubernetes/known_tokens.csv',
    '--tls-cert-file=/srv/kubernetes/server.cert',
    '--tls-private-key-file=/srv/kubernetes/server.key',
    '--log-file=/var/log/kube-apiserver.log',
    '--allow-privileged=true',
    '--apiserver-count=3',
  ])
    assert.ok(words(pod).includes(flag), `${flag} in ${words(pod).join(' ')}`)
  assert.is(pod.spec.hostNetwork, true)
  const mounted = (path: string) => pod.spec.containers[0]?.volumeMounts.find(mount => mount.mountPath === path)
  assert.is(mounted('/srv/kubernetes')?.readOnly, true)
  assert.is(mounted('/var/log/kube-apiserver.log')?.readOnly, undefined)
  for (const { name, mountPath } of pod.spec.containers[0]?.volumeMounts ?? [])
    assert.is(pod.spec.volumes.find(volume => volume.name === name)?.hostPath.path, mountPath)
})
for (const daemon of ['kube-controller-manager', 'kube-scheduler'] as const)
  test(`${daemon} elects a leader and has its log`, () => {
    const pod = read({ kubeVersion: 'v1.20.2' }, daemon)
    assert.ok(words(pod).includes('--leader-elect=true'))
    assert.ok(words(pod).includes(`--log-file=/var/log/${daemon}.log`))
    assert.ok(
      titlesOf(controlPlane({ method: 'static-pods', kubeVersion: 'v1.20.2' }), host, cluster, { prepared }).includes(
        `log file /var/log/${daemon}.log`,
      ),
    )
  })
test('later versions write their log by the launcher of their image', () => {
  const pod = read({ kubeVersion: 'v1.28.4' }, 'kube-scheduler')
  assert.equal(words(pod).slice(0, 5), [
    '/go-runner',
    '--log-file=/var/log/kube-scheduler.log',
    '--also-stdout=true',
    '--redirect-stderr=true',
    'kube-scheduler',
  ])
  assert.is(
    words(pod).some(word => /logtostderr/.test(word)),
    false,
  )
})
test('a table that no master has is not named, passwords only to versions that know them', () => {
  const bare = words(read({ kubeVersion: 'v1.18.20' }, 'kube-apiserver', credentials(usual.slice(0, 5))))
  assert.is(
    bare.some(word => /token-auth-file|basic-auth-file/.test(word)),
    false,
  )
  const young = words(read({ kubeVersion: 'v1.20.2' }, 'kube-apiserver'))
  assert.equal(
    young.filter(word => /token-auth-file|basic-auth-file/.test(word)),
    ['--token-auth-file=/srv/kubernetes/known_tokens.csv'],
  )
})
test('images by version, and from elsewhere', () => {
  const image = (params: Params) => read(params, 'kube-scheduler').spec.containers[0]?.image
  assert.is(image({ kubeVersion: '1.24.1' }), 'k8s.gcr.io/kube-scheduler:v1.24.1')
  assert.is(image({ kubeVersion: '1.25.0' }), 'registry.k8s.io/kube-scheduler:v1.25.0')
  assert.is(image({ kubeVersion: '1.25.0+a.1' }), 'registry.k8s.io/kube-scheduler:v1.25.0_a.1')
  assert.is(
    image({ kubeVersion: 'v1.25.0', imageRepo: 'registry.local:5000/k8s' }),
    'registry.local:5000/k8s/kube-scheduler:v1.25.0',
  )
})
test('a new master and a new key start the API server anew, and nobody else', () => {
  const label = (...args: Parameters<typeof read>) => read(...args).metadata.labels['rota-manifest']
  const params = { kubeVersion: 'v1.20.2' }
  for (const daemon of daemons) {
    const before = label(params, daemon)
    assert.is(label(params, daemon), before)
    const others = [
      label(params, daemon, credentials(usual, 'new')),
      label(params, daemon, credentials(usual), smallCluster(4)),
    ]
    assert.equal(
      others.map(other => other === before),
      daemon === 'kube-apiserver' ? [false, false] : [true, true],
      daemon,
    )
    assert.is.not(label({ kubeVersion: 'v1.20.3' }, daemon), before)
    assert.match(before ?? '', /^[0-9a-f]{40}$/)
  }
})
test('an awkward argument stays what it is', () => {
  const value = 'a b: "c" # d\\'
  assert.ok(
    words(read({ kubeVersion: 'v1.20.2', apiserverArguments: { 'audit-log-path': value } }, 'kube-apiserver')).includes(
      `--audit-log-path=${value}`,
    ),
  )
})
test('what is read is written first, then each daemon in its turn, when the one before is ready', () => {
  const titles = titlesOf(controlPlane({ method: 'static-pods', kubeVersion: 'v1.20.2' }), host, cluster, { prepared })
  const order = [
    'service kubelet',
    'log file /var/log/kube-apiserver.log',
    'the credentials in /srv/kubernetes',
    'no unit kube-apiserver',
    'file /etc/kubernetes/manifests/kube-apiserver.yaml',
    'wait until kube-apiserver is the pod of its manifest',
    'wait until the API server is ready',
    'wait until the API server is v1.20.2',
    'no unit kube-controller-manager',
    'file /etc/kubernetes/manifests/kube-controller-manager.yaml',
    'wait until kube-controller-manager is the pod of its manifest',
    'file /etc/kubernetes/manifests/kube-scheduler.yaml',
    'wait until kube-scheduler is the pod of its manifest',
    'the API server shows every name in its certificate',
  ]
  assert.equal(
    titles.filter(title => order.includes(title)),
    order,
  )
})
test('no key is a file of the control machine or shown: no pair of the API server is asked for', () => {
  for (const unit of units({ kubeVersion: 'v1.20.2' }))
    if (/\.(key|conf|csv)$/.test(unit.title)) assert.ok('secret' in unit && unit.secret, unit.title)
  const asked: string[] = []
  const pair = (name: string) => {
    asked.push(name)
    return made.pair(name)
  }
  const recorder = preparedOf({ ...made, pair })
  unitsOf(controlPlane({ method: 'static-pods', kubeVersion: 'v1.20.2' }), host, cluster, { prepared: recorder })
  assert.is(asked.includes('hosts/m1/apiserver'), false)
  assert.is(asked.includes('hosts/m1/apiserver-etcd-client'), true)
})
test('units give way to pods and pods to units; what kubeadm made is not taken apart', () => {
  const bothMade = { binaries: { method: 'binaries', work: binaries.workWith(made as never) }, 'static-pods': prepared }
  const titles = titlesOf(controlPlane({ method: 'binaries', kubeVersion: 'v1.20.2' }), host, cluster, {
    prepared: bothMade.binaries,
  })
  assert.ok(titles.indexOf('no static pods of the control plane') < titles.indexOf('run the handlers notified so far'))
  for (const method of ['binaries', 'static-pods'] as const) {
    const [first] = unitsOf(controlPlane({ method, kubeVersion: 'v1.20.2' }), host, cluster, {
      prepared: bothMade[method],
    })
    assert.ok(first && 'kind' in first)
    const [request] = first.kind.facts(first.args, { diff: false })
    assert.ok(request)
    const plan = (text: string) => {
      const there = {
        type: 'file',
        mode: '0600',
        owner: '',
        group: '',
        uid: 0,
        gid: 0,
        size: 1,
        modified: 1,
        content: { base64: Buffer.from(text).toString('base64') },
      }
      return first.kind.plan(first.args, factTable([request, there]), { changed: false, diff: false })?.refused
    }
    assert.match(
      plan('kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.1:6443') ?? '',
      /set control_plane_method to kubeadm/,
    )
    assert.is(plan(manifest({ kubeVersion: 'v1.20.2' }, 'kube-apiserver')), undefined)
  }
})

test.run()
