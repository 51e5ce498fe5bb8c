import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import type { SharedCheck } from '../../../engine/role/check.ts'
import { addonsIn, imagesPattern } from '../../../roles/addons-seen/images.ts'
import { addonsSeen, judged, listed } from '../../../roles/addons-seen/role.ts'
import { probe } from '../../unit/tasks/converge.ts'
import { smallCluster } from '../support/inventory.ts'
import { paramsOf } from '../support/role.ts'
import { at, program, secondIsReady } from './files.ts'

const images: readonly (readonly [image: string, seen: string])[] = [
  ['quay.io/calico/node:v3.28.1', 'calico 3.28.1'],
  ['docker.io/rancher/mirrored-calico-node:v3.26.4', 'calico 3.26.4'],
  ['quay.io/calico/kube-controllers:v3.28.1', 'none that is known here'],
  ['quay.io/cilium/cilium:v1.18.2@sha256:0a1b', 'cilium 1.18.2'],
  ['quay.io/cilium/operator-generic:v1.18.2', 'none that is known here'],
  ['docker.io/flannel/flannel:v0.25.1', 'flannel 0.25.1'],
  ['docker.io/flannel/flannel-cni-plugin:v1.4.1', 'none that is known here'],
  ['docker.io/rancher/mirrored-flannelcni-flannel:v0.19.0', 'flannel 0.19.0'],
  ['cloudnativelabs/kube-router:v2.1.1', 'kube-router 2.1.1'],
  ['registry.k8s.io/coredns/coredns:v1.11.1', 'coredns 1.11.1'],
  ['k8s.gcr.io/coredns:1.7.0', 'coredns 1.7.0'],
  ['registry.k8s.io/dns/k8s-dns-node-cache:1.22.28', 'nodelocaldns 1.22.28'],
  ['k8s.gcr.io/k8s-dns-node-cache-amd64:1.17.1', 'nodelocaldns 1.17.1'],
  ['10.0.0.9:5000/kube-proxy:v1.29.10', 'kube-proxy 1.29.10'],
  ['registry.k8s.io/metrics-server/metrics-server:v0.7.0', 'metrics-server 0.7.0'],
  ['registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:d2fb', 'ingress-nginx 1.12.1'],
  ['registry/metrics-server@sha256:d2fb', 'metrics-server of no version'],
  ['10.0.0.9:5000/coredns', 'coredns of no version'],
  ['docker.io/library/nginx:1.28.0', 'none that is known here'],
]
for (const [image, seen] of images)
  test(`${image}: ${seen}`, () => {
    is(listed(addonsIn(image)), seen)
    if (seen !== 'none that is known here') match(image, new RegExp(imagesPattern))
  })

test('each is told once, and two versions of one are told both', () =>
  equal(
    addonsIn(['a/coredns:1.8.0', 'quay.io/calico/node:v3.28.1', 'a/coredns:1.9.3', 'b/coredns:v1.8.0', ''].join('\n')),
    [
      { name: 'calico', version: '3.28.1' },
      { name: 'coredns', version: '1.8.0' },
      { name: 'coredns', version: '1.9.3' },
    ],
  ))

const verdicts: readonly (readonly [name: string, version: string | undefined, kube: string, said: RegExp])[] = [
  ['calico', '3.28.1', '1.30.2', /^all suit it, as far as is known here$/],
  [
    'calico',
    '3.26.4',
    'v1.30.2',
    /^calico 3\.26\.4: its makers name Kubernetes 1\.24 to 1\.28; for 1\.30 they name 3\.28, 3\.29 \(docs\.tigera\.io\/calico\/3\.26\//,
  ],
  ['calico', '3.32.0', '1.33.1', /name Kubernetes 1\.34 to 1\.36; for 1\.33 they name 3\.30, 3\.31 /],
  ['calico', '3.20.6', '1.30.2', /^calico 3\.20\.6: not known here$/],
  ['cilium', '1.18.2', '1.34.1', /Kubernetes 1\.30 to 1\.33; for 1\.34 none is known here/],
  ['metrics-server', '0.7.0', '1.35.0', /^all suit it, as far as is known here$/],
  [
    'metrics-server',
    '0.9.0',
    '1.33.0',
    /^metrics-server 0\.9\.0: its makers name Kubernetes 1\.34 and later; for 1\.33 they name 0\.4, .*0\.8 /,
  ],
  ['ingress-nginx', '1.10.1', '1.30.0', /not known here/],
  ['coredns', '1.11.1', '1.30.2', /^all suit it, as far as is known here$/],
  ['coredns', '1.9.3', '1.30.2', /^coredns 1\.9\.3: kubeadm installs 1\.11\.1$/],
  ['coredns', '1.12.1', '1.36.0', /what kubeadm installs is not known here$/],
  ['coredns', undefined, '1.30.2', /^coredns of no version: kubeadm installs/],
  ['nodelocaldns', '1.22.28', '1.30.2', /^nodelocaldns 1\.22\.28: not known here$/],
  ['kube-proxy', '1.29.10', '1.30.2', /^all suit it, as far as is known here$/],
  ['calico', undefined, '1.30.2', /^calico of no version: not known here$/],
]
for (const [name, version, kube, said] of verdicts)
  test(`${name} ${version} with ${kube}: ${said.source}`, () =>
    match(judged(kube)([{ name, ...(version === undefined ? {} : { version }) }]), said))

const cluster = smallCluster()
const checks = (more: object = {}) =>
  addonsSeen.role.checks?.({
    params: { ...paramsOf<object>(addonsSeen()), ...at, ...more },
    host: cluster.host('m1'),
    inventory: cluster,
  } as never) as readonly SharedCheck[]

test('a master that can not ask is no matter where another can', () => {
  const [check] = checks()
  const seen = [{ name: 'coredns', version: '1.9.3' }]
  is(
    check?.judge(
      new Map<string, unknown>([
        ['m1', undefined],
        ['m2', seen],
      ]),
    ).saw,
    'coredns 1.9.3',
  )
  is(check?.judge(new Map([['m1', undefined]])).saw, 'not asked: no API server is ready')
})

test('whatever is found nobody is stopped, and without a version nothing is said of it', () => {
  const both = checks({ kubeVersion: '1.30.2' })
  const calico = new Map([['m1', [{ name: 'calico', version: '3.26.1' }]]])
  equal(
    both.map(check => [check.name, check.judge(calico).ok]),
    [
      ['add-ons', true],
      ['add-ons with 1.30', true],
    ],
  )
  is(checks().length, 1)
})

test('what kubectl could not tell is not taken for none', () => {
  const [check] = checks()
  const read = (answer: string) => {
    program('kubectl', `case "$*" in ${secondIsReady} *'get deployments,daemonsets -A'*) ${answer} ;; esac`)
    return check?.read(probe(['sh'], check.facts))
  }
  equal(read("echo 'registry/coredns:1.9.3'; echo 'nginx:1'"), [{ name: 'coredns', version: '1.9.3' }])
  equal(read('echo nginx:1'), [])
  is(read('exit 1'), undefined)
})

test.run()
