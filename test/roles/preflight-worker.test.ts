import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execaSync } from 'execa'
import type { FactRequest, Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { loadInventory } from '../../engine/inventory/index.ts'
import { newRedactor } from '../../engine/secrets/redactor.ts'
import { nothingStandsInTheWay } from '../../playbooks/parts/preflight.mjs'
import { clusterImagesFact, readClusterImages, whyNoNode } from '../../roles/preflight/node-images.ts'
import { preflight } from '../../roles/preflight/role.ts'
import { workerPreflight } from '../../roles/preflight/worker.ts'
import { readyPlays } from '../ready-plays.ts'
import { host, inventory } from './support/inventory.ts'
import { paramsOf, titlesOf, unitsOf } from './support/role.ts'

const hosts = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'k8s_cluster']),
  host('n1', '10.0.1.1', ['kube_node', 'k8s_cluster']),
  host('n2', '10.0.1.2', ['kube_node', 'k8s_cluster']),
])
type Given = NonNullable<Parameters<typeof workerPreflight>[0]>
const call = (more: Given = {}) => workerPreflight({ kubeVersion: '1.33.4', ...more })

// What a host says: it is a node, its join was cut short, what images a master's cluster has.
const seen = (isNode: boolean, { begun = false, images = '' } = {}) => ({
  kubelet: { type: isNode ? 'file' : 'absent' },
  marker: { type: begun ? 'file' : 'absent' },
  images: { stdout: images },
})
const isNew = seen(false)
const rows: readonly (readonly [string, on: string, own: unknown, Given, boolean])[] = [
  ['one that is new', 'n2', isNew, {}, true],
  ['one whose join was cut short', 'n2', seen(true, { begun: true }), {}, true],
  ['one that nobody has asked yet', 'n2', undefined, {}, true],
  ['a node', 'n2', seen(true), {}, false],
  ['a master', 'm1', isNew, {}, false],
  ['one that shall not join', 'n2', isNew, { join: false }, false],
  ['one of a cluster that kubeadm has not made', 'n2', isNew, { method: 'static-pods' }, false],
  ['one whose images are not looked at', 'n2', isNew, { skip: ['images'] }, false],
]
for (const [name, on, own, given, expected] of rows)
  test(`a host is${expected ? '' : ' not'} asked for the images of a node: ${name}`, () => {
    const titles = titlesOf(call(given), hosts.host(on), hosts, { peers: new Map([[on, own]]) })
    assert.equal(titles, expected ? [`assert that ${on} can have the images of a node`] : [])
  })

/** Programs of a host, by what they do with the image as `$image`; those that it has not fail. */
interface Host {
  readonly programs?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}
const fails = 'exit 1'
const none = { docker: fails, crictl: fails, containerd: fails, curl: fails }

