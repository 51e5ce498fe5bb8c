import { packageState } from '../facts/package.ts'
import { packageCandidate } from '../facts/package-candidate.ts'
import { packageLists } from '../facts/package-lists.ts'
import { raw } from '../program/shell.ts'
import { aptInstall, aptRemove } from './packages-apt.ts'
import { dnfInstall, dnfRemove } from './packages-dnf.ts'
import { type Change, defineTask } from './task.ts'

export interface PackagesArgs {
  /** Names; `name=version` pins one (`kubelet=1.30.4-1.1`, `kubelet=1.30.*`; dnf: version or version-release). */
  readonly names: readonly string[]
  /** Default present. `latest` upgrades to what the package lists know. */
  readonly state?: 'present' | 'absent' | 'latest'
  /** Fetch the package lists first when they are older, in seconds. Without it only when there are none or a package is not known. */
  readonly listsMaxAge?: number
  /** Install what is recommended too; default false. */
  readonly recommends?: boolean
  /** Keep these packages from being upgraded by others (`apt-mark hold`), true or false; held ones are then changed by this task. */
  readonly hold?: boolean
  /** Let Debian start the daemons of new packages; default true. */
  readonly start?: boolean
  /** Remove configuration files too (state absent, apt); default false. */
  readonly purge?: boolean
  /** Seconds to wait for another package manager that holds the lock; default 300. */
  readonly lockTimeout?: number
}

export interface Package {
  readonly name: string
  readonly version?: string
}

/**
 * Packages installed or removed, by apt or by dnf (yum), in one transaction.
 *
 * Facts: installed versions (one `dpkg-query` or `rpm`); for `latest` also the newest known ones and the age of the lists. A change:
 * one is missing, has another version than is asked for, is to be removed, or is (not) held. Refused: there is no such package manager,
 * a held package would have to change and `hold` is not given. Debian's questions are not asked, changed configuration files stay.
 * A virtual package can't be named: name the real one. Source: Ansible's `apt` and `dnf`.
 */
export const packages = defineTask<PackagesArgs>({
  name: 'packages',
  title: args =>
    `packages ${args.names.join(' ')}${args.state === undefined || args.state === 'present' ? '' : ` ${args.state}`}`,
  check: args => [
    ...(args.names.length === 0 ? ['names: is empty'] : []),
    ...args.names.flatMap(each =>
      /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+~:*^-]+)?$/.test(each)
        ? []
        : [`names: ${JSON.stringify(each)} is not a package, or name=version`],
    ),
    ...(args.state === 'absent' && args.names.some(each => each.includes('='))
      ? ['names: a version has no meaning when the package is to be absent']
      : []),
  ],
  facts: args =>
    wanted(args).flatMap(({ name }) => [
      packageState({ name }),
      ...(args.state === 'latest' ? [packageCandidate({ name })] : []),
      ...(args.listsMaxAge === undefined ? [] : [packageLists({})]),
    ]),
  plan: (args, facts, context): Change | undefined => {
    const states = wanted(args).map(item => ({ item, fact: facts.get(packageState({ name: item.name })) }))
    const missing = states.find(({ fact }) => fact.type === 'unavailable')
    if (missing?.fact.type === 'unavailable') return refuse(missing.fact.reason)
    const manager = states[0]?.fact.type !== 'unavailable' ? states[0]?.fact.manager : undefined
    if (args.state === 'absent') {
      const there = states.filter(({ fact }) => fact.type === 'installed').map(({ item }) => item.name)
      if (there.length === 0) return undefined
      return {
        summary: `installed: ${there.join(', ')}`,
        apply: manager === 'apt' ? aptRemove(there, args) : dnfRemove(there),
      }
    }
    const reasons: string[] = []
    const change: Package[] = []
    const held: string[] = []
    const marks: string[] = []
    for (const { item, fact } of states) {
      const latest = args.state === 'latest' ? facts.get(packageCandidate({ name: item.name })).version : undefined
      if (fact.type !== 'installed') {
        reasons.push(`${item.name} is not installed`)
        change.push(item)
      } else if (
        item.version !== undefined
          ? !isVersion(fact.version, item.version)
          : latest !== undefined && latest !== fact.version
      ) {
        reasons.push(`${item.name} ${fact.version} → ${item.version ?? latest}`)
        change.push(item)
        if (fact.held) held.push(item.name)
      }
      if (manager === 'apt' && args.hold !== undefined && (fact.type === 'installed' && fact.held) !== args.hold) {
        if (fact.type === 'installed' || args.hold) {
          marks.push(item.name)
          if (fact.type === 'installed') reasons.push(`${item.name} is ${args.hold ? 'not held' : 'held'}`)
        }
      }
    }
    const age = args.listsMaxAge === undefined ? undefined : facts.get(packageLists({})).age
    const stale = args.state === 'latest' && manager === 'apt' && age !== undefined && age > (args.listsMaxAge ?? 0)
    if (stale) reasons.push(`package lists are ${Math.round(age / 60)} minutes old`)
    if (reasons.length === 0) return undefined
    if (held.length > 0 && args.hold === undefined)
      return refuse(
        `${held.join(', ')} is held (apt-mark hold): give hold: true to change it all the same, or unhold it`,
      )
    if (manager === 'dnf' && args.hold !== undefined && change.length === 0) return undefined
    const all = stale ? wanted(args) : change
    return {
      summary: reasons.join(', '),
      apply: manager === 'apt' ? aptInstall(all, marks, args) : dnfInstall(all, args),
    }

    function refuse(reason: string): Change | undefined {
      // The package manager itself may come with an earlier change.
      if (context.changed && missing) return { summary: 'looked at again', apply: raw(':') }
      return { summary: 'cannot be installed', apply: raw(':'), refused: reason }
    }
  },
})

const wanted = (args: PackagesArgs): readonly Package[] =>
  args.names.map(each => {
    const [name = '', version] = each.split('=')
    return version === undefined ? { name } : { name, version }
  })

/** apt's `*` at any place; rpm may be asked for without release and without epoch. */
export function isVersion(installed: string, asked: string): boolean {
  const pattern = asked
    .split('*')
    .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return [installed, installed.replace(/^\d+:/, ''), installed.replace(/^\d+:/, '').replace(/-[^-]*$/, '')].some(
    (text, index) =>
      (index < 2 || !asked.includes('*')) &&
      (index < 2 || !asked.includes('-')) &&
      new RegExp(`^${pattern}$`).test(text),
  )
}
