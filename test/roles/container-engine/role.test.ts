import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { artefactProblems, sourceOf } from '../../../roles/container-engine/artefacts.ts'
import { hostsToml } from '../../../roles/container-engine/hosts.toml.ts'
import type { Params, ProgramParams } from '../../../roles/container-engine/params.ts'
import { placed } from '../../../roles/container-engine/placed.ts'
import { containerEnginePrograms } from '../../../roles/container-engine/programs.ts'
import { restartReason } from '../../../roles/container-engine/restart.ts'
import { containerEngine, whyNot } from '../../../roles/container-engine/role.ts'
import { readSeen } from '../../../roles/container-engine/seen.ts'
import { host, inventory } from '../support/inventory.ts'
import { paramsOf, titlesOf } from '../support/role.ts'

const said = (version: string, more = '') => `kubelet yes
endpoint /run/containerd/containerd.sock
socket listening
kubelet-version 1.33.4
cgroup-driver systemd
containerd runs ${version}
containerd path /usr/local/bin/containerd
containerd version ${version}
config /etc/containerd/config.toml
crictl path /usr/local/bin/crictl
crictl version 1.32.0
${more}`

const titles = (
  call: ReturnType<typeof containerEngine>,
  stdout: string | undefined,
  peers = new Map(stdout === undefined ? [] : [['n1', { seen: { stdout }, machine: { stdout: 'x86_64' } }]]),
) => {
  const hosts = inventory([host('n1', '10.0.1.1', ['kube_node'])])
  return titlesOf(call, hosts.host('n1'), hosts, { peers })
}

const may = 'assert that the container engine can be what it is asked to be'
const restarts = 'the container engine runs as it is asked for'
for (const [name, call, stdout, expected] of [
  ['nothing is asked for', containerEngine({}), said('1.6.20'), []],
  ['no kubelet', containerEngine({ containerdVersion: '1.7.24' }), '', []],
  ['before it was asked', containerEngine({ containerdVersion: '1.7.24' }), undefined, [may, restarts]],
  [
    'containerd',
    containerEngine({ containerdVersion: '1.7.24' }),
    said('1.6.20'),
    [may, 'containerd 1.7.24 in /usr/local/bin', restarts],
  ],
  ['a tool drains nobody', containerEngine({ crictlVersion: '1.33.0' }), said('1.6.20'), [may, restarts]],
  [
    'beforehand, a tool in its place',
    containerEnginePrograms({ crictlVersion: '1.33.0', containerdVersion: '1.6.20' }),
    said('1.6.20'),
    [
      'directory /opt/kubernetes',
      'directory /opt/kubernetes/container-engine',
      'file /opt/kubernetes/container-engine/crictl-1.33.0/crictl',
      'crictl 1.33.0 in /usr/local/bin',
    ],
  ],
  [
    'a setting',
    containerEngine({ mirrors: [{ prefix: 'docker.io', mirrors: [{ host: 'https://m' }] }] }),
    said('1.6.20'),
    [
      may,
      'directory /etc/containerd/certs.d/docker.io',
      'file /etc/containerd/certs.d/docker.io/hosts.toml',
      'directory /etc/containerd',
      'file /etc/containerd/config.toml',
      restarts,
    ],
  ],
] as const)
  test(`tasks: ${name}`, () => assert.equal(titles(call as ReturnType<typeof containerEngine>, stdout), expected))

const paramsWith = (given: Parameters<typeof containerEngine>[0]) => paramsOf<Params>(containerEngine(given))
test('a cgroup driver that the kubelet has not is refused', () => {
  assert.match(whyNot(paramsWith({ systemdCgroup: false }), readSeen({ stdout: said('1.6.20') })) ?? '', /cgroupDriver/)
  assert.is(whyNot(paramsWith({ systemdCgroup: true }), readSeen({ stdout: said('1.6.20') })), undefined)
})
test('a newer configuration restarts where it was asked for', () => {
  const seen = readSeen({ stdout: said('1.6.20', 'newer\n') })
  assert.is(restartReason(paramsWith({}), seen), undefined)
  assert.match(restartReason(paramsWith({ systemdCgroup: true }), seen) ?? '', /is newer than the process$/)
})

const programs = (given: Parameters<typeof containerEnginePrograms>[0] = {}): ProgramParams =>
  paramsOf(containerEnginePrograms(given))
const amd64 = { name: 'x', arch: 'amd64' }
for (const [name, given, expected] of [
  [
    'as published',
    {},
    ['https://github.com/containerd/containerd/releases/download/v1.7.24/containerd-1.7.24-linux-amd64.tar.gz'],
  ],
  [
    'a mirror first',
    { filesRepo: 'http://m/', staticContainerd: true },
    [
      'http://m/github.com/containerd/containerd/releases/download/v1.7.24/containerd-static-1.7.24-linux-amd64.tar.gz',
      'https://github.com/containerd/containerd/releases/download/v1.7.24/containerd-static-1.7.24-linux-amd64.tar.gz',
    ],
  ],
  ['as it is named', { containerdUrl: 'https://own/c.tgz' }, ['https://own/c.tgz']],
] as const)
  test(`where containerd comes from: ${name}`, () =>
    assert.equal(sourceOf(programs(given), 'containerd', '1.7.24').urlsOf(amd64), expected))
