import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { formatOrigin, type Origin, type Problem, refused } from '../failure/index.ts'
import { type Files, filesOf, type OnRead } from '../files/index.ts'
import type { Inventory } from '../inventory/index.ts'
import {
  type DefaultsFolder,
  type DefaultsFound,
  type DefaultsRule,
  defaultsFrom,
  type VersionOnHosts,
} from '../inventory/index.ts'
import { resolveVar } from './resolve.ts'

/** Where the command line and the environment say that the defaults are. */
export interface DefaultsAsked {
  readonly flag?: string | undefined
  readonly environment?: string | undefined
  /** What relative paths are relative to; the process's own directory. */
  readonly cwd?: string
  readonly onRead?: OnRead
}

/** The inventory with the defaults of its rule, if there are any; what is to be said of them. */
export interface WithDefaults {
  readonly inventory: Inventory
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
  /** Nothing is named and no folder is there: hosts may tell a version. */
  readonly toBeTold?: VersionOnHosts
}

/**
 * Finds the folder of defaults: the flag, the variable of the inventory, the environment, beside the inventory; the
 * first that says something. Where there is none, a version that the inventory names. Throws a refusal where what was
 * named can't be used. One that was only found and can't be used is told, and nothing of it counts.
 */
export function withDefaults(inventory: Inventory, rule: DefaultsRule | undefined, asked: DefaultsAsked): WithDefaults {
  const nothing = { inventory, notes: [], warnings: [] }
  if (rule === undefined) return nothing
  const files = filesOf(asked.cwd ?? process.cwd(), asked.onRead)
  const place = named(inventory, rule, asked, files) ?? foundBeside(inventory, rule, files)
  const version = versionNamed(inventory, rule.version, files)
  if (place === undefined) {
    if (version) return counting(inventory, version.found, version, files)
    return { ...nothing, ...(rule.version?.onHosts && { toBeTold: rule.version.onHosts }) }
  }
  const found = lookAt(place.dir, rule, files)
  if (found === undefined) throw refused([notOne(place, rule, files)])
  const said = `${place.dir} (${place.by}) is ${found.label}`
  if (found.wrong !== undefined && place.isFound) {
    const warnings = [`${said}, which does not count: ${found.wrong}`]
    return { ...(version ? counting(inventory, version.found, version, files) : nothing), warnings }
  }
  if (version !== undefined && !`${found.version}.`.startsWith(`${version.found.version}.`))
    throw problemAt(
      `${said}, and ${rule.version?.variable} says ${version.found.version}`,
      version,
      'one of them is wrong',
    )
  const whole = { ...found, files: found.files.map(file => join(place.dir, file)) }
  return counting(inventory, whole, { ...place, by: `${place.dir} (${place.by})` }, files)
}

/** With the defaults of the version that hosts have told. What can't be used is said, and nothing of it counts. */
export function withTold(inventory: Inventory, { variable }: VersionOnHosts, found: DefaultsFound): WithDefaults {
  const { label, wrong } = found
  const hint = `${variable} says it, where you know better`
  if (wrong === undefined) return counting(inventory, found, { by: hint }, filesOf(process.cwd()))
  return { inventory, notes: [], warnings: [`no defaults of ${label} count: ${wrong}; ${hint}`] }
}

interface Namer {
  /** Who names it. */
  readonly by: string
  readonly origin?: Origin
}

function counting(inventory: Inventory, found: DefaultsFound, namer: Namer, files: Files): WithDefaults {
  const { label, wrong } = found
  if (wrong !== undefined) throw problemAt(`${namer.by} is ${label}: ${wrong}`, namer)
  const { defaults, problems } = defaultsFrom(found, files)
  if (problems.length > 0) throw refused(problems)
  const note = `defaults of ${label} count where the inventory says nothing: ${namer.by}`
  return { inventory: { ...inventory, defaults }, notes: [note], warnings: [] }
}

const problemAt = (message: string, { origin }: Pick<Namer, 'origin'>, hint?: string) =>
  refused([{ message, ...(origin && { origin }), ...(hint && { hint }) }])

interface Place extends Namer {
  readonly dir: string
  readonly isFound?: true
}

function named(inventory: Inventory, rule: DefaultsRule, asked: DefaultsAsked, files: Files): Place | undefined {
  if (asked.flag !== undefined) return { dir: asked.flag, by: `--${rule.flag}` }
  const variable = variableOf(inventory, rule.variable, files)
  if (variable !== undefined) return variable
  return asked.environment ? { dir: asked.environment, by: rule.environment } : undefined
}

