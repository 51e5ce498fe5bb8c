import { posix } from 'node:path'
import type { Problem } from '../../failure/index.ts'
import { nearest, refused } from '../../failure/index.ts'
import { type Files, start } from '../../files/index.ts'
import { isVaulted, type Vault } from '../../vault/index.ts'
import { readVariables } from '../formats/data-read.ts'
import type { Setting } from '../types.ts'

/**
 * The variables that files give to one group or host, a list for each file, in order. Lazy: a vaulted file waits until
 * asked.
 */
export type FileSettings = () => readonly (readonly Setting[])[]

export interface VarsDirectory {
  readonly settings: ReadonlyMap<string, FileSettings>
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

const endings = ['', '.yml', '.yaml', '.json']

/**
 * `group_vars` or `host_vars` under `base`. As in Ansible (parsing/dataloader.py) the first of NAME, NAME.yml,
 * NAME.yaml, NAME.json wins and hides the others; directories are read recursively, sorted.
 */
export function readVarsDirectory(
  base: string,
  kind: 'group_vars' | 'host_vars',
  names: Iterable<string>,
  files: Files,
  vault: Vault,
): VarsDirectory {
  const directory = base === '' ? kind : posix.join(base, kind)
  const settings = new Map<string, FileSettings>()
  const problems: Problem[] = []
  const warnings: string[] = []
  if (files.kindOf(directory) === undefined) return { settings, problems, warnings }
  if (files.kindOf(directory) === 'file') {
    return { settings, problems, warnings: [`${directory} is not a directory, so it is not read`] }
  }
  const present = files.kinds(directory)
  const known = new Set(names)
  for (const name of known) {
    const [hit, ...shadowed] = endings.map(ending => name + ending).filter(entry => present.has(entry))
    if (hit === undefined) continue
    for (const other of shadowed) warnings.push(`${directory}/${other} is not read: ${directory}/${hit} comes first`)
    const path = `${directory}/${hit}`
    const paths = present.get(hit) === 'directory' ? listVarsFiles(path, files, new Set()) : [path]
    const read = paths.map(file => readVarsFile(file, `${kind}/${name}`, files, vault))
    for (const one of read) {
      problems.push(...one.problems)
      warnings.push(...one.warnings)
    }
    settings.set(name, () => read.map(one => one.settings()))
  }
  warnings.push(...strangers(directory, present.keys(), known))
  return { settings, problems, warnings }
}

/** Files for nobody are usual in shared directories; one that is nearly a known name is a slip. */
function strangers(directory: string, present: Iterable<string>, known: ReadonlySet<string>): string[] {
  // With many hosts every name is near another.
  if (known.size > 1000) return []
  return [...present].sort().flatMap(entry => {
    const name = entry.replace(/\.(?:ya?ml|json)$/, '')
    if (known.has(name) || known.has(entry) || name.startsWith('.')) return []
    const [near] = nearest(name, known)
    const isSlip = near !== undefined && near.replaceAll('-', '_') === name.replaceAll('-', '_')
    return isSlip ? [`${directory}/${entry} belongs to nothing in the inventory; did you mean ${near}?`] : []
  })
}

/** A directory is read once, however many links lead to it, or back to where they are. */
function listVarsFiles(directory: string, files: Files, seen: Set<string>): readonly string[] {
  const real = files.realPath(directory)
  if (seen.has(real)) return []
  seen.add(real)
  return files.list(directory).flatMap(entry => {
    if (entry.startsWith('.') || entry.endsWith('~')) return []
    const path = posix.join(directory, entry)
    const ending = posix.extname(entry)
    if (files.kindOf(path) === 'directory') return ending === '' ? listVarsFiles(path, files, seen) : []
    return endings.includes(ending) ? [path] : []
  })
}

interface VarsFile {
  readonly settings: () => readonly Setting[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

const none: VarsFile = { settings: () => [], problems: [], warnings: [] }

function readVarsFile(file: string, source: string, files: Files, vault: Vault): VarsFile {
  const read = files.read(file)
  if ('problem' in read) return { ...none, problems: [read.problem] }
  if (isVaulted(read.text)) {
    let settings: readonly Setting[] | undefined
    return {
      ...none,
      settings: () => {
        settings ??= readVaultedSettings(read.text, file, source, vault)
        return settings
      },
    }
  }
  const { node, problems, warnings } = readVariables(read.text, file)
  const settings = () => {
    const entries = node?.kind === 'map' ? node.entries : []
    return entries.map(entry => ({ name: String(entry.key.value), node: entry.node, file, source }))
  }
  return { settings, problems, warnings }
}

function readVaultedSettings(text: string, file: string, source: string, vault: Vault): readonly Setting[] {
  const { node, problems } = readVariables(vault.decrypt(text, start(file)), file)
  if (problems.length > 0) throw refused(problems)
  const entries = node?.kind === 'map' ? node.entries : []
  return entries.map(entry => ({ name: String(entry.key.value), node: entry.node, file, source, secret: true }))
}
