import { posix } from 'node:path'
import { path as pathFact } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { pathProblems } from './checks.ts'
import { isKeptPlace, keptWord, placeOf } from './place.ts'
import { defineTask } from './task.ts'

export interface LinkArgs {
  /** Absolute path of the link. */
  readonly path: string
  /** Where it leads to, written as it shall be (relative or not). It need not exist. */
  readonly target: string
  /** Put it in the place of a regular file; default false. A directory is never replaced. */
  readonly force?: boolean
}

/**
 * A symbolic link. Replaced by a rename, so that there is no moment without it.
 *
 * Facts: one path. A change: there is no link, or it leads elsewhere. Refused: a directory, or without `force` a file,
 * is at the path. Source: Ansible's `file: state=link`.
 */
export const link = defineTask<LinkArgs>({
  name: 'link',
  title: args => `link ${args.path} → ${args.target}`,
  check: args => [
    ...pathProblems('path', args.path),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    ...(args.target === '' || /[\u0000-\u001f]/.test(args.target)
      ? ['target: is empty or holds a control character']
      : []),
  ],
  facts: args => [pathFact({ path: args.path }), parentFact(args)],
  plan: (args, facts) => {
    const fact = facts.get(pathFact({ path: args.path }))
    if (fact.type === 'link' && fact.target === args.target) return undefined
    if (fact.type === 'unknown') return { summary: 'cannot be made', apply: raw(':'), refused: fact.reason }
    if (fact.type === 'directory' || (fact.type !== 'absent' && fact.type !== 'link' && !args.force)) {
      const hint = fact.type === 'directory' ? 'remove it first' : 'force: true replaces it'
      return { summary: 'cannot be made', apply: raw(':'), refused: `${args.path} is a ${fact.type}: ${hint}` }
    }
    return {
      summary:
        fact.type === 'link'
          ? `leads to ${fact.target === '' ? 'a name with control characters' : fact.target}`
          : fact.type === 'absent'
            ? 'does not exist'
            : `is a ${fact.type}`,
      apply: lines([
        sh`rota_backup ${placeOf(args.path, fact)}`,
        sh`rota_link ${args.target} ${placeOf(args.path, fact)} ${keptWord(isKeptPlace(fact, facts.get(parentFact(args))))}`,
      ]),
      keeps: 'all',
    }
  },
})

const parentFact = (args: LinkArgs) => pathFact({ path: posix.dirname(args.path) })
