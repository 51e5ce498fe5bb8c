import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finding, facts, type PathFact, type Task } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FactRequest, factTable } from '../../engine/facts/fact.ts'
import { judgeAnonymous } from '../../roles/preflight/anonymous.ts'
import { judgeCertificates } from '../../roles/preflight/certificates.ts'
import { judgeCgroup } from '../../roles/preflight/cgroup.ts'
import { judgeControlPlane } from '../../roles/preflight/control-plane.ts'
import { judgeEtcd } from '../../roles/preflight/etcd.ts'
import { judgeImages } from '../../roles/preflight/images.ts'
import { judgeKubelets, maySpeakTo } from '../../roles/preflight/kubelets.ts'
import { judgePrograms, reachFact, type Seen } from '../../roles/preflight/programs.ts'
import { judgeRelease } from '../../roles/preflight/release.ts'
import { preflight } from '../../roles/preflight/role.ts'
import { judgeRuntime } from '../../roles/preflight/runtime.ts'
import { smallCluster, withGiven } from './support/inventory.ts'
import { paramsOf } from './support/role.ts'

// What was seen, what is said of it; `no` is where it is refused.
type Row = readonly [name: string, finding: Finding, verdict: 'ok' | 'no', saw: RegExp]

const answered = (stdout: string, exitCode = 0, stderr = '') => ({ exitCode, stdout, stderr })
const manifest = (text: string) =>
  ({ type: 'file', content: { base64: Buffer.from(text).toString('base64') } }) as unknown as PathFact
const daemons = (tag: string) => {
  const fact = manifest(`spec:\n  containers:\n  - name: it\n    image: registry.k8s.io/kube-apiserver:${tag}\n`)
  return { 'kube-apiserver': fact, 'kube-controller-manager': fact, 'kube-scheduler': fact }
}
const nothing = { type: 'absent' } as PathFact
const noDaemons = { 'kube-apiserver': nothing, 'kube-controller-manager': nothing, 'kube-scheduler': nothing }
const containerd = (version: string) =>
  `kubelet yes\nendpoint /run/containerd/containerd.sock\nsocket listening\ncontainerd ${version}`
const etcd = (version: string) => `    image: registry.k8s.io/etcd:${version}-0\n`
const of27 = `file /etc/k.yaml
address: 1
maxParallelImagePulls
containerRuntimeEndpoint
file /bin/k.sh
kubernetes 1.31`
const now = 1_800_000_000
const ends = (path: string, days: number) => `${path}\t${new Date((now + days * 86400) * 1000).toUTCString()}`

