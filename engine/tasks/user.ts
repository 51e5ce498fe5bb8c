import type { FactRequest, Facts } from '../facts/index.ts'
import { group as groupFact, tool, type UserFact, user as userFact } from '../facts/index.ts'
import { raw, sh } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { accountProblems, numberProblems } from './group.ts'
import { type Change, defineTask } from './task.ts'

export interface UserArgs {
  readonly name: string
  readonly uid?: number
  /** Primary group; default: what the system does (Debian: a group of the same name). */
  readonly group?: string
  /** Supplementary groups that the user has to be in; others stay. */
  readonly groups?: readonly string[]
  readonly home?: string
  /** Make the home directory of a new user; default: not for a system user. */
  readonly createHome?: boolean
  readonly shell?: string
  readonly comment?: string
  /** A user of the system: takes a low number. Has a meaning only when it is made. */
  readonly system?: boolean
  /** Default present. A removed user's home stays. */
  readonly state?: 'present' | 'absent'
}

/**
 * A user. What is not given stays as it is; a home that changes is not moved.
 *
 * Facts: the name service; its groups only where some are given. A change: the user is missing (or there), or differs.
 * Refused: `useradd` is not installed. Source: `man useradd`, Ansible's `user` with `append: true`.
 */
export const user = defineTask<UserArgs>({
  name: 'user',
  title: args => `user ${args.name}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...accountProblems('name', args.name),
    ...(args.group === undefined ? [] : accountProblems('group', args.group)),
    ...(args.groups ?? []).flatMap(name => accountProblems('groups', name)),
    ...numberProblems('uid', args.uid),
    ...(['home', 'shell'] as const).flatMap(name =>
      args[name] === undefined || args[name].startsWith('/') ? [] : [`${name}: ${args[name]} is not an absolute path`],
    ),
    ...(args.name === 'root' && args.state === 'absent' ? ['name: root is not removed'] : []),
  ],
  facts: args => [
    askedOf(args),
    ...(args.group === undefined ? [] : [groupFact({ name: args.group })]),
    tool({ name: 'useradd' }),
  ],
  plan: (args, facts): Change | undefined => {
    const fact = facts.get(askedOf(args))
    const refused = facts.get(tool({ name: 'useradd' })).path === undefined ? 'useradd is not installed' : undefined
    const change = (summary: string, apply: Change['apply']): Change =>
      refused === undefined ? { summary, apply } : { summary, apply: raw(':'), refused }
    if (args.state === 'absent') return fact.type === 'absent' ? undefined : change('exists', sh`userdel ${args.name}`)
    if (fact.type === 'absent') {
      const home = args.createHome ?? !args.system
      const words = [
        ...(args.system ? ['-r'] : []),
        home ? '-m' : '-M',
        ...optionsOf(args),
        ...groupsOf(args.groups ?? []),
      ]
      return change('does not exist', sh`useradd ${[...words, args.name]}`)
    }
    const now = { ...fact, group: groupOf(args, fact, facts) }
    const wrong = (['uid', 'group', 'home', 'shell', 'comment'] as const).filter(
      name => args[name] !== undefined && args[name] !== now[name],
    )
    const missing = (args.groups ?? []).filter(name => !fact.groups?.includes(name))
    if (wrong.length === 0 && missing.length === 0) return undefined
    const differing = Object.fromEntries(wrong.map(name => [name, args[name]]))
    return change(
      [
        ...wrong.map(name => `${name} ${now[name]} → ${args[name]}`),
        ...(missing.length > 0 ? [`not in ${missing.join(', ')}`] : []),
      ].join(', '),
      sh`usermod ${[...optionsOf(differing), ...(missing.length > 0 ? ['-a', ...groupsOf(missing)] : []), args.name]}`,
    )
  },
})

const askedOf = ({ name, groups = [] }: UserArgs): FactRequest<UserFact> =>
  userFact({ name, ...(groups.length > 0 ? { groups: true } : {}) })

/** The wanted primary group where the user has it, else the number of the one it has. */
function groupOf({ group }: UserArgs, { gid }: { readonly gid: number }, facts: Facts): string | undefined {
  if (group === undefined) return undefined
  const wanted = facts.get(groupFact({ name: group }))
  return wanted.type === 'group' && wanted.gid === gid ? group : String(gid)
}

function optionsOf({ uid, group, home, shell, comment }: Partial<UserArgs>): readonly (string | number)[] {
  return [
    ...(uid === undefined ? [] : ['-u', uid]),
    ...(group === undefined ? [] : ['-g', group]),
    ...(home === undefined ? [] : ['-d', home]),
    ...(shell === undefined ? [] : ['-s', shell]),
    ...(comment === undefined ? [] : ['-c', comment]),
  ]
}

const groupsOf = (names: readonly string[]): readonly string[] => (names.length === 0 ? [] : ['-G', names.join(',')])
