import { isFailure, type Problem } from '../failure/index.ts'
import { type Host, type Inventory, selectHosts } from '../inventory/index.ts'
import type { RunEvent } from '../journal/index.ts'
import type { Play } from '../playbook/index.ts'
import { isSelected, type TagSelection } from '../playbook/index.ts'
import type { AnyCluster, HostView, InventoryView, RoleCall } from '../role/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { shortest } from '../secrets/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { type ResolvedParams, resolveParams, texts } from '../values/index.ts'
import { batchGateProblems, batchGatesOf, clustersOfGates } from './batch-gates.ts'
import { type BoundPlay, type BoundRole, labelled } from './bound.ts'
import { checkPlay } from './check-play.ts'
import { type GivenByPlays, givenByPlays, lookupIn } from './cluster-values.ts'
import { hostContext, plainContext } from './contexts.ts'
import { hostsOf, isChosen, listed, nobodyAnywhere, nobodyIn, type PlayHosts } from './play-hosts.ts'
import { sameProblems } from './same-problems.ts'
import { inventoryView } from './views.ts'

export interface BindOptions {
  readonly limit?: string
  /** Every play that has hosts shall have some of them within `limit`. */
  readonly needsEveryPlay?: boolean
  readonly tags: TagSelection
  /** Told of every secret before a role gets it. */
  readonly redactor: Pick<Redactor, 'add'>
}

export interface NamedPlay extends BoundPlay {
  readonly named: PlayHosts
}

export interface Bound {
  readonly plays: readonly NamedPlay[]
  /** The inventory with what the plays give to the values of clusters. */
  readonly view: InventoryView
  /** What the plays give to them. */
  readonly given: GivenByPlays
  /** With these no task can be made. */
  readonly problems: readonly Problem[]
  /** Plays that need hosts and have none: a run is refused, a listing is not. */
  readonly needed: readonly Problem[]
  readonly notes: readonly RunEvent[]
}

interface Found {
  readonly problems: Problem[]
  readonly warnings: RunEvent[]
  readonly checks: ReturnType<typeof sameProblems>
}

/**
 * Hosts and params of every play, with all that is wrong with them at once: patterns, serials, params, what roles' own
 * checks and hooks find. No task is made yet.
 */
export function bindPlays(
  plays: readonly Play[],
  inventory: Inventory,
  options: BindOptions,
  viewOf: typeof inventoryView = inventoryView,
): Bound {
  const found: Found = { problems: [], warnings: [], checks: sameProblems() }
  const { problems, warnings, checks } = found
  const limited = withinLimit(inventory, options.limit)
  // Many plays have the same pattern.
  const byPattern = new Map<string, PlayHosts>()
  const allNamed = plays.map(play => {
    const pattern = [play.hosts].flat().join(',')
    const named = byPattern.get(pattern) ?? hostsOf(play, inventory)
    byPattern.set(pattern, named)
    return [play, named] as const
  })
  const given = givenByPlays(allNamed.map(([play, { everyone }]) => [play, everyone]))
  problems.push(...given.problems)
  const onSecrets = (secrets: readonly string[]) => options.redactor.add(secrets)
  const view = viewOf(inventory, given, onSecrets)
  const viewOfRight = viewOf(inventory, given, onSecrets, () => {})
  const bound = allNamed.map(([play, named]): NamedPlay => {
    problems.push(...checkPlay(play))
    const selected = named.everyone.filter(limited)
    if (options.needsEveryPlay && named.everyone.length > 0 && selected.length === 0)
      problems.push(leftOut(play, named.everyone.length))
    const tags = tagsOf(play.tags)
    const roles = labelled(play.roles ?? []).flatMap(({ call, label }) =>
      bindRole({ call, label, tags: [...tags, ...call.tags] }, selected, { inventory, view, options, found, given }),
    )
    const hosts = selected.map(host => view.host(host.name))
    const clusters = new Set(clustersOf(play))
    for (const host of hosts) {
      for (const cluster of clusters) withProblems(() => [view.cluster(cluster, host)], problems)
      problems.push(...withProblems(() => checkHooks(play, host, view), problems))
    }
    const refusals: Problem[] = []
    const wanted = withProblems(() => batchGatesOf(play, hosts, view), refusals)
    problems.push(...refusals)
    // What is wrong with one does not hide what is wrong with another.
    const gates = refusals.length === 0 ? wanted : asFarAsRight(() => batchGatesOf(play, hosts, viewOfRight))
    options.redactor.add(gates.flatMap(({ secrets }) => secrets))
    problems.push(...batchGateProblems(gates, view))
    return { play, tags, hosts, everyone: named.everyone.map(host => view.host(host.name)), roles, named }
  })
  problems.push(...inventoryProblems(bound, view), ...checks.problems())
  const needed = bound.flatMap(({ play, named }) => nobodyThough(play, named, { inventory, view, tags: options.tags }))
  const nobody = needed.length > 0 ? nobodyAnywhere(plays, inventory) : undefined
  if (options.needsEveryPlay) warnings.push(...someLeftOut(bound))
  return { plays: bound, view, given, problems, needed: nobody ? [nobody] : needed, notes: warnings }
}

