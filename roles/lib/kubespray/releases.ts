import { fileURLToPath } from 'node:url'
import type { DefaultsFound } from 'rota'

/** Minor releases, and those of them since which a default is another than before: `releases/2.N.yml`. */
export const oldest = 25
export const newest = 32
const changes = [25, 27, 28, 29, 30, 31, 32]

export const knownReleases = `known are 2.${oldest} to 2.${newest}`

export function isKnown(version: string): boolean {
  const minor = minorOf(version)
  return minor !== undefined && minor >= oldest && minor <= newest
}

/** What Rota itself knows of a release, where nobody has its checkout: what is the same in all of its patches. */
export function knownDefaults(release: string): DefaultsFound {
  const version = release.replace(/^v/, '')
  const found = { label: `kubespray ${version}, as far as Rota knows it`, version }
  const minor = minorOf(version)
  if (minor === undefined || !isKnown(version)) return { ...found, files: [], wrong: knownReleases }
  return { ...found, files: changes.filter(since => since <= minor).map(pathOf) }
}

/** What is the same from one release to another, both included, where it is not known which of them it is. */
export function defaultsBetween(from: number, to: number): DefaultsFound {
  if (from === to) return knownDefaults(`2.${from}`)
  const version = `2.${from}`
  if (from < oldest) return { label: `kubespray 2.${to} or before`, version, files: [], wrong: knownReleases }
  const found = { label: `kubespray 2.${from} to 2.${to}, as far as Rota knows them`, version }
  const since = changes.filter(release => release <= from).map(pathOf)
  return { ...found, files: since, without: changes.filter(release => release > from && release <= to).map(pathOf) }
}

function minorOf(version: string): number | undefined {
  const minor = /^2\.(\d+)(?:\.|$)/.exec(version)?.[1]
  return minor === undefined ? undefined : Number(minor)
}

const pathOf = (release: number): string => fileURLToPath(new URL(`releases/2.${release}.yml`, import.meta.url))
