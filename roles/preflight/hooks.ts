import { type Check, type Finding, hostCheck, sharedParams } from 'rota'

const hook = (variable: string) =>
  ({
    type: 'array',
    items: { type: 'string', text: 'line' },
    default: [],
    var: variable,
    description: "Files of Ansible's tasks that kubespray would run. Here they are not run, which is told.",
  }) as const

/** kubespray's, of 2.26 and later. */
export const hookParams = sharedParams({
  preCordonHooks: hook('pre_cordon_hooks'),
  preUpgradeHooks: hook('pre_upgrade_hooks'),
  postUpgradeHooks: hook('post_upgrade_hooks'),
  postUncordonHooks: hook('post_uncordon_hooks'),
})

type Hooks = Readonly<Record<keyof typeof hookParams, readonly string[]>>

/** Who relies on a hook must know before the night that it is passed over. */
export function hooksAreNone(params: Hooks): readonly Check[] {
  const set = hooksThatAreSet(params)
  return set.length === 0
    ? []
    : [hostCheck({ name: "hooks of kubespray's upgrade", facts: {}, verdict: () => judgeHooks(set) })]
}

/** Their variables. */
export const hooksThatAreSet = (params: Hooks): readonly string[] =>
  Object.entries(hookParams).flatMap(([name, { var: variable }]) =>
    params[name as keyof Hooks].length > 0 ? [variable] : [],
  )

export const judgeHooks = (set: readonly string[]): Finding => ({
  ok: true,
  expected: 'none: tasks of Ansible are not run',
  saw: set.join(', '),
  warnings: [
    `${set.join(', ')}: the inventory names tasks of Ansible there, and they are not run. Write what they do as an \`around\` of a playbook of your own, or do it by hand (docs/roles.md)`,
  ],
})