/** A role with its params on every host. None where params are missing that nobody who selects these tags needs. */
function bindRole(
  { call, label, tags }: Pick<BoundRole, 'call' | 'label' | 'tags'>,
  hosts: readonly Host[],
  bind: {
    readonly inventory: Inventory
    readonly view: InventoryView
    readonly options: BindOptions
    readonly found: Found
    readonly given: GivenByPlays
  },
): readonly BoundRole[] {
  const { view, options, found } = bind
  const { problems, warnings, checks } = found
  const params = new Map<string, Readonly<Record<string, unknown>>>()
  const bound: BoundRole = { call, label, tags, params, prepared: undefined }
  const missing: Problem[] = []
  const seen = new Set<ResolvedParams>()
  for (const host of hosts) {
    const resolved = resolveFor(call, host, bind)
    if (!resolved) continue
    if (!resolved.ok) {
      if (seen.has(resolved)) continue
      seen.add(resolved)
      missing.push(...resolved.problems.filter(({ kind }) => kind === 'missing'))
      problems.push(...resolved.problems.filter(({ kind }) => kind === 'wrong'))
      continue
    }
    params.set(host.name, resolved.params)
    if (!seen.has(resolved)) warnings.push(...shortSecrets(call, label, resolved.params, warnings))
    seen.add(resolved)
    const { check } = call.role
    if (!check) continue
    const context = plainContext(bound, view.host(host.name), view)
    for (const message of withProblems(() => check(context as never), problems))
      checks.add(message, { origin: call.site, role: label, host: host.name })
  }
  // Whoever asks for another part of the playbook need not say what this one needs: a cluster without a virtual address
  // has hosts files.
  if (missing.length > 0 && !isSelected(tags, options.tags)) return []
  problems.push(...missing)
  return [bound]
}

/** A wrong `--limit` is refused before we get here. */
function withinLimit(inventory: Inventory, limit: string | undefined): (host: Host) => boolean {
  if (limit === undefined) return () => true
  const names = new Set(selectHosts(inventory, 'all', limit).map(host => host.name))
  return ({ name }) => names.has(name)
}

/** A play that the tags choose, that nobody is in, and that does not say that this may be. */
function nobodyThough(
  play: Play,
  found: PlayHosts,
  {
    inventory,
    view,
    tags,
  }: { readonly inventory: Inventory; readonly view: InventoryView; readonly tags: TagSelection },
): readonly Problem[] {
  const { optional = false } = play
  if (found.everyone.length > 0 || !isChosen(play, tags)) return []
  return (typeof optional === 'function' ? optional(view) : optional) ? [] : [nobodyIn(play, found, inventory)]
}

