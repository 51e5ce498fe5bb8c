import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import type { Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostView } from '../../engine/role/view.ts'
import { nodeProxyPrefetch } from '../../roles/node-proxy/prefetch.ts'
import { host, inventory } from './support/inventory.ts'
import { paramsOf, titlesOf, unitsOf } from './support/role.ts'
// Names of their params are names of those that are shared.
import '../../roles/haproxy-proxy/role.ts'
import '../../roles/nginx-proxy/role.ts'

/** m1 is a node too, m2 is none; whoever leaves is named. */
const cluster = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'kube_node', 'k8s_cluster']),
  host('m2', '10.0.0.2', ['kube_control_plane', 'k8s_cluster']),
  host('n1', '10.0.1.1', ['kube_node', 'k8s_cluster']),
])

type Given = NonNullable<Parameters<typeof nodeProxyPrefetch>[0]>
const folder = '/opt/kubernetes/kube-nginx'
const rows: readonly (readonly [string, Given, string, readonly string[]])[] = [
  ['a static pod', {}, 'm1', ['image docker.io/library/nginx:1.30.1-alpine']],
  ['an image of the operator’s', { imageRepo: 'r.example/nginx', imageTag: 'x' }, 'm1', ['image r.example/nginx:x']],
  ['haproxy', { type: 'haproxy' }, 'm1', ['image docker.io/library/haproxy:2.8.3-alpine']],
  ['a container of Docker’s', { variant: 'docker' }, 'm1', ['image nginx:1.13-alpine']],
  ['packages', { variant: 'system' }, 'm1', ['packages nginx libnginx-mod-stream', 'service nginx']],
  [
    'packages that are the operator’s own matter',
    { variant: 'system', packages: [], distributionUnit: 'leave' },
    'm1',
    [],
  ],
  [
    'a program',
    { variant: 'source', version: '1.16.1' },
    'm1',
    [...['sbin', 'conf', 'logs'].map(name => `directory ${folder}/${name}`), `nginx 1.16.1 at ${folder}/sbin/nginx`],
  ],
  ['no proxy', { wanted: false }, 'm1', []],
  ['a master that is no node', { leaving: 'm2' }, 'm2', []],
  ['a master that is no node, of haproxy', { type: 'haproxy', leaving: 'm2' }, 'm2', []],
  ['a master that stays one: its API server has the port', { leaving: 'n1' }, 'm1', []],
  [
    'a master that stays one, where that has another port',
    { leaving: '', port: 7443 },
    'm1',
    ['image docker.io/library/nginx:1.30.1-alpine'],
  ],
]
for (const [name, given, on, expected] of rows)
  test(`what a proxy is made of: ${name}`, () =>
    assert.equal(titlesOf(nodeProxyPrefetch({ leaving: 'm1', ...given }), cluster.host(on), cluster), expected))

test('where the proxy was set up by its own role the same is fetched', () => {
  const named = {
    nginx_proxy_image_repo: 'r.example/nginx',
    nginx_proxy_packages: ['mine'],
    nginx_proxy_distribution_unit: 'leave',
    haproxy_proxy_image_tag: 'mine',
    nginx_proxy_pull_policy: 'Never',
  }
  const on: HostView = host('m1', '10.0.0.1', [], named)
  const { imageRepo, packages, distributionUnit, haproxyImageTag, pullPolicy } = paramsOf<Given>(
    nodeProxyPrefetch(),
    on,
  )
  assert.equal(
    [imageRepo, packages, distributionUnit, haproxyImageTag, pullPolicy],
    ['r.example/nginx', ['mine'], 'leave', 'mine', 'Never'],
  )
})

/**
 * Whether the image is asked for on a host, and what is said of it: its runtime answers, has the image `there`, and no
 * network.
 */
function asked(given: Given, { there = '', manifest = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'rota-prefetch-'))
  writeFileSync(
    join(dir, 'crictl'),
    `#!/bin/sh
case $1 in info) exit 0 ;; inspecti) [ "$2" = '${there}' ]; exit ;; esac
echo "no such host" >&2
exit 1
`,
    { mode: 0o755 },
  )
  for (const name of manifest ? ['nginx-proxy.yml', 'haproxy.yml'] : []) writeFileSync(join(dir, name), 'kind: Pod\n')
  const [task] = unitsOf(nodeProxyPrefetch({ leaving: 'm1', manifestDir: dir, ...given }), cluster.host('m1'), cluster)
  const { unless, run } = (task as Task).args as { readonly unless: string; readonly run: string }
  const sh = (text: string) =>
    execaSync('sh', ['-c', text], { reject: false, env: { PATH: `${dir}:${process.env.PATH ?? ''}` } })
  const isThere = sh(unless).exitCode === 0
  const { exitCode, stderr } = isThere ? { exitCode: 0, stderr: '' } : sh(run)
  rmSync(dir, { recursive: true })
  return { isThere, exitCode, stderr }
}

const nginx = 'docker.io/library/nginx:1.30.1-alpine'
const haproxy = { type: 'haproxy' } as const
const images: readonly (readonly [string, Given, Parameters<typeof asked>[1], string | undefined])[] = [
  ['is there', {}, { there: nginx }, undefined],
  ['is there, and is never fetched', { pullPolicy: 'Never' }, { there: nginx }, undefined],
  [
    'is nowhere',
    {},
    {},
    `no such host\nthe image ${nginx} is not on this host and could not be fetched: what runs goes on`,
  ],
  [
    'is never fetched',
    { pullPolicy: 'Never' },
    {},
    `the image ${nginx} is not on this host and is never fetched: what`,
  ],
  ['is that of the manifest', {}, { manifest: true }, undefined],
  ['is that of the manifest of haproxy', haproxy, { manifest: true }, undefined],
  ['takes the place of that of the manifest', { imageTag: 'new' }, { manifest: true }, 'nginx:new is not on this host'],
  [
    'takes the place of that of haproxy',
    { ...haproxy, haproxyImageTag: 'new' },
    { manifest: true },
    'haproxy:new is not on this host',
  ],
]
for (const [name, given, on, refusal] of images)
  test(`an image that ${name} is ${refusal === undefined ? 'not fetched' : 'refused, with what to do'}`, () => {
    const { isThere, exitCode, stderr } = asked(given, on)
    assert.equal([isThere, exitCode], [refusal === undefined, refusal === undefined ? 0 : 1])
    assert.match(stderr, refusal ?? '')
    if (refusal !== undefined) assert.match(stderr, 'Put the image on the host, or set one that is there')
  })

test.run()
