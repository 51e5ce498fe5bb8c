import { posix } from 'node:path'
import { followed, type PathEntry, type PathFact, path as pathFact } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { fourDigits, modeProblems, ownerProblems, pathProblems } from './checks.ts'
import { type Owned, ownedDifferences, ownWords } from './owned.ts'
import { isKeptPlace, keptWord, linkProblem, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface DirectoryArgs extends Owned {
  /** Absolute. Missing directories on the way are made too, with 0755. */
  readonly path: string
}

/**
 * A directory with this mode and owner. A new one gets 0755 and belongs to who makes it, where nothing else is given.
 *
 * Facts: one path. A change: it does not exist, or mode or owner differ. A link to a directory is one, if only root (or
 * this user) could have made it. Refused: something else is at the path. Source: Ansible's `file: state=directory`.
 */
export const directory = defineTask<DirectoryArgs>({
  name: 'directory',
  title: args => `directory ${args.path}`,
  check: args => [...pathProblems('path', args.path), ...modeProblems(args.mode), ...ownerProblems(args)],
  facts: args => [pathFact({ path: args.path }), parentFact(args)],
  plan: (args, facts) => {
    const fact = facts.get(pathFact({ path: args.path }))
    const entry = followed(fact)
    const place = placeOf(args.path, fact, true)
    const kept = isKeptPlace(entry, facts.get(parentFact(args)))
    const apply = sh`rota_directory ${place} ${ownWords(args)} ${keptWord(kept)}`
    if (fact.type !== 'link' && entry.type === 'absent') {
      const after = { ...left(args, fact), ...(kept ? {} : { exposed: `${args.path} may have been led elsewhere` }) }
      return {
        summary: 'does not exist',
        apply,
        leaves: [[pathFact({ path: args.path }), after]],
        ...opens(place, after),
      }
    }
    if (entry.type !== 'directory') {
      const what = entry.type === 'unknown' ? entry.reason : `${args.path} is ${described(fact.type)}, not a directory`
      return { summary: 'cannot be made', apply: raw(':'), refused: linkProblem(args.path, fact) ?? what }
    }
    const differences = ownedDifferences(entry, args)
    if (differences.length === 0) return undefined
    const after = left(args, entry)
    return {
      summary: differences.join(', '),
      apply: lines([sh`rota_backup ${place}`, apply]),
      keeps: 'all',
      leaves: [[pathFact({ path: args.path }), fact.type === 'link' ? { ...fact, to: after } : after]],
      ...opens(place, after),
    }
  },
})

const parentFact = (args: DirectoryArgs) => pathFact({ path: posix.dirname(args.path) })

const opens = (place: string, { open }: PathEntry): Pick<Change, 'opens'> =>
  open === undefined ? {} : { opens: place }

/** What is there afterwards: the tasks that put something into it have to know who else may. */
function left(args: DirectoryArgs, before: PathFact): PathEntry {
  const found: PathEntry =
    before.type === 'directory' ? before : { ...(before.type === 'absent' ? before : {}), ...made }
  const mode = fourDigits(args.mode ?? found.mode)
  const { open: _, ...entry } = found
  const ours =
    (args.owner === undefined ? found.uid === 0 : isRoot(args.owner)) && (Number.parseInt(mode, 8) & 0o022) === 0
  return {
    ...entry,
    type: 'directory',
    mode,
    owner: args.owner ?? found.owner,
    group: args.group ?? found.group,
    ...(ours ? {} : { open: `${args.path} may be written by others` }),
  }
}

const made = {
  type: 'directory',
  mode: '0755',
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: 0,
  modified: 0,
} as const
const isRoot = (owner: string): boolean => owner === 'root' || owner === '0'

const described = (type: string): string => (type === 'link' ? 'a link that does not lead to one' : `a ${type}`)