const rows: readonly Row[] = [
  [
    'one minor version on',
    judgeControlPlane({ kubeVersion: '1.31.2', method: 'kubeadm' }, daemons('v1.30.4')),
    'ok',
    /^v1\.30\.4$/,
  ],
  [
    'a minor version is left out',
    judgeControlPlane({ kubeVersion: '1.32.2', method: 'kubeadm' }, daemons('v1.30.4')),
    'no',
    /^kube-apiserver from v1\.30\.4 to v1\.32\.2 .*upgrade to v1\.31 first$/,
  ],
  [
    'back',
    judgeControlPlane({ kubeVersion: '1.29.9', method: 'binaries' }, daemons('v1.30.4')),
    'no',
    /is newer than v1\.29\.9/,
  ],
  ['a new master', judgeControlPlane({ kubeVersion: '1.29.9', method: 'kubeadm' }, noDaemons), 'ok', /^no static pod/],

  [
    'kubelets three older',
    judgeKubelets('1.31.2', answered('n1 v1.28.1\nn2 v1.31.2\n')),
    'ok',
    /^2 nodes: v1\.28\.1, v1\.31\.2$/,
  ],
  [
    'a kubelet four older',
    judgeKubelets('1.31.2', answered('n1 v1.27.1\nn2 v1.31.2\n')),
    'no',
    /^n1 \(v1\.27\.1\): bring them to the version that the masters have first \(upgrade\.mjs --tags node/,
  ],
  [
    'a kubelet that is newer',
    judgeKubelets('1.31.2', answered('n1 v1.32.0\n')),
    'no',
    /^n1 \(v1\.32\.0\): no kubelet may be newer/,
  ],
  ['a newer patch of a kubelet', judgeKubelets('1.31.2', answered('n1 v1.31.9\n')), 'ok', /^1 nodes/],
  [
    'many kubelets',
    judgeKubelets('1.31.2', answered(Array.from({ length: 30 }, (_, i) => `n${i} v1.20.2`).join('\n'))),
    'no',
    /n4 \(v1\.20\.2\) and 25 more/,
  ],
  ['no master here yet', judgeKubelets('1.31.2', answered('', 3)), 'ok', /no cluster here yet/],
  [
    'an API server that is down',
    judgeKubelets('1.31.2', answered('', 1, 'connection refused')),
    'ok',
    /not asked: .*connection refused/,
  ],
  [
    'a line that is no node',
    judgeKubelets('1.31.2', answered('n1 v1.31.2\n\u001b[31m v0\nn 2 v1.1.1\n')),
    'ok',
    /^1 nodes: v1\.31\.2$/,
  ],

  ['cgroup v1 before 1.35', judgeCgroup('1.34.1', 'v1'), 'ok', /any version/],
  ['cgroup v1 with 1.35', judgeCgroup('1.35.0', 'v1'), 'no', /version 1/],
  ['cgroup v1 that is tolerated', judgeCgroup('1.35.0', 'v1\ntolerated'), 'ok', /told to accept/],
  ['cgroup v2', judgeCgroup('1.35.0', 'v2'), 'ok', /version 2/],

  ['containerd 2 with 1.36', judgeRuntime('1.36.0', containerd('v2.1.4')), 'ok', /containerd v2\.1\.4/],
  ['containerd 1.7 with 1.35', judgeRuntime('1.35.0', containerd('1.7.27')), 'ok', /containerd 1\.7\.27/],
  [
    'containerd 1.7 with 1.36',
    judgeRuntime('1.36.0', containerd('1.7.27')),
    'no',
    /^containerd 1\.7\.27: Kubernetes has left containerd 1\.x/,
  ],
  ['containerd 1.5 with 1.26', judgeRuntime('1.26.0', containerd('1.5.11')), 'no', /CRI v1/],
  ['containerd 1.5 with 1.25', judgeRuntime('1.25.0', containerd('1.5.11')), 'ok', /containerd 1\.5\.11/],
  ['a version that is none', judgeRuntime('1.36.0', containerd('\u001b[2J')), 'ok', /^\/run\/containerd/],
  [
    'no socket',
    judgeRuntime('1.31.0', 'kubelet yes\nendpoint /run/x.sock\nsocket absent'),
    'no',
    /there is no socket \/run\/x\.sock/,
  ],
  ['nobody listens', judgeRuntime('1.31.0', 'kubelet yes\nendpoint /run/x.sock\nsocket stale'), 'no', /nobody listens/],
  ['dockershim before 1.24', judgeRuntime('1.23.9', 'kubelet yes\ndocker yes'), 'ok', /dockershim/],
  ['dockershim with 1.24', judgeRuntime('1.24.0', 'kubelet yes\ndocker yes'), 'no', /gone since 1\.24/],
  [
    'dockershim by its socket',
    judgeRuntime('1.24.0', 'kubelet yes\nendpoint /var/run/dockershim.sock\nsocket absent'),
    'no',
    /gone since 1\.24/,
  ],
  [
    'cri-dockerd',
    judgeRuntime('1.31.0', 'kubelet yes\nendpoint /run/cri-dockerd.sock\nsocket listening\ndocker yes'),
    'ok',
    /cri-dockerd/,
  ],
  ['no kubelet yet', judgeRuntime('1.36.0', ''), 'ok', /no kubelet/],

  ['etcd before 1.34', judgeEtcd('1.33.2', etcd('3.5.21')), 'ok', /3\.5\.21/],
  ['etcd 3.5.21 with 1.34', judgeEtcd('1.34.1', etcd('3.5.21')), 'no', /bring the members to 3\.5\.26/],
  ['etcd 3.5.26 with 1.34', judgeEtcd('1.34.1', etcd('3.5.26')), 'ok', /3\.5\.26/],
  ['etcd 3.6 with 1.34', judgeEtcd('1.34.1', etcd('3.6.4')), 'ok', /3\.6\.4/],
  ['no member', judgeEtcd('1.34.1', ''), 'ok', /no member/],

  ['certificates in time', judgeCertificates(`${now}\n${ends('/a.crt', 300)}`, 7), 'ok', /^1, all in time$/],
  [
    'a certificate that has ended',
    judgeCertificates(`${now}\n${ends('/a.crt', -3)}\n${ends('/b.crt', 300)}`, 7),
    'no',
    /^\/a\.crt ended 3 days ago$/,
  ],
  ['one that ends soon', judgeCertificates(`${now}\n${ends('/a.crt', 2.5)}`, 7), 'ok', /^1, of which 1 end soon$/],
  ['no openssl', judgeCertificates('no openssl', 7), 'ok', /no openssl/],

  ['images on the host', judgeImages('1.31.2', 'r/kube-apiserver:v1.31.2\tthere\n'), 'ok', /1 to be had/],
  [
    'an image that no registry has',
    judgeImages('1.31.2', 'r/kube-apiserver:v1.31.2\t404\n'),
    'no',
    /its registry has none/,
  ],
  [
    'a registry that does not answer',
    judgeImages('1.31.2', 'r/kube-apiserver:v1.31.2\t000\n'),
    'no',
    /does not answer/,
  ],
  [
    'a registry that wants a login',
    judgeImages('1.31.2', 'r/kube-apiserver:v1.31.2\t401\n'),
    'ok',
    /only the runtime can tell/,
  ],

  ['files of the release that is named', judgeRelease('2.27', of27), 'ok', /2\.27 is possible/],
  ['files of its minor release', judgeRelease('v2.27.1', of27), 'ok', /is possible/],
  ['files of another release', judgeRelease('2.31', of27), 'no', /^\/etc\/k\.yaml, \/bin\/k\.sh are of 2\.27$/],
  ['2.3 is not 2.30', judgeRelease('2.2', of27), 'no', /are of 2\.27$/],
  [
    'files that contradict each other',
    judgeRelease('2.31', 'file /etc/k.yaml\nstaticPodPath: "/'),
    'ok',
    /k\.yaml are of no one release$/,
  ],
  ['a master that is not kubespray’s', judgeRelease('2.31', ''), 'ok', /no files of kubespray/],
]
for (const [name, finding, verdict, saw] of rows)
  test(`${name}: ${verdict}`, () => {
    assert.is(finding.ok, verdict === 'ok', finding.saw)
    assert.match(finding.saw, saw)
  })

const told: readonly (readonly [string, readyz: number, version: number, manifest: string, ok: boolean])[] = [
  ['anybody', 200, 200, '', true],
  ['nobody', 401, 401, '', false],
  ['whether it is ready alone, as by conditions', 200, 401, '', false],
  ['of no role', 403, 403, '', false],
  ['anybody, and is not ready', 500, 200, '', true],
  ['nothing, for it is down', 0, 0, '    - --anonymous-auth=true', true],
  ['unlooked, for it is down, and its manifest has the flag', 0, 0, '    - --anonymous-auth=False', false],
]
for (const [whom, readyz, version, manifest, ok] of told)
  test(`the API server tells ${whom}: ${ok ? 'fine' : 'refused, unless the variables say so'}`, () => {
    const answer = (status: number) =>
      status === 0
        ? ({ type: 'failed', reason: 'refused' } as const)
        : ({ type: 'answered', status, body: '', expected: true } as const)
    const pages = { '/readyz': answer(readyz), '/version': answer(version) }
    assert.is(judgeAnonymous(true, pages, manifest).ok, ok)
    assert.is(judgeAnonymous(false, pages, manifest).ok, true)
  })

const unlooked = { needed: [], byHost: [], notes: [] }
const programs: readonly (readonly [string, Seen, string, boolean, RegExp])[] = [
  ['are here', unlooked, '', true, /^v1\.33\.4 here already$/],
  ['are in the folder', { ...unlooked, needed: ['kubeadm'] }, '', true, /^kubeadm to be brought$/],
  [
    'would be fetched',
    { ...unlooked, needed: ['kubeadm'], notes: ['kubeadm v1.33.4 (arm64) would be fetched from https://x/k, 70.0 MB'] },
    '',
    true,
    /^kubeadm v1\.33\.4 \(arm64\) would be fetched/,
  ],
  ['can not be had', { ...unlooked, needed: ['kubeadm'], wrong: 'nobody listens there' }, '', false, /^nobody listens/],
  [
    'are fetched by the host, which does not get there',
    { ...unlooked, needed: ['kubeadm', 'kubectl'], byHost: ['kubeadm', 'kubectl'] },
    'kubeadm\tcurl: (6) Could not resolve host\nkubectl\t\n',
    false,
    /^kubeadm: the host can not fetch it: curl: \(6\)/,
  ],
  [
    'are fetched by the host, which has them already',
    { ...unlooked, byHost: [] },
    'kubeadm\tcurl: (6) Could not resolve host',
    true,
    /here already/,
  ],
  [
    'are fetched by the host, which does not come to an end with looking',
    { ...unlooked, needed: ['kubeadm', 'kubectl'], byHost: ['kubeadm', 'kubectl'] },
    'kubeadm\t\n',
    false,
    /^kubectl: the host can not fetch it: no answer in a minute$/,
  ],
]
for (const [how, seen, reach, ok, saw] of programs)
  test(`programs ${how}: ${ok ? 'fine' : 'refused'}`, () => {
    const finding = judgePrograms({ kubeVersion: '1.33.4' }, seen, reach)
    assert.is(finding.ok, ok)
    assert.match(finding.saw, saw)
  })

test('a host that fetches for itself is asked by its proxy, which stands in no argument', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-reach-'))
  writeFileSync(join(dir, 'curl'), '#!/bin/sh\necho "by $https_proxy, but $no_proxy" >&2\nexit 7\n', { mode: 0o755 })
  const proxies = { httpsProxy: 'http://me:secret@proxy:3128', noProxy: 'here' }
  const call = preflight({ kubeVersion: '1.33.4', from: 'host', names: ['kubeadm'], ...proxies })
  const { kind, args } = reachFact(paramsOf(call))
  const { run, env } = args as { readonly run: string; readonly env: Readonly<Record<string, string>> }
  assert.is(run.includes('secret'), false)
  assert.equal(kind.unseen, ['env'])
  const path = `${dir}:${process.env.PATH}`
  const said = execFileSync('sh', ['-c', run], { encoding: 'utf8', env: { PATH: path, ...env } })
  rmSync(dir, { recursive: true })
  assert.is(said, 'kubeadm\tby http://me:secret@proxy:3128, but here\n')
})

