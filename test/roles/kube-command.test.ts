import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { suite } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { newestPatch } from '../../roles/kube-binaries/newest.ts'
import { authority, file, serve, text } from '../unit/web/server.ts'

// `rota kube` as it is called, with a server of the official layout.
const test = suite('rota kube')
const trusted = authority()
const base = mkdtempSync(join(tmpdir(), 'rota-kube-'))
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
const [kubeadm, kubectl] = [randomBytes(100_000), randomBytes(50_000)]
const at = (arch: string, name: string): string => `/release/v1.33.4/bin/linux/${arch}/${name}`
const server = await serve(
  {
    '/release/stable-1.33.txt': text('v1.33.4\n'),
    ...Object.fromEntries(
      ['amd64', 'arm64'].flatMap(arch => [
        [at(arch, 'kubeadm'), file(kubeadm)],
        [`${at(arch, 'kubeadm')}.sha256`, text(sha256(kubeadm))],
        [at(arch, 'kubectl'), file(kubectl)],
        [`${at(arch, 'kubectl')}.sha256`, text(sha256(kubectl))],
      ]),
    ),
  },
  trusted,
)
test.after(() => {
  server.close()
  rmSync(base, { recursive: true })
  trusted.remove()
})

let number = 0
const place = (): string => join(base, `${++number}`)
const kube = (...args: readonly string[]) =>
  execa(process.execPath, ['engine/bin.mjs', 'kube', ...args], {
    reject: false,
    all: true,
    env: { SSL_CERT_FILE: trusted.ca },
  })
const two = ['--names', 'kubeadm,kubectl', '--arch', 'amd64,arm64', '--site', server.base]

