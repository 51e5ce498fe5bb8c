// @ts-check
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
import { debianMirror } from './mirror.mjs'
import { cacheDir } from './paths.mjs'
import { LabError, say } from './say.mjs'

const releases = { bookworm: 'debian:12', trixie: 'debian:13' }

/**
 * `debian:12` where it can be had, else the same thing made with debootstrap from this machine's Debian mirror.
 * @param {keyof typeof releases} suite
 */
export async function ensureBase(suite = 'bookworm') {
  const official = releases[suite]
  const own = `rota-lab-base:${suite}`
  if (await hasImage(official)) return official
  if (await hasImage(own)) return own
  say(`pulling ${official}`)
  if ((await $({ nothrow: true, quiet: true })`timeout 120 docker pull -q ${official}`).ok) return official
  await ensureCommands({ debootstrap: 'debootstrap' })
  const mirror = await debianMirror()
  say(`no registry reachable: making ${own} with debootstrap from ${mirror}`)
  const dir = join(cacheDir(), `debootstrap-${suite}`)
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  const run = await $({ nothrow: true, quiet: true })`debootstrap --variant=minbase ${suite} ${dir} ${mirror} 2>&1`
  if (!run.ok) throw new LabError(`debootstrap failed:\n${run.stdout.split('\n').slice(-15).join('\n')}`)
  await $({ quiet: true })`tar -C ${dir} --exclude=./var/cache/apt/archives/*.deb -c . | docker import - ${own}`
  await rm(dir, { recursive: true, force: true })
  return own
}

/** @param {string} tag */
export const hasImage = async tag => (await $({ nothrow: true, quiet: true })`docker image inspect ${tag}`).ok