test('kubelets before 1.25 may be two minor versions older, later ones three', () => {
  assert.is(maySpeakTo('v1.24.9', '1.27.1'), false)
  assert.is(maySpeakTo('v1.24.9', '1.26.1'), true)
  assert.is(maySpeakTo('v1.25.0', '1.28.1'), true)
})

const view = smallCluster()
const checksOf = (call: ReturnType<typeof preflight>) => {
  const checks = call.role.checks?.({
    params: paramsOf(call),
    host: view.host('m1'),
    inventory: withGiven(view, [call]),
  } as never)
  return (checks ?? []).flatMap(check => (check ? [check] : []))
}

test('what is skipped is not looked at, and nothing of kubeadm where it made no masters', () => {
  const kubeVersion = '1.31.2'
  assert.is(checksOf(preflight({ kubeVersion, etcdDeployment: 'kubeadm' })).length, 10)
  const names = checksOf(preflight({ kubeVersion, skip: ['images', 'kubelets'] })).map(({ name }) => name)
  assert.is(names.includes('images') || names.includes('kubelets of all nodes'), false)
  assert.is(checksOf(preflight({ kubeVersion, method: 'binaries' })).length, 5)
  assert.is(checksOf(preflight({ kubeVersion, method: 'binaries', kubesprayRelease: '2.28' })).length, 6)
})

