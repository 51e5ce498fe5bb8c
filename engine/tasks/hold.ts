import { type PackageFact, packageState, versionLocks } from '../facts/index.ts'
import { raw, sh } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

export interface HoldArgs {
  /** Names as the package manager has them: `kubelet`. */
  readonly names: readonly string[]
  /** Default present. */
  readonly state?: 'present' | 'absent'
}

/**
 * Packages kept at the version that they have, whatever is upgraded around them: `apt-mark hold`, or dnf's (yum's)
 * plugin `versionlock`, which has to be installed (python3-dnf-plugin-versionlock). The task `packages` changes held
 * ones of apt by its own `hold`.
 *
 * Facts: the packages, and the list of the plugin. A change: one is not held, or is. Refused: a package to be held is
 * not installed, unless an earlier task may bring it; there is no such package manager. Source: `man apt-mark`,
 * Ansible's `dpkg_selections` and `community.general.dnf_versionlock`.
 */
export const hold = defineTask<HoldArgs>({
  name: 'hold',
  title: args => `hold ${args.names.join(' ')}${args.state === 'absent' ? ' absent' : ''}`,
  check: ({ names, state }) => [
    ...stateProblems(state),
    ...(names.length === 0 ? ['names: is empty'] : []),
    ...names.flatMap(name =>
      /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9]+)?$/.test(name)
        ? []
        : [`names: ${JSON.stringify(name)} is not a package`],
    ),
  ],
  facts: ({ names }) => [...names.map(name => packageState({ name })), versionLocks({})],
  plan: ({ names, state = 'present' }, facts, context): Change | undefined => {
    const refuse = (refused: string): Change => ({ summary: 'cannot be held', apply: raw(':'), refused })
    const locks = facts.get(versionLocks({}))
    const found = names.map(name => ({ name, fact: facts.get(packageState({ name })) }))
    const wrong = found.filter(({ name, fact }) => isHeld(name, fact, locks) !== (state === 'present'))
    const [first] = wrong
    if (first === undefined) return undefined
    if (first.fact.type === 'unavailable') {
      // The package manager itself may come with an earlier change: the next pass sees it.
      return context.changed
        ? { summary: 'checked again after the changes', apply: raw(':') }
        : refuse(first.fact.reason)
    }
    const missing = state === 'present' ? wrong.filter(({ fact }) => fact.type === 'absent') : []
    if (missing.length > 0 && !context.changed)
      return refuse(`${missing.map(({ name }) => name).join(', ')} is not installed: install it first, with packages()`)
    const list = wrong.map(({ name }) => name)
    return {
      summary: `${state === 'present' ? 'not held' : 'held'}: ${list.join(', ')}`,
      apply:
        first.fact.manager === 'apt'
          ? sh`apt-mark ${state === 'present' ? 'hold' : 'unhold'} ${list} >/dev/null`
          : sh`"$(command -v dnf || command -v yum)" -q versionlock ${state === 'present' ? 'add' : 'delete'} ${list}`,
    }
  },
})

/** Nothing is held where there is no package manager. */
const isHeld = (name: string, fact: PackageFact, locks: readonly string[]): boolean =>
  fact.type === 'unavailable'
    ? false
    : fact.manager === 'dnf'
      ? locks.includes(name)
      : fact.type === 'installed' && fact.held
