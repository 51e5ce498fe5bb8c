import { followed, path as pathFact } from '../facts/path.ts'
import { lines, raw, sh } from '../program/shell.ts'
import { modeProblems, ownerProblems, pathProblems } from './checks.ts'
import { type Owned, own, ownedDifferences } from './owned.ts'
import { defineTask } from './task.ts'

export interface DirectoryArgs extends Owned {
  /** Absolute. Missing directories on the way are made too, with 0755. */
  readonly path: string
}

/**
 * A directory with this mode and owner. A new one gets 0755 and belongs to who makes it, where nothing else is given.
 *
 * Facts: one path. A change: it does not exist, or mode or owner differ. A link to a directory is one. Refused: something else is at the
 * path. Source: Ansible's `file: state=directory`.
 */
export const directory = defineTask<DirectoryArgs>({
  name: 'directory',
  title: args => `directory ${args.path}`,
  check: args => [...pathProblems('path', args.path), ...modeProblems(args.mode), ...ownerProblems(args)],
  facts: args => [pathFact({ path: args.path })],
  plan: (args, facts) => {
    const fact = facts.get(pathFact({ path: args.path }))
    const entry = followed(fact)
    if (fact.type !== 'link' && entry.type === 'absent')
      return {
        summary: 'does not exist',
        apply: lines([sh`(umask 022; mkdir -p ${args.path})`, own(args.path, args)]),
      }
    if (entry.type !== 'directory') {
      const what = entry.type === 'unknown' ? entry.reason : `${args.path} is ${described(fact.type)}, not a directory`
      return { summary: 'cannot be made', apply: raw(':'), refused: what }
    }
    const differences = ownedDifferences(entry, args)
    if (differences.length === 0) return undefined
    return { summary: differences.join(', '), apply: own(fact.type === 'link' ? fact.real : args.path, args) }
  },
})

const described = (type: string): string => (type === 'link' ? 'a link that does not lead to one' : `a ${type}`)
