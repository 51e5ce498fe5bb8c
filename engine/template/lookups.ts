import { isAbsolute, join } from 'node:path'
import { FilterError } from './error.ts'
import type { Outside } from './evaluate.ts'
import { isMapping, isTrue, isUndefined, toText } from './values.ts'

interface Around {
  readonly variable: Outside['variable']
  readonly readText: (path: string) => { readonly text: string; readonly isSecret: boolean } | undefined
  readonly playbookDir?: string
  /** What was just read is a secret. */
  readonly secret: () => void
}

type Lookup = (
  terms: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  around: Around,
) => readonly unknown[]

/** Ansible's lookups that read and do nothing else. */
export function lookups(around: Around): Outside['lookup'] {
  return (kind, terms, options) => {
    const lookup = known.get(kind)
    if (lookup) return lookup(terms, options, around)
    throw new FilterError(`lookup '${kind}' is not supported: there are ${[...known.keys()].join(', ')}`)
  }
}

const known: ReadonlyMap<string, Lookup> = new Map<string, Lookup>([
  ['env', (terms, { default: fallback = '' }) => terms.map(name => process.env[toText(name)] ?? fallback)],
  ['vars', (terms, options, around) => terms.map(name => variable(toText(name), options, around))],
  ['file', (terms, options, around) => terms.map(name => fileText(toText(name), options, around))],
  ['first_found', firstFound],
  ['password', (terms, options, around) => terms.map(term => password(toText(term), options, around))],
])

function variable(name: string, options: Readonly<Record<string, unknown>>, around: Around): unknown {
  const value = around.variable(name)
  if (!isUndefined(value)) return value
  if ('default' in options) return options.default
  throw new FilterError(`there is no variable '${name}'`)
}

/** Where Ansible looks for a file of a play: in `files` beside the playbook, then beside the playbook. */
const candidates = (name: string, { playbookDir }: Around): readonly string[] => {
  if (isAbsolute(name)) return [name]
  return playbookDir === undefined ? [name] : [join(playbookDir, 'files', name), join(playbookDir, name)]
}

function fileText(name: string, { lstrip = false, rstrip = true }: Readonly<Record<string, unknown>>, around: Around) {
  const paths = candidates(name, around)
  for (const path of paths) {
    const read = around.readText(path)
    if (!read) continue
    if (read.isSecret) around.secret()
    const right = isTrue(rstrip) ? read.text.trimEnd() : read.text
    return isTrue(lstrip) ? right.trimStart() : right
  }
  throw new FilterError(`there is no file ${paths.join(' and no ')}`)
}

/** Names, lists of them, or mappings with `files` and `paths`: the first file that is there, as a path. */
function firstFound(
  terms: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  around: Around,
): readonly unknown[] {
  const all = terms.flat()
  const names = all.flatMap(term => (isMapping(term) ? combinations(term) : [toText(term)]))
  const paths = names.flatMap(name => candidates(name, around))
  const found = paths.find(path => around.readText(path) !== undefined)
  if (found !== undefined) return [found]
  if (isTrue(options.skip ?? false) || all.some(term => isMapping(term) && isTrue(term.skip ?? false))) return []
  throw new FilterError(`first_found: there is none of ${paths.join(', ')}`)
}

function combinations({ files, paths }: Readonly<Record<string, unknown>>): readonly string[] {
  const words = (value: unknown) => (typeof value === 'string' ? value.split(/[,;]/) : [value].flat().map(toText))
  if (paths === undefined) return words(files)
  return words(paths).flatMap(path => words(files).map(file => join(path, file)))
}

/**
 * Ansible makes a password and its file where there is none. Values are evaluated here also where nothing may be
 * written.
 */
function password(term: string, options: Readonly<Record<string, unknown>>, around: Around): string {
  const [path = ''] = term.split(/\s+(?=\w+=)/)
  if (/\bencrypt=/.test(term) || 'encrypt' in options)
    throw new FilterError('lookup password: encrypt is not supported')
  const paths = candidates(path, around)
  for (const candidate of paths) {
    const read = around.readText(candidate)
    if (!read) continue
    around.secret()
    return read.text.trimEnd().replace(/ salt=.*$/s, '')
  }
  throw new FilterError(`lookup password: there is no file ${paths.join(' and no ')}, and none is made here: create it`)
}
