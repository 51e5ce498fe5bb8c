import { posix } from 'node:path'
import type { Problem } from '../../failure/index.ts'
import { didYouMean } from '../../failure/index.ts'
import { type Files, start } from '../../files/index.ts'

/** One thing to read hosts from. */
export type Source = { readonly kind: 'list'; readonly text: string } | { readonly kind: 'file'; readonly path: string }

export interface Found {
  readonly sources: readonly Source[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/** Names that Ansible never reads in a directory of sources. `.ini` and `.cfg` are among them. */
const ignored =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)|~)$/

/** What the arguments of `-i` name: files, directories of files (sorted, recursive), or lists of hosts with a comma. */
export function findSources(args: readonly string[], files: Files): Found {
  const found = args.map(arg => findSource(arg, files))
  return {
    sources: found.flatMap(one => one.sources),
    problems: found.flatMap(one => one.problems),
    warnings: found.flatMap(one => one.warnings),
  }
}

function findSource(arg: string, files: Files): Found {
  const nothing: Found = { sources: [], problems: [], warnings: [] }
  const kind = files.kindOf(arg)
  if (kind === 'directory') return listSources(arg, files, new Set())
  if (kind === 'file') return { ...nothing, sources: [{ kind: 'file', path: arg }] }
  if (arg.includes(',')) return { ...nothing, sources: [{ kind: 'list', text: arg }] }
  const siblings = files.list(posix.dirname(arg))
  const { hint = 'a list of hosts needs a comma: -i host,' } = didYouMean(posix.basename(arg), siblings)
  return { ...nothing, problems: [{ message: `there is no inventory '${arg}'`, origin: start(arg), hint }] }
}

/** A directory is read once, however many links lead to it, or back to where they are. */
function listSources(directory: string, files: Files, seen: Set<string>): Found {
  const real = files.realPath(directory)
  if (seen.has(real)) return { sources: [], problems: [], warnings: [] }
  seen.add(real)
  const entries = files.list(directory)
  const skipped = entries.filter(entry => /\.(?:ini|cfg)$/.test(entry) && !entry.startsWith('.'))
  const warnings = skipped.map(entry => {
    const path = posix.join(directory, entry)
    return `${path} is not read: in a directory of inventories .ini and .cfg are ignored, as in Ansible (use -i ${path})`
  })
  const inner = entries
    .filter(entry => !ignored.test(entry))
    .map(entry => posix.join(directory, entry))
    .map(path => (files.kindOf(path) === 'directory' ? listSources(path, files, seen) : one(path)))
  return {
    sources: inner.flatMap(found => found.sources),
    problems: inner.flatMap(found => found.problems),
    warnings: [...warnings, ...inner.flatMap(found => found.warnings)],
  }
}

function one(path: string): Found {
  return { sources: [{ kind: 'file', path }], problems: [], warnings: [] }
}
