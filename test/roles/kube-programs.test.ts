import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import { equal, is, match, not, throws } from 'uvu/assert'
import { runFromCommandLine } from '../../engine/cli/run.ts'
import { play, type Sum } from '../../engine/index.ts'
import { anyProgram, archIn, findProgram } from '../../roles/kube-binaries/cache.ts'
import { isEverywhere, machineFact, machineFrom, type Wants } from '../../roles/kube-binaries/lacking.ts'
import { newestKubeVersion } from '../../roles/kube-binaries/newest.ts'
import { givenSum, kubeSource, type Origins, originProblems, urlsOf } from '../../roles/kube-binaries/places.ts'
import { type Provision, providePrograms } from '../../roles/kube-binaries/provide.ts'
import { kubeBinaries } from '../../roles/kube-binaries/role.ts'
import { kubesprayInventory } from '../../roles/lib/cluster/kubespray-inventory.ts'
import { authority, cut, file, type Server, serve, text } from '../unit/web/server.ts'
import { paramsOf } from './support/role.ts'

const test = suite('programs of Kubernetes')
const trusted = authority()
process.env.SSL_CERT_FILE = trusted.ca
const base = mkdtempSync(join(tmpdir(), 'rota-programs-'))
process.env.XDG_STATE_HOME = join(base, 'state')
const servers: Server[] = []
test.after(() => {
  for (const server of servers) server.close()
  rmSync(base, { recursive: true })
  trusted.remove()
})

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')
const site = 'https://dl.k8s.io'
const origins = (more: Partial<Origins> = {}): Origins => ({ kubeVersion: '1.33.4', site, ...more })

const urls: readonly (readonly [string, Partial<Origins>, readonly string[]])[] = [
  ['the official place', {}, [`${site}/release/v1.33.4/bin/linux/arm64/kubeadm`]],
  ['kubespray’s variable for it', { site: 'https://m/k/' }, ['https://m/k/release/v1.33.4/bin/linux/arm64/kubeadm']],
  [
    'a mirror of kubespray’s files, asked first',
    { filesRepo: 'http://files' },
    [
      'http://files/dl.k8s.io/release/v1.33.4/bin/linux/arm64/kubeadm',
      `${site}/release/v1.33.4/bin/linux/arm64/kubeadm`,
    ],
  ],
  [
    'a URL that is named, and nothing else',
    { kubeadmUrl: 'https://m/kubeadm', filesRepo: 'http://f' },
    ['https://m/kubeadm'],
  ],
  ['mirrors that are named', { kubeadmUrl: ['https://a/k', 'https://b/k'] }, ['https://a/k', 'https://b/k']],
  // kubespray's template since 2.28, where the version was written with its v, and until then, where it was not.
  ['a v too many', { kubeadmUrl: 'https://m/release/vv1.33.4/kubeadm' }, ['https://m/release/v1.33.4/kubeadm']],
  ['a v too few', { kubeadmUrl: 'https://m/release/1.33.4/kubeadm' }, ['https://m/release/v1.33.4/kubeadm']],
]
for (const [name, given, expected] of urls)
  test(`where it comes from: ${name}`, () =>
    equal(urlsOf(origins(given), { name: 'kubeadm', arch: 'arm64' }), expected))

test('a program without a variable of its own is in the official layout', () =>
  equal(urlsOf(origins({ kubeadmUrl: 'https://m/kubeadm' }), { name: 'kube-proxy', arch: 'amd64' }), [
    `${site}/release/v1.33.4/bin/linux/amd64/kube-proxy`,
  ]))

const hex = 'a'.repeat(64)
const sums: readonly (readonly [string, unknown, string | undefined])[] = [
  ['as kubespray has them since 2.28', { arm64: { '1.33.4': `sha256:${hex}` } }, hex],
  ['as it had them until then', { arm64: { 'v1.33.4': hex } }, hex],
  ['none for the version', { arm64: { '1.33.5': hex } }, undefined],
  ['none for the architecture', { amd64: { '1.33.4': hex } }, undefined],
  ['0, which is none', { arm64: { 'v1.33.4': 0 } }, undefined],
]
for (const [name, kubeadmChecksums, expected] of sums)
  test(`checksums: ${name}`, () =>
    is(
      givenSum(origins({ kubeadmChecksums: kubeadmChecksums as never }), { name: 'kubeadm', arch: 'arm64' })?.hex,
      expected,
    ))

