import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../../engine/facts/fact.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { bringFiles } from '../../../../roles/control-plane/kubeadm/neighbour/bring.ts'
import {
  hasKubeVip,
  kubeVipFact,
  readKubeVip,
  withOwnNode,
} from '../../../../roles/control-plane/kubeadm/neighbour/kube-vip.ts'
import { readListing } from '../../../../roles/control-plane/kubeadm/neighbour/listing.ts'
import { foreignNodeAddresses, withOwnValues } from '../../../../roles/control-plane/kubeadm/neighbour/own-values.ts'
import { hasFilesOfMasters } from '../../../../roles/control-plane/kubeadm/neighbour/step.ts'
import { neighbourOf } from '../../../../roles/control-plane/kubeadm/neighbour/wanted.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { writeBeside } from '../../../../roles/control-plane/write-beside.ts'
import { host as hostOf, inventory, smallCluster } from '../../support/inventory.ts'
import { localHosts } from '../../support/local-hosts.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf, titlesOf } from '../../support/role.ts'

const cluster = smallCluster()
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', etcdDeployment: 'external', kubeVersion: 'v1.30.1', ...more }))

/** A manifest as kubeadm writes it. */
const manifest = (
  name: string,
  flags: readonly string[],
  mounts: readonly (readonly [host: string, options?: { in?: string; type?: string; writable?: boolean }])[],
): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
  - command:
    - ${name}
${flags.map(flag => `    - ${flag}\n`).join('')}    image: registry.k8s.io/${name}:v1.30.1
    volumeMounts:
${mounts.map(([host, { in: inside = host, writable = false } = {}], index) => `    - mountPath: ${inside}\n      name: v${index}\n${writable ? '' : '      readOnly: true\n'}`).join('')}  hostNetwork: true
  volumes:
${mounts.map(([host, { type = '' } = {}], index) => `  - hostPath:\n      path: ${host}\n      type: ${type === '' ? '""' : type}\n    name: v${index}\n`).join('')}status: {}
`

const entry = (path: string, more: { type?: string; size?: number; real?: string; sum?: string } = {}): string => {
  const { type = 'file', size = 10, real = path, sum = 'a'.repeat(64) } = more
  return `${type} 640 0 0 root root ${size} ${type === 'file' ? sum : '-'} ${path} ${real}`
}
const said = (manifests: string, entries: readonly string[]): string =>
  `${manifests}\n# entries\n${entries.join('\n')}\n`
const dir = '/etc/kubernetes'
const certificates = [`${dir}/ssl`, { type: 'DirectoryOrCreate' }] as const

