import type { PathFact } from '../facts/index.ts'

/**
 * The physical path of what a task is about: a link at its end is not followed, unless it may be and `follow` says so.
 */
export function placeOf(path: string, fact: PathFact, follow = false): string {
  if (fact.type === 'unknown') return path
  return follow && fact.type === 'link' && fact.real !== '' ? fact.real : (fact.at ?? path)
}

/** Word for the functions of runtime.sh: nobody but root and this user had a say there when the host was probed. */
export const keptWord = (kept: boolean): readonly string[] => (kept ? ['kept'] : [])

/** Nobody else can put something else at the path itself. */
export const isKept = (fact: PathFact): boolean => fact.type !== 'unknown' && fact.exposed === undefined

/**
 * The same of what is new: whoever makes the missing directory that it goes into (a package, a command) may open it to
 * others.
 */
export const isKeptPlace = (fact: PathFact, parent: PathFact): boolean =>
  isKept(fact) && (fact.type !== 'absent' || isKeptDirectory(parent))

/** Nobody else can put anything into a directory. */
export const isKeptDirectory = (fact: PathFact): boolean => {
  const entry = fact.type === 'link' ? fact.to : fact
  return entry.type === 'directory' && entry.exposed === undefined && entry.open === undefined
}

/** Why a link at a path is in the way of a task that would have to follow it, or nothing. */
export const linkProblem = (path: string, fact: PathFact): string | undefined =>
  fact.type === 'link' && fact.foreign !== undefined
    ? `${path} is a link that is not followed: ${fact.foreign}`
    : undefined
