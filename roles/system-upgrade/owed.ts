import { defineTask, facts, raw, type Task } from 'rota'

const owed = defineTask<Record<never, never>>({
  name: 'rebootIsOwed',
  title: () => 'the reboot that is owed is left to the operator',
  facts: () => [facts.rebootRequired({})],
  plan: (_, seen) => {
    const { reason } = seen.get(facts.rebootRequired({}))
    if (reason === undefined) return undefined
    return {
      summary: `it has to be rebooted (${reason}), and system_upgrade_reboot is never`,
      effect: 'wait',
      apply: raw(':'),
      says: () => [`it has to be rebooted (${reason}), and system_upgrade_reboot is never: reboot it yourself`],
    }
  },
})

/** Says, in every run, that a host has to be rebooted where that is never done. It is no reason to drain it. */
export const rebootIsOwed = (): Task => owed({})