const cases: readonly (readonly [
  string,
  manifests: string,
  entries: readonly string[],
  wanted: readonly string[],
  lacking?: RegExp,
])[] = [
  [
    'the files of flags beneath a directory of certificates, and none that kubeadm makes',
    manifest(
      'kube-apiserver',
      [
        `--client-ca-file=${dir}/ssl/ca.crt`,
        `--encryption-provider-config=${dir}/ssl/secrets_encryption.yaml`,
        `--etcd-certfile=/etc/ssl/etcd/ssl/node-m1.pem`,
        `--service-account-key-file=${dir}/ssl/sa.pub`,
        `--tls-cert-file=${dir}/ssl/apiserver.crt`,
      ],
      [certificates, ['/etc/ssl/etcd/ssl', { type: 'DirectoryOrCreate' }]],
    ),
    [
      entry(`${dir}/ssl`, { type: 'directory' }),
      ...['ca.crt', 'secrets_encryption.yaml', 'sa.pub', 'apiserver.crt'].map(name => entry(`${dir}/ssl/${name}`)),
      entry('/etc/ssl/etcd/ssl/node-m1.pem'),
    ],
    [`${dir}/ssl/secrets_encryption.yaml`],
  ],
  [
    'a volume that is a file',
    manifest(
      'kube-scheduler',
      [`--config=${dir}/kubescheduler-config.yaml`, `--kubeconfig=${dir}/scheduler.conf`],
      [[`${dir}/kubescheduler-config.yaml`], [`${dir}/scheduler.conf`, { type: 'FileOrCreate' }]],
    ),
    [entry(`${dir}/kubescheduler-config.yaml`), entry(`${dir}/scheduler.conf`)],
    [`${dir}/kubescheduler-config.yaml`],
  ],
  [
    'a directory with what is in it, also where a flag has another path of it',
    manifest(
      'kube-apiserver',
      [`--admission-control-config-file=${dir}/admission-controls.yaml`],
      [[`${dir}/admission-controls`, { in: dir, type: 'DirectoryOrCreate', writable: true }]],
    ),
    [
      entry(`${dir}/admission-controls`, { type: 'directory' }),
      entry(`${dir}/admission-controls/admission-controls.yaml`),
      entry(`${dir}/admission-controls/podsecurity.yaml`),
    ],
    [
      `${dir}/admission-controls`,
      `${dir}/admission-controls/admission-controls.yaml`,
      `${dir}/admission-controls/podsecurity.yaml`,
    ],
  ],
  [
    'neither authorities of the system nor logs',
    manifest(
      'kube-apiserver',
      ['--audit-log-path=/var/log/audit/kube.log', '--audit-webhook-config-file=/srv/audit/hook.yaml'],
      [
        ['/etc/ssl/certs', { type: 'DirectoryOrCreate' }],
        ['/usr/share/ca-certificates'],
        ['/etc/pki/tls'],
        ['/var/log/audit', { writable: true }],
        ['/srv/logs', { writable: true }],
        ['/srv/audit', { type: 'DirectoryOrCreate' }],
      ],
    ),
    [
      ...['/etc/ssl/certs', '/usr/share/ca-certificates', '/etc/pki/tls', '/var/log/audit', '/srv/logs'].map(path =>
        entry(path, { type: 'directory' }),
      ),
      entry('/var/log/audit/kube.log'),
      entry('/srv/audit', { type: 'directory' }),
      entry('/srv/audit/hook.yaml'),
    ],
    ['/srv/audit/hook.yaml'],
  ],
  [
    'a single authority of the system that a flag names',
    manifest(
      'kube-apiserver',
      ['--oidc-ca-file=/etc/ssl/certs/corporate.pem'],
      [['/etc/ssl/certs', { type: 'DirectoryOrCreate' }]],
    ),
    [entry('/etc/ssl/certs/corporate.pem')],
    ['/etc/ssl/certs/corporate.pem'],
  ],
  [
    'certificates of further names, two in a flag',
    manifest(
      'kube-apiserver',
      ['--tls-sni-cert-key=/srv/a.crt,/srv/a.key:a.example.org'],
      [['/srv/a.crt'], ['/srv/a.key']],
    ),
    [entry('/srv/a.crt'), entry('/srv/a.key')],
    ['/srv/a.crt', '/srv/a.key'],
  ],
  [
    'no link out of the directory, no socket, nothing that is too long',
    manifest('kube-apiserver', [], [['/srv/link.yaml'], ['/srv/kms.sock'], ['/srv/long.yaml']]),
    [
      entry('/srv/link.yaml', { real: '/home/somebody/x' }),
      entry('/srv/kms.sock', { type: 'other' }),
      entry('/srv/long.yaml', { size: 2_000_000, sum: '-' }),
    ],
    [],
    /link\.yaml is a link to \/home\/somebody\/x .*kms\.sock is neither a file nor a directory .*long\.yaml has 2000000 bytes/,
  ],
  [
    'no path that leads elsewhere',
    manifest('kube-apiserver', [], [['/srv/../root/.ssh/id_rsa'], ['/srv/$(reboot)']]),
    [],
    [],
    /\/srv\/\.\.\/root\/\.ssh\/id_rsa is no path that is copied .*\/srv\/\$\(reboot\) is no path/,
  ],
  [
    'patches of kubeadm',
    '',
    [entry(`${dir}/patches`, { type: 'directory' }), entry(`${dir}/patches/kube-apiserver+merge.yaml`)],
    [`${dir}/patches`, `${dir}/patches/kube-apiserver+merge.yaml`],
  ],
  [
    "kubespray's kubelet",
    '# resolvConf: "/run/systemd/resolve/resolv.conf"',
    [
      entry(`${dir}/kubelet.env`),
      entry(`${dir}/kubelet-config.yaml`),
      entry('/etc/systemd/system/kubelet.service'),
      entry('/usr/local/bin/k8s-certs-renew.sh'),
    ],
    [
      '/etc/kubernetes/kubelet-config.yaml',
      `${dir}/kubelet.env`,
      '/etc/systemd/system/kubelet.service',
      '/usr/local/bin/k8s-certs-renew.sh',
    ],
    /resolv\.conf is the resolvConf of the other kubelets/,
  ],
  ["not a kubelet that is kubeadm's own", '', [entry('/etc/systemd/system/kubelet.service')], []],
]
for (const [name, manifests, entries, wanted, lacking] of cases)
  test(`a new master gets: ${name}`, () => {
    const found = neighbourOf(said(manifests, entries), params())
    assert.equal(
      found.wanted.map(item => item.entry.path),
      [...wanted].sort(),
    )
    const reasons = found.lacking.map(({ path, reason }) => `${path} ${reason}`).join(' ')
    if (lacking === undefined) assert.is(reasons, '')
    else assert.match(reasons, lacking)
  })