const hex = 'a'.repeat(64)
const lookups: readonly (readonly [name: string, machine: string, folder: string, ok: boolean, saw: RegExp])[] = [
  ['has it', `x86_64\n${hex}  /opt/kubernetes/v1.33.4/bin/kubeadm`, '', true, /^v1\.33\.4 here already$/],
  ['gets it from the folder', 'x86_64', 'v1.33.4', true, /^kubeadm to be brought$/],
  ['gets none that proves right', 'x86_64', '', false, /kubeadm \(amd64\).*one that comes by http proves nothing/],
  ['says nothing that can be read', '', '', true, /^kubeadm to be brought$/],
]
for (const [name, machine, folder, ok, saw] of lookups)
  test(`programs are looked for beside the host, which ${name}`, async () => {
    const source = mkdtempSync(join(tmpdir(), 'rota-beside-'))
    if (folder !== '') {
      mkdirSync(join(source, folder))
      writeFileSync(join(source, folder, 'kubeadm'), '#!/bin/sh\n')
    }
    const call = preflight({ kubeVersion: '1.33.4', names: ['kubeadm'], source, site: 'http://127.0.0.1:1' })
    const check = checksOf(call).find(each => each.name === 'programs')
    if (check?.type !== 'host') throw new Error('there is no check of programs')
    const [own, machineFact, reach] = check.facts as [FactRequest, FactRequest, FactRequest]
    const seen = factTable([own, answered('')], [machineFact, answered(machine)], [reach, answered('')])
    const finding = check.judge(seen, await check.beside?.(seen))
    rmSync(source, { recursive: true })
    assert.equal([finding.ok, saw.test(finding.saw)], [ok, true], finding.saw)
  })