const leftOut = ({ name, site }: Play, count: number): Problem => ({
  message: `play "${name}" would be passed over: --limit leaves none of its ${count} hosts`,
  origin: site,
  hint: 'what this playbook does is done in every play or in none: leave --limit away, or let it name hosts of each',
})

/** A host may be down, and the others go on without it: it is named, for it needs the same later. */
function someLeftOut(plays: readonly NamedPlay[]): readonly RunEvent[] {
  const within = new Set(plays.flatMap(({ hosts }) => hosts.map(({ name }) => name)))
  const names = plays.flatMap(({ everyone }) => everyone.map(({ name }) => name)).filter(name => !within.has(name))
  if (names.length === 0) return []
  const text = `--limit leaves out ${listed([...new Set(names)])}: what this playbook does on every host is left undone there`
  return [{ kind: 'warning', text }]
}

/** Each function once: a dozen roles of a cluster ask the same of its hosts. */
function inventoryProblems(plays: readonly BoundPlay[], view: InventoryView): readonly Problem[] {
  const calls = plays.filter(({ hosts }) => hosts.length > 0).flatMap(({ play }) => play.roles ?? [])
  const checks = new Set(calls.flatMap(({ role }) => role.inventoryCheck ?? []))
  return [...checks].flatMap(check => check(view))
}

/** What a function says, and among the problems those of the inventory that kept it from saying more. */
function withProblems<T>(say: () => readonly T[], problems: Problem[]): readonly T[] {
  try {
    return say()
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    problems.push(...error.reason.problems)
    return []
  }
}

/** What is made of values of which some are left out; nothing where it needs one of those. */
function asFarAsRight<T>(make: () => readonly T[]): readonly T[] {
  try {
    return make()
  } catch {
    return []
  }
}

/** All that somebody in the play is handed. */
export const clustersOf = (play: Play): readonly AnyCluster[] => {
  const { cluster, gate, around = [], roles = [] } = play
  return [
    cluster,
    gate?.cluster,
    ...around.map(hook => hook.cluster),
    ...roles.map(({ role }) => role.cluster),
    ...clustersOfGates(play),
  ].flatMap(definition => definition ?? [])
}

const checkHooks = ({ around = [], site }: Play, host: HostView, view: InventoryView): readonly Problem[] =>
  around.flatMap(hook =>
    (hook.check?.(hostContext(hook.cluster, host, view) as never) ?? []).map(message => ({
      message: `${host.name}: ${message}`,
      origin: site,
    })),
  )

/** Nothing where a template of a value can't be evaluated: that is a problem of its own. */
function resolveFor(
  call: RoleCall,
  host: Host,
  { inventory, given, found, options }: Parameters<typeof bindRole>[2],
): ResolvedParams | undefined {
  try {
    const resolved = resolveParams(call, lookupIn(inventory, host), given.on(host.name))
    if (resolved.secrets.length > 0) options.redactor.add(resolved.secrets)
    return resolved
  } catch (error) {
    if (!isFailure(error, 'refused')) throw error
    found.problems.push(...error.reason.problems)
    return undefined
  }
}

/** Said once of each: it is not refused, for the daemon behind it may take no longer one. */
function shortSecrets(
  { role }: RoleCall,
  label: string,
  params: Readonly<Record<string, unknown>>,
  said: readonly RunEvent[],
): readonly RunEvent[] {
  return Object.entries(role.params.properties).flatMap(([name, schema]): readonly RunEvent[] => {
    const isShort = (text: string) => text.trim() !== '' && text.trim().length < shortest
    if (typeof schema !== 'object' || schema.secret !== true || !texts(params[name]).some(isShort)) return []
    const text = `role ${label}: the secret ${name} has fewer than ${shortest} characters, so it is hidden only where it stands alone`
    return said.some(note => note.kind === 'warning' && note.text === text) ? [] : [{ kind: 'warning', text }]
  })
}
