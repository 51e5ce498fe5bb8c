import { InventoryError, type Problem } from '../failure/index.ts'
import { type Host, type Inventory, selectHosts } from '../inventory/index.ts'
import type { RunEvent } from '../journal/index.ts'
import type { Play } from '../playbook/index.ts'
import { checkSerial, isSelected, type TagSelection } from '../playbook/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { shortest } from '../secrets/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { type ResolvedParams, resolveParams, texts } from '../values/index.ts'
import { type BoundRole, buildWork, labelled, noPeers, paramsOn } from './build.ts'
import { checksOn } from './checks.ts'
import { checkOnce } from './once.ts'
import { hostsOf, isChosen, nobodyIn, type PlayHosts, whyNobody } from './play-hosts.ts'
import type { ReadyPlay } from './ready-play.ts'
import { sameProblems } from './same-problems.ts'
import { secretProblems } from './secret-problems.ts'
import { lookupIn } from './views.ts'
import type { HostWork } from './work.ts'

export interface Readied {
  readonly plays: readonly ReadyPlay[]
  readonly problems: readonly Problem[]
  /** The params are right, so tasks can be made of them; problems may be left all the same. */
  readonly hasTasks: boolean
  readonly notes: readonly RunEvent[]
}

export interface ReadyOptions {
  readonly limit?: string
  /** Every play that has hosts shall have some of them within `limit`. */
  readonly whole?: boolean
  readonly tags: TagSelection
  /** Told of every secret before a role gets it. */
  readonly hidden: Pick<Redactor, 'add' | 'isIn'>
}

/**
 * Everything that can be wrong is found here, for all plays, hosts and roles at once, before the first connection: patterns, serials,
 * params, tasks' arguments. Nothing is written, here or on a host.
 */
export async function readyPlays(
  plays: readonly Play[],
  inventory: Inventory,
  view: InventoryView,
  options: ReadyOptions,
): Promise<Readied> {
  const problems: Problem[] = []
  const warnings: RunEvent[] = []
  const ready: ReadyPlay[] = []
  const checks = sameProblems()
  const named = new Map(plays.map(play => [play, hostsOf(play, inventory)]))
  const limited = withinLimit(inventory, options.limit)
  for (const play of plays) {
    problems.push(...checkPlay(play))
    const all = named.get(play)?.everyone ?? []
    const selected = all.filter(limited)
    if (options.whole && all.length > 0 && selected.length === 0) problems.push(leftOut(play, all.length))
    const hosts = selected.map(host => view.host(host.name))
    const everyone = all.map(host => view.host(host.name))
    const roles = labelled(play.roles ?? []).flatMap(({ call, label }): readonly BoundRole[] => {
      const params = new Map<string, Readonly<Record<string, unknown>>>()
      const missing: Problem[] = []
      const seen = new Set<ResolvedParams>()
      for (const host of selected) {
        const resolved = resolveFor(call, inventory, host, problems, options.hidden)
        if (!resolved) continue
        if (!resolved.ok) {
          missing.push(...resolved.problems.filter(({ kind }) => kind === 'missing'))
          problems.push(...resolved.problems.filter(({ kind }) => kind === 'wrong'))
          continue
        }
        params.set(host.name, resolved.params)
        if (!seen.has(resolved)) warnings.push(...shortSecrets(call, label, resolved.params, warnings))
        seen.add(resolved)
        const context = { params: resolved.params, host: view.host(host.name), inventory: view }
        const said = withProblems(() => call.role.check?.(context as never) ?? [], problems)
        for (const message of said) checks.add(message, { origin: call.site, role: label, host: host.name })
      }
      // Whoever asks for another part of the playbook need not say what this one needs: a cluster without a virtual address has hosts files.
      if (missing.length > 0 && !isSelected([...tagsOf(play.tags), ...call.tags], options.tags)) return []
      problems.push(...missing)
      return [{ call, label, params, prepared: undefined }]
    })
    for (const host of hosts) problems.push(...withProblems(() => checkHooks(play, host), problems))
    ready.push({ play, hosts, everyone, roles })
  }
  problems.push(...inventoryProblems(ready, view))
  problems.push(...checks.problems())
  const needed = plays.flatMap(play => nobodyThough(play, named.get(play), { inventory, view, tags: options.tags }))
  if (problems.length > 0)
    return { plays: ready, problems: unique([...needed, ...problems]), hasTasks: false, notes: [] }
  // In memory only: what is not selected, or is refused below, must leave nothing behind.
  const prepared = await prepareRoles(ready, view, { check: true })
  const selected = prepared.map((item): ReadyPlay => {
    const works = item.hosts.map(host => ({ host, work: workOf(item, host, view, options.tags, problems) }))
    for (const { work } of works) problems.push(...secretProblems(work, item.play, options.hidden.isIn))
    problems.push(...checkOnce(item.play, works))
    const chosen = works.filter(({ host, work }) => hasWork(item, work, host, view, options.tags))
    return { ...item, hosts: chosen.map(({ host }) => host), ...notRun(item, named.get(item.play), options.tags) }
  })
  return {
    plays: selected,
    problems: unique([...needed, ...problems]),
    hasTasks: true,
    notes: [...notesOn(selected, named), ...warnings],
  }
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
  found: PlayHosts | undefined,
  {
    inventory,
    view,
    tags,
  }: { readonly inventory: Inventory; readonly view: InventoryView; readonly tags: TagSelection },
): readonly Problem[] {
  const { optional = false } = play
  if (!found || found.everyone.length > 0 || !isChosen(play, tags)) return []
  return (typeof optional === 'function' ? optional(view) : optional) ? [] : [nobodyIn(play, found, inventory)]
}

