// @ts-check
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
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

/** The mirror this machine itself installs Debian from. */
async function debianMirror() {
  const files = await readdir('/etc/apt/sources.list.d').catch(() => [])
  const paths = ['/etc/apt/sources.list', ...files.map(file => join('/etc/apt/sources.list.d', file))]
  for (const path of paths.filter(name => /\.(list|sources)$/.test(name))) {
    const mirror = mirrorIn(await readFile(path, 'utf8').catch(() => ''))
    if (mirror) return mirror
  }
  throw new LabError(`no image of Debian can be pulled, and no Debian mirror stands in /etc/apt to make the same from`)
}

/**
 * The first archive in an apt sources text that carries Debian itself: not security, not a third party.
 * @param {string} text
 */
export function mirrorIn(text) {
  const uris = text.split('\n').flatMap(line => {
    const found = /^\s*(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(\S+)/.exec(line)
    return found?.[1] ? [found[1]] : []
  })
  return uris.find(uri => /\/debian\/?$/.test(uri))
}

/** @param {string} tag */
export const hasImage = async tag => (await $({ nothrow: true, quiet: true })`docker image inspect ${tag}`).ok
