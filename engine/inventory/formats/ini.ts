import type { Origin, Problem } from '../../failure/index.ts'
import { didYouMean } from '../../failure/index.ts'
import { indentOf, literalEval, splitLines, strip } from '../../python/index.ts'
import type { Reading, Statement } from '../types.ts'
import { readHostLine } from './ini-host.ts'
import { mostOfSource } from './range.ts'

const section = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u
const childName = /^([^:\]\s]+)\s*(?:#.*)?$/
const kinds = ['hosts', 'children', 'vars'] as const
type Kind = (typeof kinds)[number]

/** A group that was named as a child, or given variables, before any section declared it. */
interface Pending {
  readonly kind: 'children' | 'vars'
  readonly at: Origin
  readonly parents: string[]
}

/**
 * ansible/plugins/inventory/ini.py. `known` are the groups that earlier sources declared. Reading goes on after an
 * error, so that all of them are reported.
 */
export function readIni(text: string, file: string, known: ReadonlySet<string> = new Set()): Reading {
  const statements: Statement[] = []
  const problems: Problem[] = []
  const groups = new Set([...known, 'all', 'ungrouped'])
  const pending = new Map<string, Pending>()
  let group = 'ungrouped'
  let kind: Kind | undefined = 'hosts'
  let hosts = 0

  const openSection = (name: string, word: string, at: Origin) => {
    group = name
    kind = kinds.find(candidate => candidate === word)
    if (kind === undefined) {
      problems.push({
        message: `section [${name}:${word}] has unknown type '${word}'`,
        origin: at,
        ...didYouMean(word, kinds),
      })
      return
    }
    if (!groups.has(name)) {
      if (kind === 'vars' && !pending.has(name)) pending.set(name, { kind: 'vars', at, parents: [] })
      groups.add(name)
      statements.push({ kind: 'group', name, at })
    }
    if (kind !== 'vars') declare(name)
  }

  /** The parents that waited for this group get it now; the order of children in `--list` depends on it. */
  const declare = (name: string) => {
    const waiting = pending.get(name)
    if (waiting === undefined) return
    pending.delete(name)
    for (const parent of waiting.parents) {
      statements.push({ kind: 'child', parent, child: name, at: waiting.at })
      if (pending.get(parent)?.kind === 'children') declare(parent)
    }
  }

  const readChild = (line: string, at: Origin) => {
    const child = childName.exec(line)?.[1]
    if (child === undefined) {
      problems.push({ message: `expected a group name, got '${line}'`, origin: at })
    } else if (groups.has(child)) {
      statements.push({ kind: 'child', parent: group, child, at })
    } else {
      const waiting = pending.get(child) ?? { kind: 'children', at, parents: [] }
      waiting.parents.push(group)
      pending.set(child, waiting)
    }
  }

  const readVar = (line: string, at: Origin) => {
    const equals = line.indexOf('=')
    const name = strip(line.slice(0, Math.max(equals, 0)))
    if (equals < 0 || name === '') {
      problems.push({ message: `expected key=value, got '${line}'`, origin: at })
      return
    }
    const raw = line.slice(equals + 1)
    const node = literalEval(strip(raw), at.line, at.column + equals + 1 + indentOf(raw))
    const setting = { name, node, file, source: `inventory group [${group}:vars]` }
    statements.push({ kind: 'var', owner: group, setting })
  }

  splitLines(text).forEach((full, index) => {
    const line = strip(full)
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return
    const at = { file, line: index + 1, column: 1 + indentOf(full) }
    if (line.startsWith('[')) {
      const header = section.exec(line)
      if (header?.[1] !== undefined) {
        openSection(header[1], header[2] ?? 'hosts', at)
        return
      }
      if (line.endsWith(']')) {
        const hint = 'a section is [group], [group:children] or [group:vars], without spaces'
        problems.push({ message: `invalid section '${line}'`, origin: at, hint })
        return
      }
    }
    if (kind === 'children') {
      readChild(line, at)
      return
    }
    if (kind === 'vars') {
      readVar(line, at)
      return
    }
    if (kind === undefined) return
    if (hosts > mostOfSource) return
    const host = readHostLine(line, at, group)
    if ('problems' in host) problems.push(...host.problems)
    else statements.push(host)
    hosts += 'names' in host ? host.names.length : 0
    if (hosts > mostOfSource) problems.push({ message: `more than ${mostOfSource} hosts`, origin: at })
  })

  for (const [name, { kind, at }] of pending) {
    const message =
      kind === 'vars'
        ? `section [${name}:vars] is for a group that nothing declares`
        : `child group '${name}' is not declared`
    groups.delete(name)
    problems.push({ message, origin: at, ...didYouMean(name, groups) })
  }
  return { statements, problems, warnings: [] }
}
