import type { Facts } from '../facts/index.ts'
import { type PackageFact, packageCandidate, packageLists, packageState } from '../facts/index.ts'
import { raw } from '../shell/index.ts'
import { stateProblems } from './checks.ts'
import { aptInstall, aptRemove } from './packages-apt.ts'
import type { Package, PackageName, PackagesArgs } from './packages-args.ts'
import { dnfInstall, dnfRemove } from './packages-dnf.ts'
import { type Change, defineTask } from './task.ts'

/**
 * Packages installed or removed, by apt or by dnf (yum), in one transaction.
 *
 * Facts: installed versions (one `dpkg-query` or `rpm`); for `latest` also the newest known ones and the age of the
 * lists. A change: one is missing, has another version than is asked for, is to be removed, or is (not) held. Refused:
 * there is no such package manager, a held package would have to change and `hold` is not given. Debian's questions are
 * not asked, changed configuration files stay. A virtual package can't be named: name the real one. Source: Ansible's
 * `apt` and `dnf`.
 */
export const packages = defineTask<PackagesArgs>({
  name: 'packages',
  title: args =>
    `packages ${args.names.map(shown).join(' ')}${args.state === undefined || args.state === 'present' ? '' : ` ${args.state}`}`,
  check: args => [
    ...stateProblems(args.state, ['present', 'absent', 'latest']),
    ...(args.names.length === 0 ? ['names: is empty'] : []),
    ...everyName(args).flatMap(each =>
      /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+~:*^-]+)?$/.test(each)
        ? []
        : [`names: ${JSON.stringify(each)} is not a package, or name=version`],
    ),
    ...(args.state === 'absent' && everyName(args).some(each => each.includes('='))
      ? ['names: a version has no meaning when the package is to be absent']
      : []),
  ],
  facts: args =>
    everyName(args)
      .map(parsed)
      .flatMap(({ name }) => [
        packageState({ name }),
        ...(args.state === 'latest' ? [packageCandidate({ name })] : []),
        ...(args.listsMaxAge === undefined ? [] : [packageLists({})]),
      ]),
  plan: (args, facts, context): Change | undefined => {
    const states = wanted(args, facts).map(item => ({ item, fact: facts.get(packageState({ name: item.name })) }))
    const unavailable = states.find(({ fact }) => fact.type === 'unavailable')?.fact
    if (unavailable?.type === 'unavailable') {
      // The package manager itself may come with an earlier change: the next pass sees it.
      if (context.changed) return { summary: 'checked again after the changes', apply: raw(':') }
      return refuse(unavailable.reason)
    }
    const known = states.flatMap(({ item, fact }) => (fact.type === 'unavailable' ? [] : [{ item, fact }]))
    return args.state === 'absent' ? planRemoval(args, known) : planInstallation(args, known, facts)
  },
})

interface Known {
  readonly item: Package
  readonly fact: Exclude<PackageFact, { readonly type: 'unavailable' }>
}

const refuse = (refused: string): Change => ({ summary: 'cannot be done', apply: raw(':'), refused })
const isHeld = ({ fact }: Known): boolean => fact.type === 'installed' && fact.held
const heldReason = (held: readonly Known[]): string =>
  `${held.map(({ item }) => item.name).join(', ')} is held (apt-mark hold): give hold: true or false to change it all the same`

function planRemoval(args: PackagesArgs, states: readonly Known[]): Change | undefined {
  const there = states.filter(({ fact }) => fact.type === 'installed')
  const names = there.map(({ item }) => item.name)
  if (names.length === 0) return undefined
  if (args.hold === undefined && there.some(isHeld)) return refuse(heldReason(there.filter(isHeld)))
  return {
    summary: `installed: ${names.join(', ')}`,
    apply: there[0]?.fact.manager === 'apt' ? aptRemove(names, args) : dnfRemove(names),
  }
}

function planInstallation(args: PackagesArgs, states: readonly Known[], facts: Facts): Change | undefined {
  const apt = states[0]?.fact.manager === 'apt'
  const latestOf = (item: Package): string | undefined =>
    args.state === 'latest' ? facts.get(packageCandidate({ name: item.name })).version : undefined
  const missing = states.filter(({ fact }) => fact.type === 'absent')
  const other = states.flatMap(state => {
    const { item, fact } = state
    if (fact.type === 'absent') return []
    const latest = latestOf(item)
    const right =
      item.version === undefined
        ? latest === undefined || latest === fact.version
        : isVersion(fact.version, item.version)
    return right ? [] : [{ state, summary: `${item.name} ${fact.version} → ${item.version ?? latest}` }]
  })
  const held = other.map(({ state }) => state).filter(isHeld)
  if (args.hold === undefined && held.length > 0) return refuse(heldReason(held))
  const marks = apt && args.hold !== undefined ? states.filter(state => isHeld(state) !== args.hold) : []
  const age = args.listsMaxAge === undefined ? undefined : facts.get(packageLists({})).age
  const listsAreOld = apt && args.state === 'latest' && age !== undefined && age > (args.listsMaxAge ?? 0)
  const reasons = [
    ...missing.map(({ item }) => `${item.name} is not installed`),
    ...other.map(({ summary }) => summary),
    ...marks
      .filter(({ fact }) => fact.type === 'installed')
      .map(({ item }) => `${item.name} is ${args.hold ? 'not held' : 'held'}`),
    ...(listsAreOld ? [`package lists are ${Math.round(age / 60)} minutes old`] : []),
  ]
  if (reasons.length === 0) return undefined
  const items = listsAreOld
    ? wanted(args, facts)
    : [...missing, ...other.map(({ state }) => state)].map(({ item }) => item)
  const names = marks.filter(state => args.hold || isHeld(state)).map(({ item }) => item.name)
  return { summary: reasons.join(', '), apply: apt ? aptInstall(items, names, args) : dnfInstall(items, args) }
}

const shown = (name: PackageName): string => (typeof name === 'string' ? name : name.apt)

const everyName = (args: PackagesArgs): readonly string[] =>
  args.names.flatMap(name => (typeof name === 'string' ? [name] : [name.apt, name.dnf]))

/** The packages under the names that the host's package manager has for them. */
function wanted(args: PackagesArgs, facts: Facts): readonly Package[] {
  const [first = ''] = everyName(args)
  const fact = facts.get(packageState({ name: parsed(first).name }))
  const manager = fact.type === 'unavailable' ? 'apt' : fact.manager
  return args.names.map(name => parsed(typeof name === 'string' ? name : name[manager]))
}

function parsed(each: string): Package {
  const [name = '', version] = each.split('=')
  return version === undefined ? { name } : { name, version }
}

/** apt's `*` at any place; rpm may be asked for without release and without epoch. */
export function isVersion(installed: string, asked: string): boolean {
  const withoutEpoch = installed.replace(/^\d+:/, '')
  if ([installed, withoutEpoch].some(text => isLike(text, asked))) return true
  return !asked.includes('*') && !asked.includes('-') && withoutEpoch.replace(/-[^-]*$/, '') === asked
}

/**
 * Each part is taken at the first place where it is: no other one can do better. As a regular expression it would take
 * time that grows with every `*`, and what is installed is the host's word.
 */
function isLike(text: string, asked: string): boolean {
  const [first = '', ...parts] = asked.split('*')
  const last = parts.pop()
  if (last === undefined) return text === asked
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const part of parts) {
    const found = text.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}