const leftOut = ({ name, site }: Play, count: number): Problem => ({
  message: `play "${name}" would be passed over: --limit leaves none of its ${count} hosts`,
  origin: site,
  hint: 'what this playbook does is done in every play or in none: leave --limit away, or let it name hosts of each',
})

function notRun(
  { play, hosts, everyone }: ReadyPlay,
  found: PlayHosts | undefined,
  tags: TagSelection,
): { readonly notRun?: string } {
  if (!found || hosts.length > 0 || !isChosen(play, tags)) return {}
  return {
    notRun:
      everyone.length > 0
        ? `--limit leaves none of its ${everyone.length} hosts`
        : `no host: ${whyNobody(play, found)}`,
  }
}

/** What is odd about the patterns of plays that are run: said once, as Ansible does, for an optional group may be part of many. */
function notesOn(plays: readonly ReadyPlay[], named: ReadonlyMap<Play, PlayHosts>): readonly RunEvent[] {
  const said = new Map<string, RunEvent>()
  for (const { play, hosts } of plays) {
    if (hosts.length === 0) continue
    for (const text of named.get(play)?.unknown ?? []) {
      if (!said.has(text))
        said.set(text, { kind: 'note', text: `${play.name}: goes on without a part of its pattern, ${text}` })
    }
  }
  return [...said.values()]
}

/** Each function once: a dozen roles of a cluster ask the same of its hosts. */
function inventoryProblems(plays: readonly ReadyPlay[], view: InventoryView): readonly Problem[] {
  const calls = plays.filter(({ hosts }) => hosts.length > 0).flatMap(({ play }) => play.roles ?? [])
  const checks = new Set(calls.flatMap(({ role }) => role.inventoryCheck ?? []))
  return [...checks].flatMap(check => check(view))
}

/** What a function says, and among the problems those of the inventory that kept it from saying more. */
function withProblems<T>(say: () => readonly T[], problems: Problem[]): readonly T[] {
  try {
    return say()
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error
    problems.push(...error.problems)
    return []
  }
}

const checkHooks = ({ around = [], site }: Play, host: HostView): readonly Problem[] =>
  around.flatMap(hook =>
    (hook.check?.(host) ?? []).map(message => ({ message: `${host.name}: ${message}`, origin: site })),
  )

function workOf(
  { play, roles }: ReadyPlay,
  host: HostView,
  view: InventoryView,
  tags: TagSelection,
  problems: Problem[],
): HostWork {
  const { work, problems: found } = buildWork(play, roles, host, view, tags, noPeers)
  problems.push(...found)
  return work
}

/** Whether anything of the play is selected for the host: where nothing is, it is not even connected to. */
function hasWork(ready: ReadyPlay, work: HostWork, host: HostView, view: InventoryView, tags: TagSelection): boolean {
  const { play, roles } = ready
  const onlyGate = play.gate !== undefined && roles.length === 0 && play.tasks === undefined
  if (work.items.length > 0 || checksOn(ready, host, view, tags).length > 0) return true
  return onlyGate && isSelected(tagsOf(play.tags), tags)
}

/**
 * The roles' work on the control machine (certificates), for real unless `check`. One after another: two roles that need the same
 * authority must not make two.
 */
export async function prepareRoles(
  plays: readonly ReadyPlay[],
  view: InventoryView,
  { check }: { readonly check: boolean },
): Promise<readonly ReadyPlay[]> {
  const ready: ReadyPlay[] = []
  for (const item of plays) {
    const roles: BoundRole[] = []
    for (const bound of item.roles) {
      const hosts = item.hosts.map(host => ({ host, params: paramsOn(bound, host) }))
      const prepared = hosts.length > 0 ? await prepareOne(bound, { hosts, inventory: view, check }) : undefined
      roles.push({ ...bound, prepared })
    }
    ready.push({ ...item, roles })
  }
  return ready
}

async function prepareOne({ call, label }: BoundRole, context: object): Promise<unknown> {
  try {
    return await call.role.prepare?.(context as never)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new InventoryError([
      { message: `role ${label} can't prepare its work on this machine: ${message}`, origin: call.site },
    ])
  }
}

/** Nothing where a template of a value can't be evaluated: that is a problem of its own. */
function resolveFor(
  call: BoundRole['call'],
  inventory: Inventory,
  host: Host,
  problems: Problem[],
  hidden: Pick<Redactor, 'add'>,
): ResolvedParams | undefined {
  try {
    const resolved = resolveParams(call, lookupIn(inventory, host))
    if (resolved.secrets.length > 0) hidden.add(resolved.secrets)
    return resolved
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}

/** Said once of each: it is not refused, for the daemon behind it may take no longer one. */
function shortSecrets(
  { role }: BoundRole['call'],
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

function checkPlay(play: Play): readonly Problem[] {
  const at = { origin: play.site }
  const serial = play.serial === undefined ? undefined : checkSerial(play.serial)
  const wrong = [
    ...(serial ? [{ message: `play "${play.name}": ${serial}`, ...at }] : []),
    ...(play.keepAvailable && !play.gate
      ? [{ message: `play "${play.name}": keepAvailable needs a gate that tells which hosts are available`, ...at }]
      : []),
    ...(play.maxFailPercentage !== undefined && !(play.maxFailPercentage >= 0 && play.maxFailPercentage <= 100)
      ? [{ message: `play "${play.name}": maxFailPercentage is ${play.maxFailPercentage}, expected 0 to 100`, ...at }]
      : []),
  ]
  return wrong
}

/** The same wrong value in a group is the same problem for each of its hosts. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  return [
    ...new Map(
      problems.map(problem => [
        `${problem.origin?.file}:${problem.origin?.line}:${problem.origin?.column} ${problem.message}`,
        problem,
      ]),
    ).values(),
  ]
}
