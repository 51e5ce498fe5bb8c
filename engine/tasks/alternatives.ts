import { alternatives as alternativesFact } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { pathProblems, stateProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

export interface AlternativesArgs {
  /** Name of the group: `editor`, `iptables`. */
  readonly name: string
  /** The program to choose: `/usr/sbin/iptables-legacy`. */
  readonly path: string
  /** Where the group's link is: `/usr/sbin/iptables`. Needed only to bring in a choice that the host does not know. */
  readonly link?: string
  /** Of a choice; default 50 for one that is brought in. */
  readonly priority?: number
  /**
   * - `selected` (default): this choice is taken, and stays whatever a package brings later.
   * - `present`: it is one of the choices.
   * - `auto`: it is one, and the one of the highest priority is taken.
   * - `absent`: it is none of them.
   */
  readonly state?: 'selected' | 'present' | 'auto' | 'absent'
}

/**
 * Which of several programs a common name leads to, by `update-alternatives`. Choices of one group that belong together
 * (`slaves`) come with their packages.
 *
 * Facts: the group. A change: the choice is missing (or there), has another priority, or is not the one that is taken.
 * Refused: `update-alternatives` is not installed, or the choice is not known and `link` is not given; unless an
 * earlier task (a package) may bring it. Source: `man update-alternatives`, Ansible's `community.general.alternatives`.
 */
export const alternatives = defineTask<AlternativesArgs>({
  name: 'alternatives',
  title: ({ name, path, state }) =>
    `alternatives ${name} ${path}${state === undefined || state === 'selected' ? '' : ` ${state}`}`,
  check: ({ name, path, link, priority, state }) => [
    ...stateProblems(state, ['selected', 'present', 'auto', 'absent']),
    ...(/^[A-Za-z0-9_+][A-Za-z0-9_.+-]*$/.test(name)
      ? []
      : [`name: ${JSON.stringify(name)} is not the name of a group`]),
    ...pathProblems('path', path),
    ...(link === undefined ? [] : pathProblems('link', link)),
    ...(priority === undefined || Number.isInteger(priority) ? [] : [`priority: ${priority} is not a whole number`]),
  ],
  facts: ({ name }) => [alternativesFact({ name })],
  plan: (args, facts, context): Change | undefined => {
    const { name, path, state = 'selected' } = args
    const fact = facts.get(alternativesFact({ name }))
    const refuse = (refused: string): Change => ({ summary: 'cannot be chosen', apply: raw(':'), refused })
    const group = fact.type === 'group' ? fact : undefined
    const choice = group?.choices.find(each => each.path === path)
    if (state === 'absent')
      return choice && { summary: 'is a choice', apply: sh`update-alternatives --remove ${name} ${path}` }
    if (fact.type === 'unavailable' && !context.changed) return refuse('update-alternatives is not installed')
    const link = args.link ?? group?.link
    const priority = args.priority ?? choice?.priority ?? 50
    const steps: (Step | false)[] = [
      choice?.priority !== priority && {
        summary: choice ? `priority ${choice.priority} → ${priority}` : 'is no choice',
        apply: link === undefined ? raw(':') : sh`update-alternatives --install ${link} ${name} ${path} ${priority}`,
      },
      state === 'selected' &&
        (group?.current !== path || group.mode !== 'manual') && {
          summary: group?.current === path ? 'auto → manual' : `${group?.current ?? '(none)'} → ${path}`,
          apply: sh`update-alternatives --set ${name} ${path}`,
        },
      state === 'auto' &&
        group?.mode !== 'auto' && { summary: 'manual → auto', apply: sh`update-alternatives --auto ${name}` },
    ]
    const needed = steps.filter(step => step !== false)
    if (needed.length === 0) return undefined
    if (link === undefined && choice?.priority !== priority && !context.changed)
      return refuse(
        choice
          ? `the priority of ${path} is ${choice.priority}: give link too, to change it`
          : `${path} is no choice of ${name} on this host: is a package missing? To bring it in, give link`,
      )
    return {
      summary: needed.map(({ summary }) => summary).join(', '),
      apply: lines(needed.map(({ apply }) => apply)),
    }
  },
})

interface Step {
  readonly summary: string
  readonly apply: Shell
}
