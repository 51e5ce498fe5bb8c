import { posix } from 'node:path'
import type { FactRequest, Facts } from '../facts/index.ts'
import { bytesOf, followed, type PathFact, path as pathFact } from '../facts/index.ts'
import { blob, lines, raw, type Shell, sh } from '../shell/index.ts'
import { fourDigits, modeProblems, ownerProblems, pathProblems } from './checks.ts'
import { type LocalSource, localBytes, sha256 } from './local.ts'
import { type Owned, ownedDifferences, ownWords } from './owned.ts'
import { isKept, isKeptDirectory, keptWord, placeOf } from './place.ts'
import { holdsSecret, isOpen } from './secret.ts'
import { type Change, type Computed, type Diff, isComputed, type PlanContext } from './task.ts'

/** What every task that writes one file accepts. */
export interface InstallOptions extends Owned {
  /**
   * Absolute. A link that only root (or this user) could have made is followed: what it leads to is written. Another
   * one is replaced by the file, and refused where it is a directory on the way.
   */
  readonly path: string
  /**
   * Shell command that checks the new file before it takes the old one's place; its path is added at the end or put in
   * the place of `%s`. A failure leaves the old file as it is and shows what the checker said.
   */
  readonly validate?: string
  /** Keep the replaced version under /var/lib/rota/backup; default true. */
  readonly backup?: boolean
  readonly secret?: boolean
}

export type Content = Uint8Array | LocalSource

export const checkInstall = (args: InstallOptions): readonly string[] =>
  pathProblems('path', args.path).concat(
    modeProblems(args.mode),
    ownerProblems(args),
    args.secret && isOpen(args.mode) ? [`mode: ${args.mode} opens a secret to others: 0600 at most`] : [],
  )

/**
 * The facts that `planInstall` reads. A plan without a diff may follow a probe for one, so the sum alone is always
 * among them.
 */
export const installFacts = (path: string, content: Wanted, diff: boolean): readonly FactRequest[] => [
  installFact(path, content, false),
  ...(diff ? [installFact(path, content, true)] : []),
  parentFact(path),
]

/** What is at the path; for a diff with its content, unless that is the wanted one. */
export const installFact = (path: string, content: Wanted, diff: boolean): FactRequest<PathFact> =>
  pathFact({
    path,
    sha256: true,
    ...(diff ? { content: isComputed(content) ? true : { unless: sumOf(content) } } : {}),
  })

/** The content that a file is to have, as far as it is known before the probe. */
type Wanted = string | Content | Computed<unknown>

const sumOf = (content: string | Content): string =>
  typeof content === 'string' || content instanceof Uint8Array ? sha256(content) : content.sha256

/** The facts that `planInstall` reads of a file whose content has been asked for. */
export const editFacts = (path: string): readonly FactRequest[] => [editFact(path), parentFact(path)]

export const editFact = (path: string): FactRequest<PathFact> => pathFact({ path, sha256: true, content: true })

const parentFact = (path: string): FactRequest<PathFact> => pathFact({ path: posix.dirname(path) })

/** Reasons for which a file can't be written, as far as the probe can tell. */
export function cannotInstall(path: string, fact: PathFact, facts: Facts, context: PlanContext): string | undefined {
  const entry = followed(fact)
  if (entry.type === 'unknown') return entry.reason
  if (fact.type === 'link' && fact.real === '' && fact.foreign === undefined)
    return `${path} is a link to ${fact.target}, whose directory does not exist`
  if (entry.type === 'file') return entry.unreadable ? `${path} may not be read by this user: use become` : undefined
  if (entry.type !== 'absent') return `${path} is a ${entry.type}, not a file`
  const parent = followed(facts.get(parentFact(path)))
  if (parent.type === 'absent' && !context.changed && fact.type !== 'link')
    return `the directory ${posix.dirname(path)} does not exist: make it with directory() first`
  return undefined
}

export interface Install extends InstallOptions {
  readonly content: Content
  /** Mode of a file that is new and has none given. */
  readonly newMode?: string
  /** Runs before and after, in the same change. */
  readonly before?: Shell
  readonly after?: Shell
}