// The shell that is sent, on this machine: a folder of a master's, with certificates of which one has ended.
const dir = mkdtempSync(join(tmpdir(), 'rota-preflight-'))
test.after(() => rmSync(dir, { recursive: true }))
const sent = (name: string, shell: string, changed = (run: string) => run, kubeVersion = '1.31.2'): string => {
  const check = checksOf(
    preflight({ kubeVersion, kubeConfigDir: dir, manifestDir: dir, criSocket: '/nowhere/it.sock' }),
  ).find(each => each.name === name)
  if (check === undefined) throw new Error(`there is no check ${name}`)
  const [{ run }] = check.facts.map(({ args }) => args) as [{ readonly run: string }]
  return execFileSync(shell, ['-c', changed(run)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trimEnd()
}

for (const shell of ['sh', 'bash'])
  test(`what a host says of itself is read under ${shell}`, () => {
    mkdirSync(join(dir, 'pki'), { recursive: true })
    const crt = join(dir, 'pki', 'apiserver.crt')
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=x',
        '-days',
        '3',
        '-keyout',
        '/dev/null',
        '-out',
        crt,
      ],
      { stdio: 'ignore' },
    )
    const data = execFileSync('base64', ['-w0', crt], { encoding: 'utf8' })
    writeFileSync(join(dir, 'admin.conf'), `users:\n- user:\n    client-certificate-data: ${data}\n`)
    const told = judgeCertificates(sent('certificates', shell), 7)
    assert.match(
      told.warnings?.[0] ?? '',
      /^\S+\/apiserver\.crt ends in [23] days, \S+\/admin\.conf ends in [23] days: renew/,
    )
    assert.match(sent('the container runtime', shell), /^endpoint \/nowhere\/it\.sock\nsocket absent/m)
    writeFileSync(join(dir, 'kube-apiserver.yaml'), '    image: kube/kube-apiserver:v1.30.1\n')
    assert.match(sent('images', shell), /^kube\/kube-apiserver:v1\.31\.2\tunknown$/)
    assert.match(sent('images', shell, undefined, '1.31.2+a'), /^kube\/kube-apiserver:v1\.31\.2_a\tunknown$/)
    mkdirSync(join(dir, 'pods', 'kube-system_kube-proxy-x_1'), { recursive: true })
    assert.match(
      sent('images', shell, run => run.replace('/var/log/pods', join(dir, 'pods'))),
      /^kube\/kube-apiserver:v1\.31\.2\tunknown\nkube\/kube-proxy:v1\.31\.2\tunknown$/,
    )
    assert.match(sent('cgroups', shell), /^v[12]/)
  })

test('a new master that can not have what the others read is refused before any of them is touched', () => {
  const call = preflight({ kubeVersion: '1.31.2' })
  const absent = { type: 'absent' } as PathFact
  const served = `    - --admission-control-config-file=/srv/a.yaml
    volumeMounts:
    - mountPath: /srv/a.yaml
      name: a
  volumes:
  - hostPath:
      path: /srv/a.yaml
    name: a
# entries
other 640 0 0 root root 1 - /srv/a.yaml /srv/a.yaml`
  const there = { type: 'file', mode: '0600', size: 1 } as unknown as PathFact
  const seen = (apiServer: PathFact, stdout: string) => ({ apiServer, files: answered(stdout), kubeVip: answered('') })
  const peers = new Map([
    ['m1', seen(there, served)],
    ['m2', seen(absent, '')],
  ])
  const tasksOn = (name: string, more: { readonly skip?: readonly string[] } = {}) => {
    const made = { ...(paramsOf(call) as object), ...more }
    const context = { params: made, host: view.host(name), inventory: withGiven(view, [call]), peers }
    return [call.role.tasks(context as never)].flat(9).filter(Boolean) as unknown as readonly Task[]
  }
  const [task, ...others] = tasksOn('m2')
  assert.is(others.length, 0)
  const plan = task?.kind.plan(task.args, factTable([facts.path({ path: '/srv/a.yaml', sha256: true }), absent]), {
    changed: false,
    diff: false,
  })
  assert.match(plan?.refused ?? '', '/srv/a.yaml is neither a file nor a directory')
  assert.equal(tasksOn('m1'), [])
  assert.equal(tasksOn('m2', { skip: ['files'] }), [])
})

test.run()