const config = `apiServer:
  extraArgs:
    audit-policy-file: /etc/kubernetes/audit-policy/policy.yaml
    encryption-provider-config: /etc/kubernetes/ssl/secrets_encryption.yaml
  extraVolumes:
  - hostPath: /etc/kubernetes/audit-policy
    mountPath: /etc/kubernetes/audit-policy
    name: audit-policy
certificatesDir: /etc/kubernetes/ssl
etcd:
  external:
    caFile: /etc/ssl/etcd/ssl/ca.pem
scheduler:
  extraArgs:
  - name: config
    value: /etc/kubernetes/kubescheduler-config.yaml
  extraVolumes:
  - hostPath: /etc/kubernetes/kubescheduler-config.yaml
    mountPath: /etc/kubernetes/kubescheduler-config.yaml
    name: kubescheduler-config
    readOnly: true
`
test('what the configuration of the cluster names and nobody has is told', () => {
  const { wanted, lacking } = neighbourOf(said('', [entry(`${dir}/ssl/secrets_encryption.yaml`)]), params(), { config })
  assert.equal(
    wanted.map(item => item.entry.path),
    [`${dir}/ssl/secrets_encryption.yaml`],
  )
  assert.equal(lacking.map(({ path }) => path).sort(), [
    '/etc/kubernetes/audit-policy',
    '/etc/kubernetes/audit-policy/policy.yaml',
    '/etc/kubernetes/kubescheduler-config.yaml',
  ])
})
test('what the role writes itself is not copied', () => {
  const named = manifest(
    'kube-apiserver',
    [`--encryption-provider-config=${dir}/encryption.yaml`],
    [[`${dir}/encryption.yaml`]],
  )
  const output = said(named, [entry(`${dir}/encryption.yaml`)])
  assert.is(neighbourOf(output, params()).wanted.length, 1)
  assert.is(neighbourOf(output, params(), { made: [`${dir}/encryption.yaml`] }).wanted.length, 0)
})
test('lines that are no answer are left out', () =>
  assert.equal(readListing('x\n# entries\nfile 640 0 0 root root 1 zz /a /a\nnonsense\n\n').entries, []))

test('values of a host are replaced whole', () => {
  const from = { ip: '10.0.0.2', address: '10.0.0.2', node: 'master-1' }
  const to = { ip: '10.0.0.9', address: '10.0.0.9', node: 'master-9' }
  const env =
    'A="--node-ip=10.0.0.2"\nB="--hostname-override=master-1"\nC="--x=10.0.0.21:1 master-1 110.0.0.2"\naddress: 10.0.0.2\nport: 10.0.0.2:10250\n'
  assert.is(
    withOwnValues(env, from, to),
    'A="--node-ip=10.0.0.9"\nB="--hostname-override=master-9"\nC="--x=10.0.0.21:1 master-1 110.0.0.2"\naddress: 10.0.0.9\nport: 10.0.0.9:10250\n',
  )
  assert.equal(foreignNodeAddresses('"--node-ip=10.0.0.9,fd00::2"', to), ['fd00::2'])
})

