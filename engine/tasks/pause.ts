import { sh } from '../shell/index.ts'
import { secondsProblems } from './checks.ts'
import { type Change, defineTask, type Task } from './task.ts'

export type PauseArgs =
  | {
      readonly seconds: number
      /** Also when nothing has changed before it; default false. */
      readonly always?: boolean
    }
  | {
      /** Question for the operator on the control machine, asked once for all hosts of a batch or window. */
      readonly prompt: string
    }

/**
 * A pause: for some seconds, after a change of the stage; or until the operator says yes. It changes nothing.
 * Source: Ansible's `pause`.
 */
export const pause = defineTask<PauseArgs>({
  name: 'pause',
  title: args => ('prompt' in args ? `ask: ${args.prompt}` : `pause ${args.seconds} s`),
  check: args => ('prompt' in args ? [] : secondsProblems('seconds', args.seconds)),
  facts: () => [],
  plan: (args, _facts, context): Change | undefined =>
    'prompt' in args || !(args.always || context.changed)
      ? undefined
      : { summary: `${args.seconds} s`, effect: 'wait', apply: sh`sleep ${args.seconds}` },
})

/** The question of a pause that asks one. */
export const promptOf = (task: Task): string | undefined => {
  const args = task.args
  return task.kind.name === 'pause' && typeof args === 'object' && args !== null && 'prompt' in args
    ? String(args.prompt)
    : undefined
}
