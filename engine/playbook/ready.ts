import {
  type Host,
  type Inventory,
  InventoryError,
  type Problem,
  selectHosts,
  splitPatterns,
} from '../inventory/index.ts'
import type { RunEvent } from '../journal/events.ts'
import { resolveParams } from '../role/params.ts'
import type { HostView, InventoryView } from '../role/view.ts'
import { type BoundRole, buildWork, labelled } from './build.ts'
import { checksOn } from './checks.ts'
import { checkOnce } from './once.ts'
import { noPeers } from './peers.ts'
import { type Play, tagsOf } from './play.ts'
import { sameProblems } from './same-problems.ts'
import { checkSerial } from './serial.ts'
import { isSelected, type TagSelection } from './tags.ts'
import { lookupIn } from './views.ts'
import type { HostWork } from './work.ts'

/** A play whose hosts are known and whose roles have their params: nothing about it can be refused any more. */
export interface ReadyPlay {
  readonly play: Play
  /** The hosts to work on: pattern and `--limit`. */
  readonly hosts: readonly HostView[]
  /** The hosts of the pattern, whatever `--limit` says: what availability is counted over. */
  readonly everyone: readonly HostView[]
  readonly roles: readonly BoundRole[]
}

export interface Readied {
  readonly plays: readonly ReadyPlay[]
  readonly problems: readonly Problem[]
  /** The params are right, so tasks can be made of them; problems may be left all the same. */
  readonly hasTasks: boolean
  readonly notes: readonly RunEvent[]
  readonly secrets: readonly string[]
}

export interface ReadyOptions {
  readonly limit?: string
  readonly tags: TagSelection
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
  const notes: RunEvent[] = []
  const secrets: string[] = []
  const ready: ReadyPlay[] = []
  const checks = sameProblems()
  for (const play of plays) {
    problems.push(...checkPlay(play))
    const selected = hostsOf(play, inventory, options.limit, notes)
    const hosts = selected.hosts.map(host => view.host(host.name))
    const everyone = selected.everyone.map(host => view.host(host.name))
    const roles = labelled(play.roles ?? []).flatMap(({ call, label }): readonly BoundRole[] => {
      const params = new Map<string, Readonly<Record<string, unknown>>>()
      const missing: Problem[] = []
      for (const host of selected.hosts) {
        const resolved = resolveFor(call, inventory, host, problems)
        if (!resolved) continue
        missing.push(...resolved.missing)
        params.set(host.name, resolved.params)
        secrets.push(...resolved.secrets)
        const context = { params: resolved.params, host: view.host(host.name), inventory: view }
        if (!resolved.ok) continue
        for (const message of call.role.check?.(context as never) ?? []) {
          checks.add(message, { origin: call.site, role: label, host: host.name })
        }
      }
      // Whoever asks for another part of the playbook need not say what this one needs: a cluster without a virtual address has hosts files.
      if (missing.length > 0 && !isSelected([...tagsOf(play.tags), ...call.tags], options.tags)) return []
      problems.push(...missing)
      return [{ call, label, params, prepared: undefined }]
    })
    for (const host of hosts) problems.push(...checkHooks(play, host))
    ready.push({ play, hosts, everyone, roles })
  }
  problems.push(...checks.problems())
  if (problems.length > 0) return { plays: ready, problems: unique(problems), hasTasks: false, notes, secrets }
  // In memory only: what is not selected, or is refused below, must leave nothing behind.
  const prepared = await prepareRoles(ready, view, { check: true })
  const selected = prepared.map(item => {
    const works = item.hosts.map(host => ({ host, work: workOf(item, host, view, options.tags, problems) }))
    problems.push(...checkOnce(item.play, works))
    const chosen = works.filter(({ host, work }) => hasWork(item, work, host, view, options.tags))
    return { ...item, hosts: chosen.map(({ host }) => host) }
  })
  return { plays: selected, problems: unique(problems), hasTasks: true, notes, secrets }
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
      const hosts = item.hosts.map(host => ({ host, params: bound.params.get(host.name) ?? {} }))
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

function hostsOf(
  play: Play,
  inventory: Inventory,
  limit: string | undefined,
  notes: RunEvent[],
): { readonly hosts: readonly Host[]; readonly everyone: readonly Host[] } {
  // As in Ansible, a name that this inventory does not have is left out of a play; a wrong --limit is refused before we get here.
  const parts = splitPatterns(play.hosts)
  const unknown = parts.flatMap(part => unknownIn(inventory, part))
  const known = parts.filter(part => unknownIn(inventory, part).length === 0)
  const nobody = !known.some(part => !part.startsWith('!') && !part.startsWith('&'))
  for (const text of unknown.map(reason => reason.replace(/^hosts: /, ''))) {
    if (nobody) notes.push({ kind: 'warning', text: `${play.name}: not run, ${text}` })
    // Said once, as Ansible does: an optional group may be part of many patterns.
    else if (!notes.some(note => note.kind === 'note' && note.text.endsWith(text)))
      notes.push({ kind: 'note', text: `${play.name}: goes on without a part of its pattern, ${text}` })
  }
  if (nobody) return { hosts: [], everyone: [] }
  const everyone = selectHosts(inventory, known)
  if (limit === undefined) return { hosts: everyone, everyone }
  const limited = new Set(selectHosts(inventory, 'all', limit).map(host => host.name))
  return { hosts: everyone.filter(host => limited.has(host.name)), everyone }
}

function unknownIn(inventory: Inventory, part: string): readonly string[] {
  try {
    selectHosts(inventory, part.replace(/^[!&]/, ''))
    return []
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error
    return error.problems.map(({ message, hint }) => [message, hint].filter(Boolean).join('; '))
  }
}

function resolveFor(call: BoundRole['call'], inventory: Inventory, host: Host, problems: Problem[]) {
  try {
    const resolved = resolveParams(call, lookupIn(inventory, host))
    problems.push(...resolved.problems)
    return { ...resolved, ok: resolved.problems.length + resolved.missing.length === 0 }
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error
    problems.push(...error.problems)
    return undefined
  }
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
