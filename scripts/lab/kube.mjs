// @ts-check
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { buildKube, buildRecipe } from './kube-build.mjs'
import { downloadKube } from './kube-download.mjs'
import { withLock } from './lock.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

export const kubeBinaries = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubeadm',
  'kubectl',
]

export const kubeVersions = () => (process.env.LAB_KUBE_VERSIONS || 'v1.20.2 v1.20.3').split(/[\s,]+/).filter(Boolean)

/** The folder that holds <version>/<binary>. */
export const kubeDir = () => process.env.LAB_KUBE_BIN || join(cacheDir(), 'kube')

/**
 * Sees to it that every version's binaries are in kubeDir(): as given by LAB_KUBE_BIN, else from an earlier run, else
 * the official release where the internet is there, else built from Debian's source package.
 */
export async function ensureKube(versions = kubeVersions()) {
  const dir = kubeDir()
  if (process.env.LAB_KUBE_BIN) {
    for (const version of versions) requireGiven(dir, version)
    return dir
  }
  /** @type {string[]} */
  const missing = []
  for (const version of versions) if (!(await isWhole(join(dir, version)))) missing.push(version)
  if (missing.length === 0) return dir
  await withLock(join(cacheDir(), 'kube.lock'), 'Kubernetes', async () => {
    const build = []
    for (const version of missing) {
      const target = join(dir, version)
      if (await isWhole(target)) continue
      if (await downloadKube(version, target, kubeBinaries)) await seal(target, downloaded)
      else build.push(version)
    }
    await buildKube(build, dir, kubeBinaries, seal)
  })
  return dir
}

/** @param {string} dir @param {string} version */
function requireGiven(dir, version) {
  const lacking = ['kube-apiserver'].filter(binary => !existsSync(join(dir, version, binary)))
  if (lacking.length > 0) {
    throw new LabError(
      `LAB_KUBE_BIN=${dir} has no ${version}/${lacking.join(', ')}; expected ${dir}/<version>/<binary>`,
    )
  }
}

const downloaded = 'downloaded'

/**
 * The checksums are written last, so a folder without them is a run that was cut short; one that was built in another
 * way is built anew.
 * @param {string} dir
 */
async function isWhole(dir) {
  const read = (/** @type {string} */ name) => readFile(join(dir, name), 'utf8').catch(() => '')
  if (![downloaded, buildRecipe].includes((await read('RECIPE')).trim())) return false
  const sums = await read('SHA256SUMS')
  return kubeBinaries.every(binary => sums.includes(`  ${binary}\n`) && existsSync(join(dir, binary)))
}

/** @param {string} dir @param {string} recipe how the binaries came about */
async function seal(dir, recipe) {
  await writeFile(join(dir, 'RECIPE'), `${recipe}\n`)
  await $({ cwd: dir })`sha256sum ${kubeBinaries} >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS`
  const version = (await $({ cwd: dir })`./kube-apiserver --version`).stdout.trim()
  say(`${dir}: ${version}`)
}