const absent: PathFact = { type: 'absent' }
const file = (sha256: string): PathFact => ({
  ...{ type: 'file', mode: '0600', owner: 'root', group: 'root', uid: 0, gid: 0, size: 1, modified: 1, sha256 },
})
const scheduler = said(manifest('kube-scheduler', [], [[`${dir}/kubescheduler-config.yaml`]]), [
  entry(`${dir}/kubescheduler-config.yaml`),
])
const output = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })
const peersWith = (files: string, own: PathFact = absent, kubeVip = '') =>
  new Map([
    ['m1', { apiServer: file(''), files: output(files), kubeVip: output(kubeVip) }],
    ['m2', undefined],
    ['m3', { apiServer: own, files: output(''), kubeVip: output('') }],
  ]) as never
const planned = (files: string, own: PathFact, host: PathFact = absent, kubeVip = '') => {
  const [check, step] = hasFilesOfMasters(params(), cluster.host('m3'), peersWith(files, host, kubeVip), cluster)
  if (check === undefined || step === undefined || !('kind' in check) || !('facts' in step)) return undefined
  const table = factTable(...check.kind.facts(check.args, {} as never).map(request => [request, own] as const))
  const plan = check.kind.plan(check.args, table, { changed: false, diff: false })
  return { refused: plan?.refused, needed: step.needed(table) }
}
test('a check run tells what would be copied', () => {
  assert.is(planned(scheduler, absent)?.needed, `${dir}/kubescheduler-config.yaml of m1`)
  assert.is(planned(scheduler, file('b'))?.needed, `${dir}/kubescheduler-config.yaml of m1`)
  assert.is(planned(scheduler, file('a'.repeat(64)))?.needed, false)
})

const kubelet = ['kubelet.env', 'kubelet-config.yaml'].map(name => entry(`${dir}/${name}`))
const withKubelet = said(manifest('kube-scheduler', [], [[`${dir}/kubescheduler-config.yaml`]]), [
  entry(`${dir}/kubescheduler-config.yaml`),
  ...kubelet,
])
for (const [name, sockets, expected] of [
  ['all have one runtime', {}, 'kubelet-config.yaml, kubelet.env, kubescheduler-config.yaml of m1'],
  [
    'another master has its runtime',
    { m2: '/run/c.sock', m3: 'unix:///var/run/c.sock' },
    'kubelet-config.yaml, kubelet.env, kubescheduler-config.yaml of m2',
  ],
  ['no master has its runtime', { m3: '/run/c.sock' }, 'kubescheduler-config.yaml of m1'],
] as const)
  test(`files of a kubelet come from a master with the same container runtime: ${name}`, () => {
    const socketOf = (host: string) => (sockets as Readonly<Record<string, string>>)[host] ?? '/run/docker.sock'
    const view = inventory(
      ['m1', 'm2', 'm3'].map((host, index) =>
        hostOf(host, `10.0.0.${index + 1}`, ['kube_control_plane'], { cri_socket: socketOf(host) }),
      ),
    )
    const seen = { apiServer: file(''), files: output(withKubelet), kubeVip: output('') }
    const peers = new Map<string, unknown>([
      ['m1', seen],
      ['m2', seen],
      ['m3', { ...seen, apiServer: absent, files: output('') }],
    ]) as never
    const [, step] = hasFilesOfMasters(params(), view.host('m3'), peers, view)
    assert.ok(step !== undefined && 'facts' in step)
    const table = factTable(...Object.values(step.facts).map(request => [request, absent] as const))
    assert.is(String(step.needed(table)).replaceAll(`${dir}/`, ''), expected)
  })

test('a master is asked nothing', () => assert.is(planned(scheduler, absent, file('')), undefined))
test('what can not be copied is refused before anything is changed, where the host has none', () => {
  const output = said(manifest('kube-apiserver', [], [['/srv/kms.sock']]), [entry('/srv/kms.sock', { type: 'other' })])
  assert.match(
    planned(output, absent)?.refused ?? '',
    '/srv/kms.sock is neither a file nor a directory (a volume of /srv/kms.sock): put it on this host first, as m1 has it',
  )
  assert.is(planned(output, { ...file(''), type: 'socket' } as never)?.refused, undefined)
})

