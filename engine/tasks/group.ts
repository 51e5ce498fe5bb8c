import { group as groupFact, tool } from '../facts/index.ts'
import { raw, sh } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

export interface GroupArgs {
  readonly name: string
  readonly gid?: number
  /** A group of the system: takes a low number. Has a meaning only when it is made. */
  readonly system?: boolean
  /** Default present. */
  readonly state?: 'present' | 'absent'
}

/**
 * A group. Facts: one `getent`. A change: it is missing (or there), or has another number. Refused: `groupadd` is not
 * installed. Source: `man groupadd`, Ansible's `group`.
 */
export const group = defineTask<GroupArgs>({
  name: 'group',
  title: args => `group ${args.name}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...accountProblems('name', args.name),
    ...numberProblems('gid', args.gid),
  ],
  facts: args => [groupFact({ name: args.name }), tool({ name: 'groupadd' })],
  plan: (args, facts): Change | undefined => {
    const fact = facts.get(groupFact({ name: args.name }))
    const refused = facts.get(tool({ name: 'groupadd' })).path === undefined ? 'groupadd is not installed' : undefined
    const change = (summary: string, apply: Change['apply']): Change =>
      refused === undefined ? { summary, apply } : { summary, apply: raw(':'), refused }
    if (args.state === 'absent') return fact.type === 'absent' ? undefined : change('exists', sh`groupdel ${args.name}`)
    const number = args.gid === undefined ? [] : ['-g', args.gid]
    if (fact.type === 'absent')
      return change('does not exist', sh`groupadd ${[...(args.system ? ['-r'] : []), ...number, args.name]}`)
    if (args.gid === undefined || args.gid === fact.gid) return undefined
    return change(`number ${fact.gid} → ${args.gid}`, sh`groupmod ${[...number, args.name]}`)
  },
})

export const accountProblems = (name: string, value: string): readonly string[] =>
  /^[a-z_][a-z0-9_.-]{0,31}\$?$/i.test(value) ? [] : [`${name}: ${JSON.stringify(value)} is not a name for an account`]

export const numberProblems = (name: string, value: number | undefined): readonly string[] =>
  value === undefined || (Number.isInteger(value) && value >= 0)
    ? []
    : [`${name}: ${value} is not a number of an account`]