function variableOf(inventory: Inventory, name: string, files: Files): Place | undefined {
  const said = commonText(inventory, name, `${name} is no text that names a folder`)
  if (said === undefined) return undefined
  const { origin, value, source } = said
  const dir = value.replace(/^~(?=\/|$)/, homedir())
  const base = source === 'extra vars' || dir.startsWith('/') ? dir : shortest(join(inventory.dir, dir), files)
  return { dir: base, by: `${name}, ${formatOrigin(origin)}`, origin }
}

function versionNamed(
  inventory: Inventory,
  version: DefaultsRule['version'],
  files: Files,
): (Namer & { readonly found: DefaultsFound }) | undefined {
  if (version === undefined) return undefined
  const { variable, look } = version
  const said = commonText(inventory, variable, `${variable} is no text: write it in quotes, "2.30" is not 2.3`)
  if (said === undefined) return undefined
  const known = look(said.value)
  const found = { ...known, files: known.files.map(file => shortest(file, files)) }
  return { by: `${variable}, ${formatOrigin(said.origin)}`, origin: said.origin, found }
}

/** The same on every host that has it: defaults are those of the cluster. */
function commonText(inventory: Inventory, name: string, otherwise: string) {
  const found = new Map<string, { readonly value: string; readonly source: string; readonly origin: Origin }>()
  for (const host of inventory.hosts.values()) {
    if (!host.vars.has(name)) continue
    const variable = resolveVar(inventory, host, name)
    if (variable === undefined || variable.value === null || variable.value === '') continue
    const { origin, value, source } = variable
    if (typeof value !== 'string') throw problemAt(otherwise, { origin })
    found.set(value, { value, source, origin })
  }
  const [first, second] = found.values()
  if (first === undefined || second === undefined) return first
  const problem: Problem = { message: `${name} differs between hosts`, hint: 'there is one for all: set it for `all`' }
  throw refused([first, second].map(({ origin }) => ({ ...problem, origin })))
}

function foundBeside(inventory: Inventory, rule: DefaultsRule, files: Files): Place | undefined {
  for (const folder of candidates(inventory.dir, rule.beside, files)) {
    const dir = shortest(folder, files)
    if (lookAt(dir, rule, files) !== undefined) return { dir, by: 'found beside the inventory', isFound: true }
  }
  return undefined
}

/**
 * A folder that the inventory lies in, the nearest first, or one of the name in it. The latter no further up than the
 * inventory's own repository, and not where anybody may put one.
 */
function candidates(from: string, name: string, files: Files): readonly string[] {
  const folders: string[] = []
  let isOwn = true
  for (let folder = from; ; folder = dirname(folder)) {
    const beside = join(folder, name)
    folders.push(folder)
    if (isOwn && !isOthers(folder)) folders.push(beside)
    if (files.kindOf(join(folder, '.git')) !== undefined) isOwn = false
    if (folder === dirname(folder)) return folders.filter(each => files.kindOf(each) === 'directory' && !isOthers(each))
  }
}

/** Whoever may write to it decides what is done on the hosts: it must be us or root alone. */
function isOthers(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false })
  const isOurs = found?.uid === 0 || found?.uid === process.getuid?.()
  return found === undefined || !isOurs || (found.mode & 0o002) !== 0
}

function shortest(path: string, files: Files): string {
  const short = relative(files.absolute('.'), path) || path
  return short.startsWith('../../..') || short.length > path.length ? path : short
}

function lookAt(dir: string, rule: DefaultsRule, files: Files): DefaultsFound | undefined {
  const folder: DefaultsFolder = {
    read: path => {
      const full = join(dir, path)
      if (files.kindOf(full) !== 'file') return undefined
      const read = files.read(full)
      return 'text' in read ? read.text : undefined
    },
    list: path => files.list(join(dir, path)),
  }
  return rule.look(folder)
}

function notOne({ dir, by, origin }: Place, rule: DefaultsRule, files: Files): Problem {
  const kind = files.kindOf(dir)
  const what =
    kind === undefined ? 'there is no such folder' : kind === 'file' ? 'it is a file' : `it is no ${rule.what}`
  return { message: `${by} names ${dir}: ${what}`, ...(origin && { origin }) }
}