const vip = (interfaces: string, more: readonly string[] = []): string => `apiVersion: v1
kind: Pod
metadata:
  name: kube-vip
spec:
  containers:
  - args:
    - manager
    env:
    - name: port
      value: "6443"
    - name: vip_nodename
      value: m1
    - name: vip_interface
      value: "${interfaces}"
${more.map(line => `    ${line}\n`).join('')}    - name: address
      value: "10.0.0.100"
    volumeMounts:
    - mountPath: /etc/kubernetes/admin.conf
      name: kubeconfig
  volumes:
  - hostPath:
      path: /etc/kubernetes/super-admin.conf
    name: kubeconfig
status: {}
`
const bgp = ['- name: bgp_peerpass', '  value: "s3cret"', '- name: bgp_routerid', '  value: "10.0.0.1"']
const toldOf = (text: string): string => {
  const dir = mkdtempSync(join(tmpdir(), "rota-vip's-"))
  writeFileSync(join(dir, 'kube-vip.yml'), text)
  const { run } = kubeVipFact({ manifestDir: dir }).args as { readonly run: string }
  const told = execFileSync('sh', ['-c', run], { encoding: 'utf8' })
  rmSync(dir, { recursive: true })
  return told.trimEnd()
}

test('of kube-vip is told what another master must have, and no password', () => {
  assert.is(toldOf(vip('eth0', bgp)), 'there\nbgp_routerid 10.0.0.1\nvip_interface eth0')
  assert.equal(readKubeVip(toldOf(vip('eth0'))), { interfaces: ['eth0'], own: [] })
  assert.equal(readKubeVip('there\nvip_interface $(x)'), { interfaces: [], own: [] })
  assert.is(readKubeVip(''), undefined)
})

test('a new master that can not have the kube-vip of the others is refused before it joins', () => {
  assert.is(planned(scheduler, absent, absent, 'there')?.needed, `${dir}/kubescheduler-config.yaml of m1`)
  assert.is(planned(scheduler, file('b'), absent, 'there\nvip_interface eth0')?.refused, undefined)
  assert.match(
    planned(scheduler, absent, absent, 'there\nvip_interface eth0\nbgp_routerid 10.0.0.1')?.refused ?? '',
    `${dir}/manifests/kube-vip.yml of m1 has the interface eth0, which this host has not and bgp_routerid of that host alone`,
  )
})

// Who has kube-vip, what is on m3, and which manifest it gets, of whom; nothing where there is no such step.
const of = (name: string): string => `${dir}/manifests/kube-vip.yml of ${name}`
const eth0 = 'there\nvip_interface eth0'
const given: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
  readonly string[],
  string | false | undefined,
])[] = [
  ['of the first other that has it', { m1: '', m2: eth0, m3: '' }, ['/sys/class/net/eth0'], of('m2')],
  ['also where the join has ended and it came no more', { m1: 'there', m3: '' }, [], of('m1')],
  ['not where it has one', { m1: 'there', m3: '' }, [`${dir}/manifests/kube-vip.yml`], false],
  ['not where it has one of another name', { m1: 'there', m3: '' }, [`${dir}/manifests/kube-vip.yaml`], false],
  ['not without its interface', { m1: eth0, m3: '' }, [], false],
  ['not one of that host alone', { m1: 'there\nbgp_routerid 10.0.0.1', m3: '' }, [], false],
  ['not where nobody else has it', { m1: '', m3: 'there' }, [], undefined],
]
const kubeVipStep = (seen: Readonly<Record<string, string>>) => {
  const peers = Object.entries(seen).map(([name, said]) => [name, { kubeVip: output(said) }] as const)
  return hasKubeVip(params(), cluster.host('m3'), new Map([['m4', undefined], ...peers]) as never, 'm3')
}
for (const [name, seen, there, expected] of given)
  test(`a master gets kube-vip ${name}`, () => {
    const step = kubeVipStep(seen)
    const table = Object.values(step?.facts ?? {}).map(request => {
      const { path } = request.args as { readonly path: string }
      return [request, there.includes(path) ? file('') : absent] as const
    })
    assert.is(step?.needed(factTable(...table)), expected)
  })

