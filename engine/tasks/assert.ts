import { raw } from '../shell/index.ts'
import { type Change, type Computed, defineTask } from './task.ts'

export interface AssertArgs {
  /** What must be so, in a few words: `the swap is off`. */
  readonly that: string
  /**
   * `computed({ swap: path({ path: '/proc/swaps' }) }, facts => …)`: nothing when it is so, else the reason why not.
   */
  readonly holds: Computed<string | undefined>
}

/**
 * Something that must be so before the run goes on, judged from facts. It changes nothing. Facts: those it names.
 * Refused: it is not so; the message is the reason. Source: Ansible's `assert`.
 */
export const assert = defineTask<AssertArgs>({
  name: 'assert',
  unseen: ['that'],
  title: args => `assert that ${args.that}`,
  facts: args => args.holds.facts,
  plan: (args, facts): Change | undefined => {
    const reason = args.holds.compute(facts)
    return reason === undefined
      ? undefined
      : { summary: `it is not so that ${args.that}`, effect: 'wait', apply: raw(':'), refused: reason }
  },
})
