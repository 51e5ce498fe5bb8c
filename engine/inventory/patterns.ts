import { readFileSync } from 'node:fs'
import { didYouMean, isFailure, type Refused, refused } from '../failure/index.ts'
import { translateGlob } from '../python/index.ts'
import { RegexpError, regexp } from '../regexp/index.ts'
import { parseAddress } from './address.ts'
import type { Host, Inventory } from './types.ts'

/**
 * The hosts of a pattern, in Ansible's order: all unions, then every `&`, then every `!`, whatever the order written.
 * Differs from Ansible on purpose: a name that is no host and no group is an error, and so is a `--limit` without any
 * host.
 */
export function selectHosts(
  inventory: Inventory,
  pattern: string | readonly string[],
  limit?: string | readonly string[],
): readonly Host[] {
  const hosts = evaluate(inventory, splitPatterns(pattern), 'hosts')
  if (limit === undefined) return hosts
  const shown = [limit].flat().join(',')
  const allowed = new Set(evaluate(inventory, expandLimit(limit), '--limit').map(host => host.name))
  if (allowed.size === 0) throw problem(`--limit '${shown}' selects no host`)
  return hosts.filter(host => allowed.has(host.name))
}

/** `a,b:!c` in its parts: any comma switches splitting at colons off; a colon in an address or range never splits. */
export function splitPatterns(pattern: string | readonly string[]): readonly string[] {
  if (typeof pattern !== 'string') return pattern.flatMap(splitPatterns)
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : parseAddress(pattern) !== undefined
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [])
  return parts.map(part => part.trim()).filter(part => part !== '')
}

function problem(message: string, hint?: string): Refused {
  return refused([{ message, ...(hint !== undefined && { hint }) }])
}

/** `@file` holds one pattern a line. */
function expandLimit(limit: string | readonly string[]): readonly string[] {
  return splitPatterns(limit).flatMap(part => {
    if (!part.startsWith('@')) return [part]
    try {
      const lines = readFileSync(part.slice(1), 'utf8').split('\n')
      return lines.map(line => line.trim()).filter(line => line !== '')
    } catch {
      throw problem(`--limit file '${part.slice(1)}' can't be read`)
    }
  })
}

function evaluate(inventory: Inventory, parts: readonly string[], where: string): readonly Host[] {
  if (parts.length === 0) throw problem(`${where}: the pattern is empty`, 'write all for every host')
  const unions = parts.filter(part => !/^[!&]/.test(part))
  // Every part is looked at before anything is thrown, so that all wrong names are told at once.
  const problems: Refused[] = []
  const safe = (part: string): readonly Host[] => {
    try {
      // Only a bare name is looked up as a host before anything else.
      const exact = inventory.hosts.get(part)
      refuseTwofold(inventory, part, where)
      return exact === undefined ? matchOne(inventory, part.replace(/^[!&]/, ''), where) : [exact]
    } catch (error) {
      if (!isFailure(error, 'refused')) throw error
      problems.push(error)
      return []
    }
  }
  const chosen = new Map((unions.length === 0 ? ['all'] : unions).flatMap(safe).map(host => [host.name, host]))
  for (const part of parts.filter(part => part.startsWith('&'))) {
    const keep = new Set(safe(part).map(host => host.name))
    for (const name of chosen.keys()) if (!keep.has(name)) chosen.delete(name)
  }
  for (const part of parts.filter(part => part.startsWith('!'))) {
    for (const host of safe(part)) chosen.delete(host.name)
  }
  if (problems.length > 0) throw refused(problems.flatMap(error => error.reason.problems))
  return [...chosen.values()]
}

/**
 * `!m1` where there is a host m1 and a group m1 of others: Ansible takes the group, and the host that is left out is
 * worked on.
 */
function refuseTwofold(inventory: Inventory, part: string, where: string): void {
  const name = part.slice(1)
  if (!/^[!&]/.test(part) || !inventory.hosts.has(name) || !inventory.groups.has(name)) return
  const members = inventory.hostsOf(name)
  if (members.length === 1 && members[0]?.name === name) return
  throw problem(`${where}: '${part}' may mean the host or the group '${name}'`, 'give one of them another name')
}

const subscript = /^(.+)\[(?:(-?[0-9]+)|([0-9]+)([:-])([0-9]*))\]$/

function matchOne(inventory: Inventory, pattern: string, where: string): readonly Host[] {
  const match = pattern.startsWith('~') ? null : subscript.exec(pattern)
  if (match?.[1] === undefined) return enumerate(inventory, pattern, where)
  const hosts = enumerate(inventory, match[1], where)
  if (hosts.length === 0) return hosts
  if (match[2] !== undefined) return [pick(hosts, Number(match[2]), pattern, match[1], where)]
  const start = Number(match[3])
  // Both ends are included; Ansible takes an end of 0 for none at all: `[0:0]` is the first one.
  if (match[5] === '') return hosts.slice(start)
  const end = Number(match[5])
  return end === 0 ? [pick(hosts, start, pattern, match[1], where)] : hosts.slice(start, end + 1)
}

/** `[-1]` is the last one. */
function pick(hosts: readonly Host[], index: number, pattern: string, base: string, where: string): Host {
  const host = hosts.at(index)
  if (host === undefined) throw problem(`${where}: '${pattern}' is out of range, '${base}' has ${hosts.length} hosts`)
  return host
}

/** A host by its name. As in Ansible, `localhost` is this machine also where the inventory does not name it. */
export function hostNamed(inventory: Pick<Inventory, 'hosts' | 'implicitHost'>, name: string): Host | undefined {
  const isHere = ['localhost', '127.0.0.1', '::1'].includes(name)
  return inventory.hosts.get(name) ?? (isHere ? inventory.implicitHost(name) : undefined)
}

/**
 * Hosts of all matching groups, then, unless a plain name found its group, all matching hosts. A subscript counts
 * doubles.
 */
function enumerate(inventory: Inventory, pattern: string, where: string): readonly Host[] {
  const test = matcher(pattern, where)
  const groups = [...inventory.groups.keys()].filter(test)
  const isWide = pattern.startsWith('~') || /[.?*[]/.test(pattern)
  const found = groups.flatMap(group => inventory.hostsOf(group))
  if (groups.length === 0 || isWide) {
    for (const host of inventory.hosts.values()) if (test(host.name)) found.push(host)
  }
  const here = found.length === 0 ? hostNamed(inventory, pattern) : undefined
  if (here !== undefined) return [here]
  if (found.length === 0 && groups.length === 0 && !isGlob(pattern)) {
    const names = [...inventory.groups.keys(), ...inventory.hosts.keys()]
    throw problem(`${where}: there is no host or group '${pattern}'`, didYouMean(pattern, names).hint)
  }
  return found
}

function isGlob(pattern: string): boolean {
  return pattern.startsWith('~') || /[?*[]/.test(pattern)
}

function matcher(pattern: string, where: string): (name: string) => boolean {
  const source = pattern.startsWith('~') ? pattern.slice(1) : translateGlob(pattern)
  const test = worded(pattern, where, () => regexp(source))
  return name => worded(pattern, where, () => test.match(name) !== undefined)
}

function worded<T>(pattern: string, where: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof RegexpError) throw problem(`${where}: '${pattern}' can't be matched: ${error.message}`)
    throw error
  }
}