/** A folder of this machine is the host: its programs come first, and `/etc` and `/var` are in it. */
function onHost<T>({ programs = {}, files = {} }: Host, run: (said: (text: string) => string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'rota-node-images-'))
  for (const [name, text] of Object.entries({ ...none, ...programs }))
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  try {
    return run(text => {
      const there = text.replaceAll(/(?<=^|[\s'"<=])\/(etc|var\/l)/gm, `${dir}/$1`)
      return execaSync('sh', ['-c', there], { env: { PATH: `${dir}:${process.env.PATH}` } }).stdout
    })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const imagesOf = (given: Given, master: string): string => {
  const peers = new Map([
    ['n2', isNew],
    ['m1', seen(true, { images: master })],
  ])
  const [task] = unitsOf(call(given), hosts.host('n2'), hosts, { peers })
  assert.ok(task !== undefined && 'kind' in task)
  const [request] = task.kind.facts(task.args, { diff: false })
  assert.ok(request)
  return (request.args as { readonly run: string }).run
}
/** Each image that a host is asked for, with the answer. */
const askedOn = (on: Host, given: Given = {}, master = ''): readonly string[] =>
  onHost(on, said =>
    said(imagesOf(given, master))
      .split('\n')
      .map(line => line.replace('\t', ' ')),
  )

const proxy = 'docker.io/library/nginx:1.30.1-alpine'
const containerd = { criSocket: 'unix:///run/containerd/containerd.sock' }
const has = 'case " $* " in *" inspecti "*|*" version "*|*" image inspect "*) exit 0 ;; esac\nexit 1'
const dump = (line: string) => ({ crictl: has, containerd: `cat <<'END'\n    ${line}\nEND` })
const flag = (image: string) => `KUBELET_ARGS="--a=b \\\n--pod-infra-container-image=${image} \\\n--c=d"\n`
const docker = { programs: { docker: has } }
const images: readonly (readonly [string, Host, Given, master: string, readonly string[]])[] = [
  [
    'the sandbox of containerd 1',
    { programs: dump('sandbox_image = "registry.k8s.io/pause:3.8"') },
    containerd,
    '',
    ['registry.k8s.io/pause:3.8 there', `${proxy} there`],
  ],
  [
    'the sandbox of containerd 2, not its sandboxer',
    { programs: dump("sandboxer = 'podsandbox'\n    sandbox = 'registry.k8s.io/pause:3.10'") },
    containerd,
    'pause k8s.gcr.io/pause:3.2',
    ['registry.k8s.io/pause:3.10 there', `${proxy} there`],
  ],
  [
    'that of CRI-O',
    { programs: { crictl: has }, files: { 'etc/crio/crio.conf.d/10.conf': 'pause_image = "quay.io/pause:3.9"\n' } },
    { criSocket: 'unix:///var/run/crio/crio.sock' },
    '',
    ['quay.io/pause:3.9 there', `${proxy} there`],
  ],
  [
    'with Docker that of the kubelets of the others',
    docker,
    {},
    'pause k8s.gcr.io/pause:3.2',
    ['k8s.gcr.io/pause:3.2 there', `${proxy} there`],
  ],
  [
    'with Docker its own rather',
    { ...docker, files: { 'etc/kubernetes/kubelet.env': flag('mine.example/pause:1') } },
    {},
    'pause k8s.gcr.io/pause:3.2',
    ['mine.example/pause:1 there', `${proxy} there`],
  ],
  [
    'kube-proxy of the version, where the masters have it',
    docker,
    {},
    'kube-proxy registry.example/kube-proxy',
    ['registry.example/kube-proxy:v1.33.4 there', `${proxy} there`],
  ],
  [
    'kube-proxy of a build: a tag has no +',
    docker,
    { kubeVersion: '1.33.4+b.1' },
    'kube-proxy registry.example/kube-proxy',
    ['registry.example/kube-proxy:v1.33.4_b.1 there', `${proxy} there`],
  ],
  ['haproxy', docker, { type: 'haproxy', haproxyImageTag: 'x' }, '', ['docker.io/library/haproxy:x there']],
  ['nginx in Docker', docker, { variant: 'docker' }, '', ['nginx:1.13-alpine there']],
  ['no image of a proxy that is a package', docker, { variant: 'system' }, '', ['']],
  ['no image of a proxy that is not wanted', docker, { wanted: false }, '', ['']],
  ['none that is never fetched', docker, { pullPolicy: 'Never' }, '', ['']],
  [
    'none where the manifest of its proxy is there',
    { ...docker, files: { 'etc/kubernetes/manifests/nginx-proxy.yml': '' } },
    {},
    '',
    [''],
  ],
  [
    'but where another one is set',
    { ...docker, files: { 'etc/kubernetes/manifests/nginx-proxy.yml': '' } },
    { imageTag: 'new' },
    '',
    ['docker.io/library/nginx:new there'],
  ],
]
for (const [name, on, given, master, expected] of images)
  test(`images that a node needs: ${name}`, () => assert.equal(askedOn(on, given, master), expected))

const answers = 'case " $* " in *" version "*) exit 0 ;; esac\nexit 1'
const registry = (code: string, exit = 0) => `echo '${code}'\nexit ${exit}`
const own = { imageRepo: 'r.example/nginx', imageTag: 'x' }
const places: readonly (readonly [string, Host, Given, string])[] = [
  ['the registry has it', { programs: { docker: answers, curl: registry('200') } }, own, '200'],
  ['the registry has it not', { programs: { docker: answers, curl: registry('404') } }, own, '404'],
  ['the registry can not be reached', { programs: { docker: answers, curl: registry('000', 7) } }, own, '000'],
  [
    'the registry has a certificate of its own',
    { programs: { docker: answers, curl: registry('000', 60) } },
    own,
    'unknown',
  ],
  ['no runtime answers', { programs: { curl: registry('404') } }, own, 'unknown'],
  [
    'crictl has it, where nobody has said which runtime it is',
    { programs: { docker: answers, crictl: has } },
    own,
    'there',
  ],
  [
    'a mirror stands between',
    {
      programs: { docker: answers, curl: registry('000', 7) },
      files: { 'etc/docker/daemon.json': '{"registry-mirrors": ["x"]}' },
    },
    own,
    'unknown',
  ],
  [
    'a mirror of CRI-O stands between, as kubespray writes it',
    {
      programs: { docker: answers, curl: registry('000', 7) },
      files: { 'etc/containers/registries.conf.d/10-r.example.conf': '[[registry]]\nprefix = "r.example"\n' },
    },
    own,
    'unknown',
  ],
  [
    'no mirror of CRI-O is a name that is short for another',
    {
      programs: { docker: answers, curl: registry('404') },
      files: { 'etc/containers/registries.conf.d/000-shortnames.conf': '[aliases]\n# [[registry]]\n' },
    },
    own,
    '404',
  ],
  [
    "Docker's own registry is where it is reached",
    {
      programs: {
        docker: answers,
        curl: 'case "$*" in *https://registry-1.docker.io/v2/library/nginx/manifests/*) echo 401 ;; esac',
      },
    },
    {},
    '401',
  ],
  ['it is of no registry', { programs: { docker: answers, curl: registry('404') } }, { imageRepo: 'mine' }, 'unknown'],
]
for (const [name, on, given, expected] of places)
  test(`where an image is to be had: ${name}`, () => assert.is(askedOn(on, given)[0]?.split(' ')[1], expected))

test('a pause without a tag, or by its sum, is not asked for: its registry would have to be told otherwise', () => {
  for (const image of ['r.example/pause', 'r.example/pause@sha256:00'])
    assert.match(
      askedOn({ programs: { docker: answers, curl: registry('404') } }, { wanted: false }, `pause ${image}`)[0] ?? '',
      / unknown$/,
    )
})

const refused: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['all that is needed', 'a:1\tthere\nb:1\t200\nc:1\tunknown\nd:1\t401', undefined],
  ['nothing that is known', '', undefined],
  ['an answer that was cut', 'a:1\t', undefined],
  [
    'one that no registry has',
    'a:1\tthere\nb:1\t404',
    /^b:1 is not on the host, and its registry has none: load it there/,
  ],
  [
    'two of a registry that does not answer',
    'a:1\t000\nb:1\t000',
    /b:1 is not .* does not answer: load them there, or make/,
  ],
]
for (const [name, stdout, expected] of refused)
  test(`a host ${expected === undefined ? 'joins' : 'is refused'} with ${name}`, () => {
    const [task] = unitsOf(call(), hosts.host('n2'), hosts)
    const { kind, args } = task as Task
    const [request] = kind.facts(args, { diff: false }) as readonly [FactRequest]
    const table = factTable([request, { exitCode: 0, stdout, stderr: '' }])
    const plan = kind.plan(args, table, { changed: false, diff: false })
    assert.is(plan?.refused, whyNoNode(stdout))
    if (expected === undefined) assert.is(plan, undefined)
    else assert.match(plan?.refused ?? '', expected)
  })

test('a master says which images its nodes have, and is not believed what is none', () => {
  const manifest = '    image: registry.example/k8s/kube-apiserver:v1.33.3\n'
  const files = {
    'etc/kubernetes/manifests/kube-apiserver.yaml': manifest,
    'etc/kubernetes/kubelet.env': flag('k8s.gcr.io/pause:3.2'),
  }
  const { run } = clusterImagesFact({ kubeConfigDir: '/etc/kubernetes', manifestDir: '/etc/kubernetes/manifests' })
    .args as { readonly run: string }
  const told = (more: Readonly<Record<string, string>> = {}) =>
    readClusterImages(onHost({ files: { ...files, ...more } }, said => said(run)))
  const pods = { 'var/log/pods/kube-system_kube-proxy-x_1/log': '' }
  assert.equal(told(pods), { kubeProxy: 'registry.example/k8s/kube-proxy', pause: 'k8s.gcr.io/pause:3.2' })
  assert.equal(told(), { kubeProxy: undefined, pause: 'k8s.gcr.io/pause:3.2' })
  assert.equal(
    onHost({}, said => readClusterImages(said(run))),
    { kubeProxy: undefined, pause: undefined },
  )
  assert.equal(readClusterImages('kube-proxy $(x)\npause a b\n'), { kubeProxy: undefined, pause: undefined })
})

const hookRows: readonly (readonly [string, on: string, Given, RegExp | undefined])[] = [
  ['none is set', 'n1', {}, undefined],
  ['empty ones are none', 'n1', { postUpgradeHooks: [] }, undefined],
  ['one, of a worker', 'n1', { postUpgradeHooks: ['a.yml'] }, /^post_upgrade_hooks: .* not run/],
  [
    'all of them',
    'n1',
    { preCordonHooks: ['a'], preUpgradeHooks: ['b'], postUpgradeHooks: ['c'], postUncordonHooks: ['d'] },
    /^pre_cordon_hooks, pre_upgrade_hooks, post_upgrade_hooks, post_uncordon_hooks: /,
  ],
  ['one, of a master', 'm1', { preUpgradeHooks: ['a.yml'] }, /^pre_upgrade_hooks: /],
  ['what is skipped', 'm1', { preUpgradeHooks: ['a.yml'], skip: ['hooks'] }, undefined],
  ['what is skipped of a worker', 'n1', { preUpgradeHooks: ['a.yml'], skip: ['hooks'] }, undefined],
]
for (const [
  name,
  on,
  { preCordonHooks, preUpgradeHooks, postUpgradeHooks, postUncordonHooks, skip },
  expected,
] of hookRows)
  test(`hooks of kubespray's upgrade are told: ${name}`, () => {
    const hooks = { preCordonHooks, preUpgradeHooks, postUpgradeHooks, postUncordonHooks, skip }
    const given = Object.fromEntries(Object.entries(hooks).filter(([, value]) => value !== undefined))
    const made = on === 'm1' ? preflight({ kubeVersion: '1.33.4', ...given }) : call(given)
    const context = { params: paramsOf(made), host: hosts.host(on), inventory: hosts }
    const all = (made.role.checks?.(context as never) ?? []).flatMap(check => (check ? [check] : []))
    const checks = all.filter(({ name }) => name.startsWith('hooks'))
    const warnings = checks.flatMap(check => (check.type === 'host' ? (check.judge(factTable()).warnings ?? []) : []))
    if (expected === undefined) assert.equal(checks, [])
    else assert.match(warnings.join('\n'), expected)
  })

test('all hosts are looked at in the first play, each by the tags of their own plays', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-first-play-'))
  const ini = join(dir, 'hosts.ini')
  writeFileSync(
    ini,
    '[kube_control_plane]\nm1 ip=10.0.0.1\n[kube_node]\nm1\nn1 ip=10.0.1.1\n[calico_rr]\nr1 ip=10.0.2.1\n[etcd]\ne1 ip=10.0.3.1\n[load_balancer]\nlb1 ip=10.0.4.1\n[k8s_cluster:children]\nkube_control_plane\nkube_node\ncalico_rr\n[k8s_cluster:vars]\nkube_version=1.33.4\n',
  )
  const loaded = await loadInventory({ sources: [ini] })
  rmSync(dir, { recursive: true })
  const who = async (...only: readonly string[]) => {
    const options = { tags: { only, skip: [] }, redactor: newRedactor() }
    const { plays, problems } = await readyPlays([nothingStandsInTheWay], loaded, options)
    assert.equal(problems, [])
    return plays.flatMap(play => play.hosts.map(({ name }) => name))
  }
  const everybody = ['m1', 'n1', 'r1', 'e1', 'lb1']
  assert.equal(await who(), everybody)
  assert.equal(await who('preflight'), everybody)
  // Masters know the nodes, and etcd has to be there for them.
  assert.equal(await who('node'), ['m1', 'n1', 'r1', 'e1'])
  assert.equal(await who('master'), ['m1', 'e1'])
  assert.equal(await who('haproxy'), ['lb1'])
  assert.equal(await who('nginx'), [])
})

test.run()