test('the pod of the virtual address comes last of all: until then the master could serve nobody there', () => {
  const seen = { apiServer: absent, files: output(''), kubeVip: output('there') }
  const peers = new Map(['m1', 'm3'].map(name => [name, seen]))
  const call = controlPlane({ kubeVersion: '1.30.4' })
  assert.is(titlesOf(call, cluster.host('m3'), cluster, { peers }).at(-1), 'kube-vip as the other masters have it')
  assert.not.ok(titlesOf(call, cluster.host('m3'), cluster).includes('kube-vip as the other masters have it'))
})

test('the kube-vip of another master has the name of its own node, and its own credentials', () => {
  const made = withOwnNode(vip('eth0'), 'm3')
  assert.is(made, vip('eth0').replace('value: m1', 'value: "m3"').replace('super-admin.conf', 'admin.conf'))
})

test('kube-vip goes from master to master, for root and its group alone', async () => {
  const root = '/root-of-the-host'
  const hosts = localHosts(root, '')
  const m3 = join(hosts.dirOf('m3'), 'manifests')
  for (const name of ['m1', 'm3']) mkdirSync(join(hosts.dirOf(name), 'manifests'))
  writeFileSync(join(hosts.dirOf('m1'), 'manifests/kube-vip.yml'), vip('eth0', bgp))
  const peers = new Map([['m1', { kubeVip: output('there') }]]) as never
  const step = hasKubeVip({ manifestDir: `${root}/manifests` }, cluster.host('m3'), peers, 'm3')
  await step?.run({
    ...{ $: hosts.on('m3'), on: hosts.on, host: cluster.host('m3'), inventory: cluster },
    ...{ say: () => {}, ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
  })
  assert.match(readFileSync(join(m3, 'kube-vip.yml'), 'utf8'), /vip_nodename\n +value: "m3"\n/)
  assert.is(statSync(join(m3, 'kube-vip.yml')).mode & 0o777, 0o640)
  assert.is(
    hosts.commands.some(({ text }) => text.includes('s3cret')),
    false,
  )
  hosts.end()
})
test('its manifest may hold a password, and is in nobody’s output', async () => {
  const { context, commands } = remote(() => vip('eth0', bgp))
  await kubeVipStep({ m1: 'there' })?.run({ ...context, host: cluster.host('m3'), inventory: cluster })
  assert.ok(commands.length > 0 && commands.every(({ secret }) => secret === true))
})

test('a file that is cut while it is written leaves nothing beside it, and nothing a kubelet would read meanwhile', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-beside-'))
  const path = join(dir, 'kube-vip.yml')
  const child = spawn('sh', ['-euc', writeBeside(path).text], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.write('half')
  while (readdirSync(dir).length === 0) await sleep(10)
  assert.match(readdirSync(dir).join(), /^\.kube-vip\.yml\.\w{6}$/)
  child.kill('SIGTERM')
  child.stdin.end()
  await once(child, 'exit')
  assert.equal(readdirSync(dir), [])
  rmSync(dir, { recursive: true })
})

/** m3 gets what m1 has, for real, in folders of this machine. */
async function brought(
  make: (m1: string, m3: string) => void,
  more: Partial<Params> = {},
  inventory = cluster,
): Promise<{ readonly result: string; readonly m3: string; readonly words: string; readonly end: () => void }> {
  const root = '/root-of-the-host'
  const bin = mkdtempSync(join(tmpdir(), 'rota-bin-'))
  writeFileSync(join(bin, 'systemctl'), '#!/bin/sh\n', { mode: 0o755 })
  const hosts = localHosts(root, bin)
  make(hosts.dirOf('m1'), hosts.dirOf('m3'))
  const at = params({ kubeConfigDir: root, manifestDir: `${root}/manifests`, binDir: `${root}/bin`, ...more })
  const context = { $: hosts.on('m3'), on: hosts.on, host: inventory.host('m3'), inventory }
  const result = await bringFiles(context, at, inventory.host('m1')).then(
    value => value.brought.map(path => path.slice(root.length)).join(' '),
    (error: Error) => error.message,
  )
  const end = () => {
    hosts.end()
    rmSync(bin, { recursive: true })
  }
  return { result, m3: hosts.dirOf('m3'), words: hosts.commands.map(({ text }) => text).join('\n'), end }
}
const secret = 'secret: bm9ib2R5IHNob3VsZCBzZWUgdGhpcw=='
const kubespray = (m1: string): void => {
  for (const name of ['manifests', 'ssl', 'bin', 'audit']) mkdirSync(join(m1, name))
  writeFileSync(
    join(m1, 'manifests/kube-apiserver.yaml'),
    manifest(
      'kube-apiserver',
      [`--client-ca-file=${m1}/ssl/ca.crt`, `--encryption-provider-config=${m1}/ssl/secrets_encryption.yaml`],
      [[`${m1}/ssl`, { type: 'DirectoryOrCreate' }], [`${m1}/audit`]],
    ),
  )
  writeFileSync(join(m1, 'ssl/ca.crt'), 'ca')
  writeFileSync(join(m1, 'ssl/secrets_encryption.yaml'), secret, { mode: 0o640 })
  writeFileSync(join(m1, 'audit/policy.yaml'), 'kind: Policy', { mode: 0o644 })
  writeFileSync(join(m1, 'kubelet.env'), 'KUBELET_ADDRESS="--node-ip=10.0.0.1"\n"--hostname-override=m1"\n')
  writeFileSync(join(m1, 'kubelet-config.yaml'), 'address: 10.0.0.1\nprotectKernelDefaults: true\n')
}
test('files go from host to host with their modes, and no secret is in a list of words', async () => {
  const { result, m3, words, end } = await brought(kubespray)
  assert.is(result, '/audit/policy.yaml /kubelet-config.yaml /kubelet.env /ssl/secrets_encryption.yaml')
  assert.is(readFileSync(join(m3, 'ssl/secrets_encryption.yaml'), 'utf8'), secret)
  assert.is(statSync(join(m3, 'ssl/secrets_encryption.yaml')).mode & 0o777, 0o640)
  assert.is(
    readFileSync(join(m3, 'kubelet.env'), 'utf8'),
    'KUBELET_ADDRESS="--node-ip=10.0.0.3"\n"--hostname-override=m3"\n',
  )
  assert.is(readFileSync(join(m3, 'kubelet-config.yaml'), 'utf8'), 'address: 10.0.0.3\nprotectKernelDefaults: true\n')
  assert.not(existsSync(join(m3, 'ssl/ca.crt')))
  for (const text of [secret, Buffer.from(secret).toString('base64')]) assert.not.match(words, text)
  end()
})
test('what the host has of its kubelet it keeps; a directory that a runtime has made for a file gives way', async () => {
  const { result, m3, end } = await brought((m1, m3) => {
    kubespray(m1)
    mkdirSync(join(m3, 'ssl/secrets_encryption.yaml'), { recursive: true })
    writeFileSync(join(m3, 'kubelet.env'), 'mine')
  })
  assert.is(result, '/audit/policy.yaml /kubelet-config.yaml /ssl/secrets_encryption.yaml')
  assert.is(readFileSync(join(m3, 'kubelet.env'), 'utf8'), 'mine')
  assert.is(readFileSync(join(m3, 'ssl/secrets_encryption.yaml'), 'utf8'), secret)
  end()
})
test('files of a kubelet with another container runtime stay where they are', async () => {
  const socketOf = (name: string) => ({ cri_socket: name === 'm3' ? '/run/c.sock' : '/run/docker.sock' })
  const mixed = ['m1', 'm2', 'm3'].map((name, index) =>
    hostOf(name, `10.0.0.${index + 1}`, ['kube_control_plane'], socketOf(name)),
  )
  const { result, m3, end } = await brought(kubespray, {}, inventory(mixed))
  assert.is(result, '/audit/policy.yaml /ssl/secrets_encryption.yaml')
  assert.not(existsSync(join(m3, 'kubelet.env')))
  end()
})
test('a link that leads out of the directory is refused, and nothing is written', async () => {
  const { result, m3, end } = await brought((m1, m3) => {
    kubespray(m1)
    mkdirSync(m3, { recursive: true })
    rmSync(join(m1, 'audit/policy.yaml'))
    symlinkSync('/etc/hostname', join(m1, 'audit/policy.yaml'))
  })
  assert.match(result, /audit\/policy\.yaml is a link to \/etc\/hostname/)
  assert.not(existsSync(join(m3, 'kubelet.env')))
  end()
})

test.run()
