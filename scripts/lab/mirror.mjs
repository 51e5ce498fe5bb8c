// @ts-check
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from './say.mjs'

/** The mirror this machine itself installs Debian from. */
export async function debianMirror() {
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
