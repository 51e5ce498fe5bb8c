// @ts-check
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
import { fetchSource } from './apt-source.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

/** Changes whenever binaries that were built before have to be built again. */
export const buildRecipe = 'built with reflect2 1.0.2'

/**
 * Builds the versions one after another from the one source tree that Debian has (bookworm: 1.20.2). Go compiles it
 * once; each further version is linked anew with another stamp, which is all that an upgrade's machinery can see.
 * @param {string[]} versions
 * @param {string} dir
 * @param {string[]} binaries
 * @param {(dir: string, recipe: string) => Promise<void>} seal
 */
export async function buildKube(versions, dir, binaries, seal) {
  if (versions.length === 0) return
  await ensureCommands({ go: 'golang-go', rsync: 'rsync', jq: 'jq', make: 'make', gcc: 'gcc', xz: 'xz-utils' })
  const { tree, upstream } = await sourceTree()
  await renewReflect2(tree)
  for (const version of versions) {
    const note = version === upstream ? '' : `, the same source stamped ${version}`
    say(`building Kubernetes ${version} from Debian's source package ${upstream}${note} (minutes the first time)`)
    const started = Date.now()
    await make(tree, version, binaries)
    await install(tree, join(dir, version), binaries)
    await seal(join(dir, version), buildRecipe)
    say(`built ${version} in ${Math.round((Date.now() - started) / 1000)} s`)
  }
}

/** The source of Kubernetes that Debian has, unpacked. */
export async function sourceTree() {
  const dir = join(cacheDir(), 'kube-src')
  await mkdir(dir, { recursive: true })
  const tarball = await fetchSource('kubernetes', dir)
  // Debian writes a step back as 1.20.5+really1.20.2.
  const upstream = /kubernetes_(?:[\d.]+\+really)?(\d+\.\d+\.\d+)/.exec(tarball)?.[1]
  if (!upstream) throw new LabError(`cannot tell the version of ${tarball}`)
  const tree = join(dir, upstream)
  if (!existsSync(tree)) {
    say(`unpacking ${tarball}`)
    await rm(`${tree}.new`, { recursive: true, force: true })
    await mkdir(`${tree}.new`)
    await $`tar -xf ${join(dir, tarball)} -C ${tree}.new --strip-components=1`
    await rename(`${tree}.new`, tree)
  }
  return { tree, upstream: `v${upstream}` }
}

/**
 * The tree's own reflect2 1.0.1 iterates over maps through a function of Go's runtime whose arguments changed with Go
 * 1.18: a program that writes a map as JSON then writes to a place in memory that is not its own (kubeadm init ends
 * with SIGSEGV). Debian has the later one.
 * @param {string} tree
 */
async function renewReflect2(tree) {
  const from = '/usr/share/gocode/src/github.com/modern-go/reflect2'
  await ensureCommands({ [`${from}/go_above_118.go`]: 'golang-github-modern-go-reflect2-dev' })
  const to = join(tree, 'vendor/github.com/modern-go/reflect2')
  const isSource = (/** @type {string} */ name) => /\.(go|s)$/.test(name)
  for (const name of (await readdir(to)).filter(isSource)) await rm(join(to, name))
  for (const name of (await readdir(from)).filter(isSource)) await copyFile(join(from, name), join(to, name))
}

/** @param {string} tree @param {string} version @param {string[]} binaries */
async function make(tree, version, binaries) {
  const [major, minor] = version.replace(/^v/, '').split('.')
  const stamp = join(tree, `.rota-${version}`)
  await writeFile(
    stamp,
    [
      `KUBE_GIT_COMMIT='${'0'.repeat(40)}'`,
      `KUBE_GIT_TREE_STATE='archive'`,
      `KUBE_GIT_VERSION='${version}'`,
      `KUBE_GIT_MAJOR='${major}'`,
      `KUBE_GIT_MINOR='${minor}'`,
      '',
    ].join('\n'),
  )
  const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', KUBE_GIT_VERSION_FILE: stamp }
  const what = binaries.map(name => `cmd/${name}`).join(' ')
  const run = $({ cwd: tree, env, nothrow: true, quiet: true })`make ${`WHAT=${what}`} 2>&1`
  run.stdout.on('data', chunk => process.stderr.write(chunk))
  if (!(await run).ok)
    throw new LabError(`make failed in ${tree} (its output is above); running this again goes on from here`)
}

/**
 * Each file is renamed into its place: a binary that a host is being given is never seen half-written.
 * @param {string} tree
 * @param {string} target
 * @param {string[]} binaries
 */
async function install(tree, target, binaries) {
  const built = join(tree, '_output/local/bin/linux')
  const [arch] = await readdir(built)
  if (!arch) throw new LabError(`make left nothing in ${built}`)
  await mkdir(target, { recursive: true })
  for (const name of binaries) {
    await $`install -m 0755 ${join(built, arch, name)} ${join(target, `${name}.new`)}`
    await rename(join(target, `${name}.new`), join(target, name))
  }
}