test('its checksum is kubespray’s, and one that is none is refused', () => {
  const sum = 'a'.repeat(64)
  const of = (value: string) =>
    sourceOf(programs({ containerdChecksums: { amd64: { '1.7.24': value } } }), 'containerd', '1.7.24')
  assert.is(of(`sha256:${sum}`).givenSum(amd64)?.hex, sum)
  assert.is(of(`sha256:${sum}`).givenSum({ name: 'x', arch: 'arm64' }), undefined)
  assert.equal(artefactProblems(programs({ runcUrl: 'https://u:s3cret@[x' })), [
    'runc_download_url: "https://…@[x" is not an http(s) URL',
  ])
})

/** The task itself, with programs that are scripts, in a folder of this machine. */
function place({ breaks = false, refuses = false } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'rota-placed-'))
  const [bin, installDir] = [join(root, 'bin'), join(root, 'opt')]
  const next = join(installDir, 'container-engine/containerd-1.7.24/bin')
  mkdirSync(bin)
  mkdirSync(next, { recursive: true })
  const put = (path: string, text: string) => {
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
  }
  const programOf = (version: string) =>
    `case "$*" in --version) echo containerd x ${version} ;; *) ${refuses ? 'echo no >&2; exit 1' : 'exit 0'} ;; esac`
  for (const name of ['containerd', 'ctr']) put(join(bin, name), programOf('1.6.20'))
  put(join(next, 'ctr'), programOf('1.7.24'))
  put(join(next, 'containerd'), programOf(breaks ? '1.7.23' : '1.7.24'))
  const config = join(root, 'config.toml')
  writeFileSync(config, '')
  const params = { ...paramsWith({}), binDir: bin, installDir }
  const move = { part: 'containerd', from: '1.6.20', to: '1.7.24', by: 'program' } as const
  const { run, unless } = placed(params, move, 'containerd', config).args as { run: string; unless: string }
  const sh = (text: string) => spawnSync('sh', ['-c', text], { encoding: 'utf8' })
  return {
    run: () => sh(run),
    isThere: () => sh(unless).status === 0,
    read: (name: string) => readFileSync(join(root, name), 'utf8'),
    list: () => readdirSync(bin).sort(),
    half: () => rmSync(join(next, 'ctr')),
    root,
    done: () => rmSync(root, { recursive: true }),
  }
}
test('programs take the place of the old ones, which are kept; again there is nothing to do', () => {
  const it = place()
  assert.is(it.isThere(), false)
  assert.is(it.run().status, 0)
  assert.is(it.isThere(), true)
  assert.equal(it.list(), ['containerd', 'ctr'])
  for (const name of ['containerd', 'ctr']) {
    assert.match(it.read(`bin/${name}`), '1.7.24')
    assert.match(it.read(`opt/container-engine/containerd-1.6.20/bin/${name}`), '1.6.20')
  }
  it.done()
})
test('what was cut short is done again, and the copies of the old ones stay the old ones', () => {
  const it = place()
  // All but the one that tells the version is new already.
  it.run()
  writeFileSync(join(it.root, 'bin/containerd'), it.read('opt/container-engine/containerd-1.6.20/bin/containerd'))
  writeFileSync(join(it.root, 'bin/.ctr.rota-new'), 'half')
  assert.is(it.isThere(), false)
  assert.is(it.run().status, 0)
  assert.equal(it.list(), ['containerd', 'ctr'])
  assert.match(it.read('opt/container-engine/containerd-1.6.20/bin/ctr'), '1.6.20')
  it.done()
})
for (const [name, how, why] of [
  ['that is another version', { breaks: true }, 'does not say on this host that it is 1.7.24, but: 1.7.23'],
  ['that does not take the configuration', { refuses: true }, 'no'],
] as const)
  test(`nothing takes the place of anything: a program ${name}`, () => {
    const it = place(how)
    const { status, stderr } = it.run()
    assert.is.not(status, 0)
    assert.match(stderr, why)
    assert.match(it.read('bin/ctr'), '1.6.20')
    assert.match(it.read('bin/containerd'), '1.6.20')
    it.done()
  })

test('no value of a mirror ends its text, or its line', () => {
  const odd = `a"\\']#{`
  const mirrors = [{ host: 'https://m', ca: [odd], client: [[odd, odd]], header: { [odd]: odd } }]
  const plain = hostsToml({
    prefix: 'a',
    mirrors: [{ host: 'https://m', ca: ['a'], client: [['a', 'a']], header: { a: 'a' } }],
  })
  const made = hostsToml({ prefix: 'a', server: odd, mirrors })
  assert.is(made.replaceAll(JSON.stringify(odd), '"a"').replace('server = "a"', 'server = "https://a"'), plain)
})

test.run()