test('a checksum that is none is refused: no other one does for it', () => {
  const kubeadmChecksums = { arm64: { '1.33.4': 'a'.repeat(40) } }
  throws(
    () => givenSum(origins({ kubeadmChecksums }), { name: 'kubeadm', arch: 'arm64' }),
    'kubeadm_checksums: that of v1.33.4 for arm64 is no SHA-256 and no SHA-512',
  )
})

test('what is no URL is refused under the name of its variable', () =>
  equal(originProblems(origins({ filesRepo: 'ftp://u:s3cret@x', kubectlUrl: ['https://a/k', 'https://'] })), [
    'files_repo: "ftp://…@x" is not an http(s) URL',
    'kubectl_download_url: "https://" is not an http(s) URL',
  ]))

/** The first bytes of a program for a machine, by ELF's number of it. */
function elf(machine: number): Buffer {
  const head = Buffer.alloc(64, 1)
  head.write('\x7fELF', 'latin1')
  head[5] = 1
  head.writeUInt16LE(machine, 18)
  return head
}
const [amd64, arm64] = [62, 183]

function lay(path: string, content: Buffer | string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

let number = 0
const place = (): string => join(base, `${++number}`)

test('which machine a program is for is in its first bytes; a script is for all', () => {
  const dir = place()
  equal(
    [amd64, arm64, 9999].map(machine => archIn(lay(join(dir, `${machine}`), elf(machine)))),
    ['amd64', 'arm64', 'machine 9999'],
  )
  is(archIn(lay(join(dir, 'script'), '#!/bin/sh\n')), undefined)
})

test('of a folder in which an operator has laid some programs, the others are not there', async () => {
  const cache = place()
  const laid = lay(join(cache, 'v1.33.4/kubelet'), '#!/bin/sh\n')
  equal([anyProgram(cache, '1.33.4', 'kubelet'), anyProgram(cache, '1.33.4', 'kubeadm')], [laid, undefined])
})

test('in the folder: that of the architecture, else one that an operator has laid and that runs there', async () => {
  const cache = place()
  const find = async (arch: string, sum?: string) =>
    (await findProgram(cache, '1.33.4', { name: 'kubeadm', arch }, sum ? { algorithm: 'sha256', hex: sum } : undefined))
      .path
  const laid = lay(join(cache, 'v1.33.4/kubeadm'), elf(amd64))
  equal([await find('amd64'), await find('arm64')], [laid, undefined])
  is(await find('amd64', sha256(elf(amd64))), laid)
  is(await find('amd64', 'b'.repeat(64)), undefined)
  const fetched = lay(join(cache, 'v1.33.4/arm64/kubeadm'), elf(arm64))
  equal([await find('amd64'), await find('arm64')], [laid, fetched])
  // Its checksum was left beside it: half of it is not it.
  lay(`${fetched}.sha256`, `${sha256(elf(arm64))}  kubeadm\n`)
  is(await find('arm64'), fetched)
  writeFileSync(fetched, elf(arm64).subarray(0, 40))
  const found = await findProgram(cache, '1.33.4', { name: 'kubeadm', arch: 'arm64' }, undefined)
  is(found.path, undefined)
  match(found.notes[0] ?? '', `${fetched} is not used: it has the checksum`)
  writeFileSync(`${fetched}.sha256`, '')
  const { path, notes } = await findProgram(cache, '1.33.4', { name: 'kubeadm', arch: 'arm64' }, undefined)
  equal([path, notes], [undefined, [`${fetched} is not used: ${fetched}.sha256 holds no checksum`]])
})

test('the host says which machine it is and what it has', () => {
  const there = lay(join(place(), "kube'adm"), 'it')
  const { run } = machineFact([there, '/nope']).args as { run: string }
  const machine = machineFrom(execFileSync('sh', ['-c', run], { encoding: 'utf8' }))
  equal([...(machine?.sums ?? [])], [[there, sha256('it')]])
  is(machineFrom('aarch64\n')?.arch, 'arm64')
  is(machineFrom('x86_64')?.arch, 'amd64')
  is(machineFrom('$(reboot)\n'), undefined)
  is(machineFrom('constructor')?.arch, 'constructor')
})

test('what all hosts have is not fetched, unless a checksum says that it is another one', () => {
  const want = (host: string, has: readonly string[]): Wants => ({
    host,
    machine: { arch: 'amd64', sums: new Map(has.map(sum => ['/k', sum])) },
    names: ['kubeadm'],
  })
  const of = (hosts: readonly Wants[], sum?: string) =>
    isEverywhere(
      { name: 'kubeadm', arch: 'amd64', hosts },
      sum ? { algorithm: 'sha256', hex: sum } : undefined,
      () => '/k',
    )
  is(of([want('a', [hex]), want('b', [hex])]), true)
  is(of([want('a', [hex]), want('b', [])]), false)
  is(of([want('a', [hex])], hex), true)
  is(of([want('a', [hex])], 'b'.repeat(64)), false)
  const long: Sum = { algorithm: 'sha512', hex: 'a'.repeat(128) }
  is(
    isEverywhere({ name: 'kubeadm', arch: 'amd64', hosts: [want('a', [hex])] }, long, () => '/k'),
    false,
  )
})

// Programs of v1.33.4 for two architectures, by a server of the official layout.
const kubeadm = {
  amd64: Buffer.concat([elf(amd64), randomBytes(200_000)]),
  arm64: Buffer.concat([elf(arm64), randomBytes(200_000)]),
}
async function mirror(more: Readonly<Record<string, RequestListener>> = {}): Promise<Server> {
  const routes = Object.fromEntries(
    (['amd64', 'arm64'] as const).flatMap(arch => {
      const path = `/release/v1.33.4/bin/linux/${arch}/kubeadm`
      return [
        [path, file(kubeadm[arch])],
        [`${path}.sha256`, text(sha256(kubeadm[arch]))],
      ]
    }),
  )
  const server = await serve({ ...routes, ...more }, trusted)
  servers.push(server)
  return server
}

const wants = (hosts: Readonly<Record<string, string>>): readonly Wants[] =>
  Object.entries(hosts).map(([host, arch]) => ({ host, machine: { arch, sums: new Map() }, names: ['kubeadm'] }))

async function provide({ origins, ...more }: Partial<Provision> & { readonly origins: Origins }) {
  const said: string[] = []
  const provided = await providePrograms({
    source: kubeSource(origins),
    from: 'controller',
    wants: wants({ m1: 'amd64', m2: 'arm64', m3: 'amd64' }),
    pathOf: name => `/opt/${name}`,
    proxies: {},
    check: false,
    say: line => said.push(line),
    progress: () => {},
    ...more,
  })
  return { said, ways: Object.fromEntries(['m1', 'm2', 'm3'].map(host => [host, provided.wayOf(host, 'kubeadm')])) }
}

async function why(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it could be had')
}

test('each architecture is fetched once for all of its hosts, and is there the next time, without a word to anybody', async () => {
  const server = await mirror()
  const cache = place()
  const first = await provide({ origins: origins({ site: server.base }), cache })
  equal(first.ways, {
    m1: { kind: 'file', path: join(cache, 'v1.33.4/amd64/kubeadm') },
    m2: { kind: 'file', path: join(cache, 'v1.33.4/arm64/kubeadm') },
    m3: { kind: 'file', path: join(cache, 'v1.33.4/amd64/kubeadm') },
  })
  equal(readFileSync(join(cache, 'v1.33.4/arm64/kubeadm')), kubeadm.arm64)
  match(first.said.join('\n'), /kubeadm v1\.33\.4 \(arm64\) was fetched from https:.*200\.1 kB/)
  is(server.asked.filter(line => line.endsWith('/amd64/kubeadm')).length, 1)
  const asked = server.asked.length
  const second = await provide({ origins: origins({ site: server.base }), cache })
  equal([second.ways, second.said, server.asked.length], [first.ways, [], asked])
})

test('in check mode nothing is fetched: from where and how much is said', async () => {
  const server = await mirror()
  const cache = place()
  const { said, ways } = await provide({ origins: origins({ site: server.base }), cache, check: true })
  const from = `${server.base}/release/v1.33.4/bin/linux/amd64/kubeadm, 200.1 kB`
  equal(ways.m1, { kind: 'comes', from })
  is(said.includes(`kubeadm v1.33.4 (amd64) would be fetched from ${from}`), true)
  is(existsSync(cache), false)
  is(
    server.asked.some(line => line.startsWith('GET') && !line.endsWith('.sha256')),
    false,
  )
})

test('all that can not be had is said at once, for whom, why and what to do; what could be fetched is kept', async () => {
  const server = await mirror({ '/release/v1.33.4/bin/linux/arm64/kubeadm': cut(kubeadm.arm64.subarray(0, 9), 9) })
  const cache = place()
  const hosts: readonly Wants[] = wants({ m1: 'amd64', m2: 'arm64' }).map(want => ({
    ...want,
    names: ['kubeadm', 'kubectl'],
  }))
  const said = await why(provide({ origins: origins({ site: server.base }), cache, wants: hosts }))
  match(said, `programs of v1.33.4 are neither in ${cache} (kube_bin_cache) nor to be had`)
  match(said, /kubeadm \(arm64\) for m2: .* has the checksum/)
  match(said, /kubectl \(amd64\) for m1: .*answered 404/)
  match(said, /kubectl \(arm64\) for m2: .*answered 404/)
  not.match(said, 'kubeadm (amd64)')
  is(existsSync(join(cache, 'v1.33.4/amd64/kubeadm')), true)
  is(existsSync(join(cache, 'v1.33.4/arm64/kubeadm')), false)
})

test('a checksum that is given counts, also over plain http', async () => {
  const path = '/dl.k8s.io/release/v1.33.4/bin/linux/amd64/kubeadm'
  const plain = await serve({ [path]: file(kubeadm.amd64) })
  servers.push(plain)
  const one = { filesRepo: plain.base, site: plain.base }
  const kubeadmChecksums = { amd64: { '1.33.4': `sha256:${sha256(kubeadm.amd64)}` } }
  const to = { cache: place(), wants: wants({ m1: 'amd64' }) }
  match(await why(provide({ origins: origins(one), ...to })), 'comes by http proves nothing')
  is((await provide({ origins: origins({ ...one, kubeadmChecksums }), ...to })).ways.m1?.kind, 'file')
})

test('hosts that fetch for themselves are told from where, and with which checksum', async () => {
  const kubeadmChecksums = { amd64: { '1.33.4': hex } }
  const { ways } = await provide({ origins: origins({ kubeadmChecksums }), cache: place(), from: 'host' })
  equal(ways.m1, { kind: 'host', urls: [`${site}/release/v1.33.4/bin/linux/amd64/kubeadm`], sha256: hex })
  equal(ways.m2, { kind: 'host', urls: [`${site}/release/v1.33.4/bin/linux/arm64/kubeadm`], sha256: 'published' })
})

test('hosts that fetch for themselves: what they could not tell to be right is refused, all of it at once', async () => {
  const to = { cache: place(), from: 'host', wants: wants({ m1: 'amd64', m2: 'arm64' }) } as const
  const filesRepo = 'http://mirror'
  // Of two mirrors the one that vouches for its checksum is enough.
  const { ways } = await provide({ origins: origins({ filesRepo }), ...to })
  equal(ways.m1, { kind: 'host', urls: [`${site}/release/v1.33.4/bin/linux/amd64/kubeadm`], sha256: 'published' })
  const kubeadmChecksums = { arm64: { '1.33.4': 'a'.repeat(128) } }
  const said = await why(provide({ origins: origins({ filesRepo, site: filesRepo, kubeadmChecksums }), ...to }))
  match(said, 'kubeadm (amd64) for m1: its checksum is not known, and one that comes by http proves nothing')
  match(said, 'kubeadm (arm64) for m2: the checksum of kubeadm that is given is SHA-512, and a host compares SHA-256')
})

test('what a host is asked is the same before and after its programs have come into the folder', () => {
  const source = place()
  const params = { ...paramsOf<object>(kubeBinaries({ kubeVersion: '1.33.4', source, names: ['kubeadm'] })), source }
  const asked = () =>
    JSON.stringify(kubeBinaries.role.peers?.({ params, host: { name: 'm1' }, cluster: {} } as never).facts({} as never))
  const before = asked()
  lay(join(source, 'v1.33.4/amd64/kubeadm'), 'it')
  is(asked(), before)
})

async function checked({ vars = '', ...params }: Partial<Called> & { readonly vars?: string }, ...args: string[]) {
  const before = { cwd: process.cwd(), out: process.stdout.write, error: process.stderr.write }
  const said: string[] = []
  const into = ((part: string | Uint8Array) => said.push(String(part)) > 0) as typeof process.stdout.write
  const inventory = lay(
    join(base, 'hosts.ini'),
    `[kube_control_plane]\nm1 ip=127.0.0.1 ansible_connection=local ${vars}\n`,
  )
  process.stdout.write = into
  process.stderr.write = into
  try {
    const installDir = join(base, 'installed')
    const manifestDir = join(base, 'manifests')
    const roles = [
      kubeBinaries({
        ...(vars === '' && { kubeVersion: '1.33.4' }),
        installDir,
        manifestDir,
        binDir: join(base, 'bin'),
        names: ['kubeadm'],
        ...params,
      }),
    ]
    const made = {
      name: 'programs',
      file: join(base, 'programs.mjs'),
      inventory: kubesprayInventory,
      plays: [play('programs', { hosts: 'all', roles })],
    }
    const exitCode = await runFromCommandLine(made, ['node', made.file, '-i', inventory, '--check', ...args])
    return { exitCode, said: said.join('') }
  } finally {
    process.stdout.write = before.out
    process.stderr.write = before.error
  }
}

type Called = NonNullable<Parameters<typeof kubeBinaries>[0]>

const here = execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim() === 'aarch64' ? 'arm64' : 'amd64'

test('a run in check mode: what would be fetched, and that it would be installed', async () => {
  const server = await mirror()
  const { exitCode, said } = await checked({ site: server.base, source: place() })
  is(exitCode, 0, said)
  match(said, `kubeadm v1.33.4 (${here}) would be fetched from ${server.base}`)
  match(
    said,
    /would change kube-binaries: file .*bin\/kubeadm \(does not exist; it would be fetched from .*200\.1 kB\)/,
  )
})

test('a run that can not have them ends before anything is done', async () => {
  const gone = await serve({}, trusted)
  gone.close()
  const { exitCode, said } = await checked({ site: gone.base, source: place() })
  is(exitCode, 2)
  match(said, 'stopped: kube-binaries: programs of v1.33.4 are neither in')
  match(said, 'nobody listens there')
  match(said, 'rota kube import v1.33.4 FOLDER')
  match(said, 'm1: skipped: not begun')
})

const whole: readonly (readonly [string, string, Readonly<Record<string, unknown>>, string | undefined])[] = [
  [
    'the newest that has checksums',
    '1.33',
    { kubelet_checksums: { amd64: { '1.33.4': 'x', '1.33.10': 'y' } } },
    'v1.33.10',
  ],
  ['written with a v, as were checksums', 'v1.33', { kubelet_checksums: { arm64: { 'v1.33.4': 0 } } }, 'v1.33.4'],
  ['else the newest in the folder', '1.33', { kubelet_checksums: { amd64: { '1.32.9': 'x' } } }, 'v1.33.7'],
  ['nobody knows one', '1.31', {}, undefined],
  ['a whole version stays', '1.33.4', {}, undefined],
  ['what is none stays', 'newest', {}, undefined],
]
for (const [name, given, vars, expected] of whole)
  test(`a version without its patch: ${name}`, () => {
    const cache = place()
    for (const version of ['v1.33.7', 'v1.33.5', 'v1.34.1']) mkdirSync(join(cache, version), { recursive: true })
    is(newestKubeVersion(given, name => ({ kube_bin_cache: cache, ...vars })[name])?.text, expected)
  })

test('a version without its patch is made whole for params and for templates, and that is said', async () => {
  const server = await mirror()
  const cache = place()
  mkdirSync(join(cache, 'v1.33.4'), { recursive: true })
  const url = `${server.base}/release/{{ kube_version }}/bin/linux/${here}/kubeadm`
  const vars = `kube_version='"1.33"' kube_bin_cache=${cache} kubeadm_download_url='${url}'`
  const { exitCode, said } = await checked({ vars })
  is(exitCode, 0, said)
  match(said, `kube_version 1.33 is v1.33.4: the newest in ${cache}`)
  match(said, `kubeadm v1.33.4 (${here}) would be fetched from ${server.base}/release/v1.33.4/`)
  const unknown = await checked({ vars: `kube_version='"1.31"' kube_bin_cache=${cache}` })
  is(unknown.exitCode, 1)
  match(unknown.said, /kube_version.*a version such as v1\.30\.4/)
})

test('a checksum of the wrong length is refused before any host is asked', async () => {
  const wrong = JSON.stringify({ kubeadm_checksums: { amd64: { '1.33.4': 'a'.repeat(63) } } })
  const { exitCode, said } = await checked({ source: place() }, '-e', wrong)
  is(exitCode, 1, said)
  match(said, 'kubeadm_checksums')
})

test('by the hosts themselves: tasks that fetch, and that do nothing where it is', async () => {
  const { exitCode, said } = await checked({ from: 'host', source: place() })
  is(exitCode, 0, said)
  match(said, /would change kube-binaries: download .*bin\/kubeadm \(does not exist\)/)
})

test.run()
