import { expressionOf, patternOfPackages, type UpgradableFact, upgradable } from '../facts/index.ts'
import { raw } from '../shell/index.ts'
import { aptUpgrade } from './packages-apt.ts'
import { dnfUpgrade } from './packages-dnf.ts'
import { type Change, type Diff, defineTask } from './task.ts'
import { keptFilesIn, removesWhatStays } from './upgrade-words.ts'

export interface UpgradeArgs {
  /** Packages that are neither upgraded nor removed: names, with `*` and `?`. */
  readonly except?: readonly string[]
  /** Packages that may be upgraded and are never removed. */
  readonly keep?: readonly string[]
  /** Seconds: older package lists are fetched anew; default 3600. */
  readonly listsMaxAge?: number
  /** Seconds to wait for another package manager that holds the lock; default 300. */
  readonly lockTimeout?: number
  /** Delete files of packages that can't be had any more (`apt-get autoclean`); default false. */
  readonly autoclean?: boolean
}

/**
 * All packages of a host at their newest versions, by apt (`dist-upgrade`) or dnf (yum), in one transaction.
 *
 * Facts: what the package manager itself says that it would do. A change: something is to be upgraded, or was left half
 * done; what apt takes for no longer needed goes with it, and is no reason by itself. Held packages stay (`apt-mark
 * hold`, versionlock). Refused: lists can't be fetched, what has to stay would be removed, there is no package manager.
 * Nothing is asked; files of configuration that somebody changed stay, and are named. Source: Ansible's `apt` with
 * `upgrade: dist`, `dnf` with `name: '*'`.
 */
export const upgrade = defineTask<UpgradeArgs>({
  name: 'upgrade',
  title: ({ except = [] }) => `upgrade all packages${except.length === 0 ? '' : ' but those that stay'}`,
  check: ({ except = [], keep = [] }) =>
    [...except, ...keep].flatMap(each =>
      patternOfPackages.test(each) ? [] : [`${JSON.stringify(each)} is no name of packages`],
    ),
  facts: args => [upgradable(askedFor(args))],
  plan: (args, facts, context): Change | undefined => {
    const { except = [], keep = [], listsMaxAge = hour, lockTimeout = 300, autoclean = false } = args
    const fact = facts.get(upgradable(askedFor(args)))
    if (fact.type !== 'known')
      // The package manager, or what it lacks, may come with an earlier change: the next pass sees it.
      return context.changed ? { summary: 'checked again after the changes', apply: raw(':') } : refuse(fact.reason)
    if (!fact.due) return undefined
    const stays = [...except, ...keep].map(glob => new RegExp(expressionOf(glob)))
    const lost = fact.removals.filter(name => stays.some(pattern => pattern.test(name)))
    if (lost.length > 0) return refuse(`${removesWhatStays(lost.join(', '))}: see why with ${simulation[fact.manager]}`)
    const diff = context.diff ? diffOf(fact) : undefined
    return {
      summary: summaryOf(fact),
      apply:
        fact.manager === 'apt'
          ? aptUpgrade({ except, keep, listsMaxAge, lockTimeout, autoclean })
          : dnfUpgrade({ except, listsMaxAge, lockTimeout }),
      says: keptFilesIn,
      ...(diff === undefined ? {} : { diff }),
    }
  },
})

const hour = 3600

const simulation = { apt: 'apt-get -s dist-upgrade', dnf: 'dnf --assumeno upgrade' } as const

const askedFor = ({ except = [], listsMaxAge = hour }: UpgradeArgs) => ({ except, listsMaxAge })

const refuse = (refused: string): Change => ({ summary: 'cannot be done', apply: raw(':'), refused })

type Known = Extract<UpgradableFact, { readonly type: 'known' }>

/** How many are named: the others are in the diff. */
const most = 12

function summaryOf({ upgrades, removals, keptBack, unfinished }: Known): string {
  const some = (list: readonly string[]): string =>
    list.length > most ? `${list.slice(0, most).join(', ')} and ${list.length - most} more` : list.join(', ')
  const left = unfinished.filter(name => name !== '')
  return [
    ...(unfinished.length === 0
      ? []
      : [`an earlier run of the package manager was cut short${left.length === 0 ? '' : `: ${some(left)}`}`]),
    ...(upgrades.length === 0
      ? []
      : [
          `${upgrades.length} ${upgrades.length === 1 ? 'package' : 'packages'}: ${some(upgrades.map(({ name, from, to }) => `${name} ${from === undefined ? to : `${from} → ${to}`}`))}`,
        ]),
    ...(removals.length === 0 ? [] : [`goes: ${some(removals)}`]),
    ...(keptBack.length === 0 ? [] : [`kept back: ${some(keptBack)}`]),
  ].join('; ')
}

function diffOf({ upgrades, removals }: Known): Diff {
  const text = (rows: readonly string[]): string =>
    [...rows]
      .sort()
      .map(row => `${row}\n`)
      .join('')
  return {
    path: 'packages',
    before: text([
      ...upgrades.flatMap(({ name, from }) => (from === undefined ? [] : [`${name} ${from}`])),
      ...removals,
    ]),
    after: text(upgrades.map(({ name, to }) => `${name} ${to}`)),
  }
}