/** Change that makes a file have this content, owner and mode, or nothing. */
export function planInstall(wanted: Install, fact: PathFact, facts: Facts, context: PlanContext): Change | undefined {
  const { path, content } = wanted
  const refused = cannotInstall(path, fact, facts, context)
  if (refused !== undefined) return { summary: 'cannot be written', apply: raw(':'), refused }
  const entry = followed(fact)
  const same = entry.type === 'file' && entry.sha256 === sumOf(content)
  const differences = entry.type === 'file' ? ownedDifferences(entry, wanted) : []
  if (same && differences.length === 0) return undefined
  const target = placeOf(path, fact, true)
  const kept =
    fact.type === 'link' && fact.real !== ''
      ? isKept(fact.to)
      : isKept(fact) && isKeptDirectory(facts.get(parentFact(path)))
  // A name that somebody else can lead elsewhere gets no owner and no mode: the file is replaced.
  if (same && kept)
    return {
      summary: differences.join(', '),
      apply: around(
        wanted,
        lines([...backup(wanted, target), sh`rota_own_file ${target} ${ownWords(wanted)} ${keptWord(kept)}`]),
      ),
      ...keeps(wanted),
    }
  const hides = wanted.secret || holdsSecret(content, context.isSecret)
  const diff = context.diff && !hides ? diffOf(path, content, fact) : undefined
  return {
    summary: summaryOf(fact, same, differences),
    apply: around(wanted, write({ ...wanted, secret: hides }, target, kept, fact)),
    ...keeps(wanted),
    ...(diff === undefined ? {} : { diff }),
  }
}

const backup = ({ backup: isWanted, secret }: Install, target: string): readonly Shell[] =>
  isWanted === false ? [] : [sh`rota_backup ${target} ${secret ? ['secret'] : []}`]

const keeps = ({ backup: isWanted }: Install): Pick<Change, 'keeps'> => (isWanted === false ? {} : { keeps: 'all' })

const around = ({ before, after }: Install, apply: Shell): Shell =>
  lines([...(before ? [before] : []), apply, ...(after ? [after] : [])])

function summaryOf(fact: PathFact, same: boolean, differences: readonly string[]): string {
  if (fact.type === 'link' && fact.foreign !== undefined) return `is a link that is not followed: ${fact.foreign}`
  if (followed(fact).type === 'absent') return 'does not exist'
  return [...(same ? [] : ['content differs']), ...differences].join(', ')
}

function write(wanted: Install, target: string, kept: boolean, fact: PathFact): Shell {
  const entry = followed(fact)
  const there = entry.type === 'file' ? entry : undefined
  const mode = fourDigits(wanted.mode ?? there?.mode ?? wanted.newMode ?? (wanted.secret ? '0600' : '0644'))
  // A replaced file keeps its owner (by number: the account may be gone), as with Ansible; runtime.sh leaves the owner
  // alone where it is empty.
  const owner = wanted.owner ?? there?.uid ?? ''
  const group = wanted.group ?? there?.gid ?? ''
  return lines([
    sh`new=${blob(wanted.content, kept ? target : undefined)}`,
    ...(wanted.validate === undefined ? [] : [validation(wanted.validate, wanted.path)]),
    // Also of a file that is new: the backup then says that there was none.
    ...backup(wanted, target),
    sh`rota_install "$new" ${target} ${mode} ${owner} ${group} ${keptWord(kept)}`,
  ])
}

function validation(command: string, path: string): Shell {
  const text = command.includes('%s') ? command.replaceAll('%s', '"$new"') : `${command} "$new"`
  return sh`if said=$( ${raw(text)} 2>&1 ); then :; else
  code=$?
  printf '%s\n' ${`the new ${path} was refused by: ${shortOf(command)}`} "$said" "exit code $code; the old file is still in place" >&2
  exit 1
fi`
}

/** Of a checker of several lines the first one, which may be a comment that says what it does. */
const shortOf = (command: string): string => (command.split('\n')[0] ?? '').replace(/^# /, '')

const largestDiff = 256 * 1024

function diffOf(path: string, content: Content, fact: PathFact): Diff | undefined {
  const size = content instanceof Uint8Array ? content.byteLength : content.size
  if (size > largestDiff) return undefined
  const before = followed(fact).type === 'absent' ? new Uint8Array() : bytesOf(fact)
  const after = content instanceof Uint8Array ? content : localBytes(content)
  if (before === undefined) return undefined
  const texts = [before, after].map(textOf)
  const [old, young] = texts
  return old === undefined || young === undefined ? undefined : { path, before: old, after: young }
}

/** Text of bytes, or nothing where they are not UTF-8 text. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
