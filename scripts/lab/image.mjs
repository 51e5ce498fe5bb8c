// @ts-check
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { $ } from 'zx'
import { ensureBase, hasImage } from './image-base.mjs'
import { withLock } from './lock.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

const recipe = fileURLToPath(new URL('image/', import.meta.url))
const dnfRecipe = fileURLToPath(new URL('image-dnf/', import.meta.url))
const pythonRecipe = fileURLToPath(new URL('image-python/', import.meta.url))
const newerRecipe = fileURLToPath(new URL('image-newer/', import.meta.url))

/** What apt can install on a host. Their dependencies come along; nothing else is there to be had. */
export const hostPackages = [
  'nginx libnginx-mod-stream haproxy keepalived etcd-server etcd-client',
  'conntrack socat ethtool ipset ebtables jq rsync tcpdump nftables cron logrotate lsof netcat-openbsd',
  'docker.io busybox-static gcc make libc6-dev containernetworking-plugins',
].flatMap(line => line.split(' '))

/** The lab host's image, built when its recipe has changed; returns its tag. */
export async function ensureImage() {
  const tag = `rota-lab:${await recipeHash(recipe, hostPackages.join(' '))}`
  return ensureBuilt(tag, async () => ({
    recipe,
    args: { BASE: await ensureBase(), PACKAGES: hostPackages.join(' ') },
  }))
}

/** The image of a host that has dnf and rpm and no apt. */
export async function ensureDnfImage() {
  const host = await ensureImage()
  return ensureBuilt(`rota-lab-dnf:${await recipeHash(dnfRecipe, host)}`, async () => ({
    recipe: dnfRecipe,
    args: { HOST: host },
  }))
}

/** The image of a host that has Python. */
export async function ensurePythonImage() {
  const host = await ensureImage()
  return ensureBuilt(`rota-lab-python:${await recipeHash(pythonRecipe, host)}`, async () => ({
    recipe: pythonRecipe,
    args: { HOST: host },
  }))
}

/**
 * The image of a host with Debian's next release, and ways of logging in that the others lack: sudo-rs, uutils, other
 * login shells, a second factor.
 */
export async function ensureNewerImage() {
  const host = await ensureImage()
  return ensureBuilt(`rota-lab-newer:${await recipeHash(newerRecipe, host)}`, async () => ({
    recipe: newerRecipe,
    args: { HOST: host, BASE: await ensureBase('trixie') },
  }))
}

/** @param {string} tag @param {() => Promise<{ recipe: string, args: Record<string, string> }>} how */
async function ensureBuilt(tag, how) {
  if (await hasImage(tag)) return tag
  return withLock(join(cacheDir(), 'image.lock'), 'the lab image', async () => {
    if (await hasImage(tag)) return tag
    const { recipe, args } = await how()
    say(`building the image ${tag} (a minute or two, once)`)
    const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
    const run = await $({
      env: builder(),
      nothrow: true,
      quiet: true,
    })`docker build --force-rm ${given} -t ${tag} ${recipe} 2>&1`
    if (!run.ok) throw new LabError(`docker build failed:\n${run.stdout.split('\n').slice(-25).join('\n')}`)
    return tag
  })
}

/** Debian's docker.io brings no buildx; the classic builder reads the same file. */
function builder() {
  return { ...process.env, DOCKER_BUILDKIT: '0' }
}

/** @param {string} folder @param {string} more */
async function recipeHash(folder, more) {
  const hash = createHash('sha256').update(more)
  for (const file of (await readdir(folder)).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(folder, file)))
  return hash.digest('hex').slice(0, 12)
}