function lay(path: string, content: Buffer | string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

/** As much of a checkout as is read. */
function checkout(layout: string, key: (version: string) => string, sum: (hex: string) => string): string {
  const dir = place()
  const versions = ['1.33.4', '1.33.10', '1.32.11']
  const sums = versions.map(version => `    ${key(version)}: ${sum(sha256(kubeadm))}`).join('\n')
  const names = ['kubelet', 'kubectl', 'kubeadm'].map(
    name => `${name}_checksums:\n  arm64:\n${sums}\n  amd64:\n${sums}`,
  )
  lay(join(dir, layout, 'checksums.yml'), `---\n${names.join('\n')}\n`)
  return dir
}
const since228 = () =>
  checkout(
    'roles/kubespray_defaults/vars/main',
    version => version,
    hex => `sha256:${hex}`,
  )
const until227 = () =>
  checkout(
    'roles/kubespray-defaults/defaults/main',
    version => `v${version}`,
    hex => hex,
  )

test('list: what to fetch, where it goes, and its checksum, without asking anybody', async () => {
  for (const dir of [since228(), until227()]) {
    const { exitCode, stdout, all } = await kube('list', '1.33.4', '--kubespray', dir, '--names', 'kubeadm')
    is(exitCode, 0, all)
    const url = `https://dl.k8s.io${at('amd64', 'kubeadm')}`
    is(stdout, `${url}  v1.33.4/amd64/kubeadm  sha256:${sha256(kubeadm)}`)
  }
  const { stdout } = await kube('list', 'v1.33.4', '--urls', ...two)
  is(stdout.split('\n').length, 8)
  equal(stdout.split('\n').slice(0, 2), [
    server.base + at('amd64', 'kubeadm'),
    `${server.base}${at('amd64', 'kubeadm')}.sha256`,
  ])
  equal(server.asked, [])
})

test('fetch: for each architecture, once; which patch is the newest is asked for and said', async () => {
  const cache = place()
  const first = await kube('fetch', '1.33', '--cache', cache, ...two)
  is(first.exitCode, 0, first.all)
  match(first.stderr, `1.33 is v1.33.4, as ${server.base}/release/stable-1.33.txt says`)
  match(first.stdout, /kubeadm v1\.33\.4 \(arm64\) was fetched from/)
  match(first.stdout, `${join(cache, 'v1.33.4/arm64/kubectl')}  arm64`)
  equal(readFileSync(join(cache, 'v1.33.4/arm64/kubectl')), kubectl)
  const asked = server.asked.length
  const again = await kube('fetch', 'v1.33.4', '--cache', cache, ...two)
  is(again.exitCode, 0, again.all)
  is(server.asked.length, asked)
  // Offline the newest is that of the folder.
  const offline = await kube('fetch', '1.33', '--cache', cache, '--names', 'kubeadm', '--site', 'https://127.0.0.1:1')
  is(offline.exitCode, 0, offline.all)
  match(offline.stderr, `1.33 is v1.33.4, the newest in ${cache}; https://127.0.0.1:1/release/stable-1.33.txt: nobody`)
})

test('fetch: what can not be had is said, with exit code 2', async () => {
  const { exitCode, stderr } = await kube(
    'fetch',
    '1.33.5',
    '--cache',
    place(),
    '--names',
    'kubeadm',
    '--site',
    server.base,
  )
  is(exitCode, 2)
  match(stderr, /kubeadm \(amd64\) for amd64: .*answered 404/)
  not.match(stderr, ' at ')
  const bad = await kube('fetch', 'newest')
  is(bad.exitCode, 1)
  match(bad.stderr, 'it is no version such as v1.33.4')
})

test('import: from a folder in any of the layouts, with the checksum that lies beside or that a checkout has', async () => {
  const layouts: readonly (readonly [string, string, string])[] = [
    ['as it was fetched', 'v1.33.4/arm64/kubeadm', 'arm64'],
    ['as the web has it', 'dl.k8s.io/release/v1.33.4/bin/linux/arm64/kubeadm', 'arm64'],
    ['as kubespray keeps it', 'kubeadm-1.33.4-arm64', 'arm64'],
    ['by its name', 'kubeadm', 'amd64'],
  ]
  for (const [name, path, arch] of layouts) {
    const [folder, cache] = [place(), place()]
    const from = lay(join(folder, path), kubeadm)
    const args = ['import', '1.33.4', folder, '--arch', arch, '--cache', cache, '--names', 'kubeadm']
    const none = await kube(...args)
    is(none.exitCode, 2, name)
    match(none.stderr, `${from}: its checksum is not known`)
    is((await kube(...args, '--kubespray', since228())).exitCode, 0, name)
    lay(`${from}.sha256`, sha256(kubeadm))
    const { exitCode, stdout, all } = await kube(...args)
    is(exitCode, 0, all)
    const to = join(cache, 'v1.33.4', arch, 'kubeadm')
    is(stdout, `${to}  from ${from}`)
    is(readFileSync(`${to}.sha256`, 'utf8'), `${sha256(kubeadm)}  kubeadm\n`)
  }
})

test('import: what is another one, or is missing, is said; what is right is taken', async () => {
  const [folder, cache] = [place(), place()]
  lay(join(folder, 'kubeadm'), kubeadm)
  lay(join(folder, 'kubeadm.sha256'), sha256(kubectl))
  lay(join(folder, 'kubectl'), kubectl)
  lay(join(folder, 'kubectl.sha256'), sha256(kubectl))
  const { exitCode, stderr } = await kube('import', '1.33.4', folder, '--cache', cache)
  is(exitCode, 2)
  match(stderr, `kubeadm has the checksum ${sha256(kubeadm)}, not ${sha256(kubectl)}`)
  match(stderr, `kubelet (amd64) is not in ${folder}`)
  is(existsSync(join(cache, 'v1.33.4/amd64/kubectl')), true)
  is(existsSync(join(cache, 'v1.33.4/amd64/kubeadm')), false)
})

/** The first bytes of a program for a machine, by ELF's number of it. */
function elf(machine: number): Buffer {
  const head = Buffer.alloc(64, 1)
  head.write('\x7fELF', 'latin1')
  head[5] = 1
  head.writeUInt16LE(machine, 18)
  return head
}

test('import: a program of another machine is none of these, and where the cache can not be is said', async () => {
  const folder = place()
  const name = lay(join(folder, 'kubeadm'), elf(183))
  lay(`${name}.sha256`, sha256(elf(183)))
  const args = ['import', '1.33.4', folder, '--names', 'kubeadm']
  const other = await kube(...args, '--cache', place())
  is(other.exitCode, 2, other.all)
  match(other.stderr, `kubeadm (amd64) is not in ${folder}`)
  const noFolder = await kube(...args, '--arch', 'arm64', '--cache', lay(place(), ''))
  is(noFolder.exitCode, 2, noFolder.all)
  match(noFolder.stderr, `${name} can't be taken to`)
  not.match(noFolder.stderr, ' at ')
})

test('the newest patch is the highest number, of the minor version alone', () => {
  is(newestPatch('1.33', ['1.33.4', 'v1.33.10', '1.3.99', '1.34.0', '1.33.11-rc.1']), 'v1.33.10')
  is(newestPatch('v1.30', ['1.33.4']), undefined)
})

test('with a checkout the newest patch is the one that it has checksums of', async () => {
  const { stderr, stdout } = await kube('list', '1.33', '--kubespray', since228(), '--names', 'kubeadm')
  match(stderr, /1\.33 is v1\.33\.10, the newest that .* knows/)
  match(stdout, '/release/v1.33.10/bin/linux/amd64/kubeadm')
})

test('rota --help names it', async () => {
  const { stdout } = await execa(process.execPath, ['engine/bin.mjs', '--help'])
  match(stdout, /kube .*programs of Kubernetes/)
})

test.run()
