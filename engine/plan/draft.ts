import { type Problem, uniqueProblems } from '../failure/index.ts'
import type { RunEvent } from '../journal/index.ts'
import { isSelected, type TagSelection } from '../playbook/index.ts'
import type { HostView, InventoryView } from '../role/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { batchGatesOf, secretGateProblems } from './batch-gates.ts'
import type { Bound, NamedPlay } from './bind.ts'
import { checksOn } from './checks.ts'
import { checkOnce, type OnceOn, onceItems } from './once.ts'
import { partsOn } from './parts.ts'
import { noPeers } from './peers.ts'
import { isChosen, type PlayHosts, whyNobody } from './play-hosts.ts'
import { prepareRoles } from './prepare.ts'
import type { Draft, ReadyPlay } from './ready-play.ts'
import { secretProblems } from './secret-problems.ts'
import { selectWork } from './select.ts'

export interface Readied {
  readonly plays: readonly ReadyPlay[]
  readonly problems: readonly Problem[]
  /** The params are right, so tasks can be made of them; problems may be left all the same. */
  readonly hasTasks: boolean
  readonly notes: readonly RunEvent[]
}

export interface DraftOptions {
  readonly tags: TagSelection
  readonly redactor: Pick<Redactor, 'isIn'>
  /** Of a listing, only the first host's work is kept: all of ten thousand is a gigabyte. */
  readonly keep?: 'all' | 'first'
}

/**
 * The first pass over the work of every host, made of all that is known before any of them is asked, and kept for the
 * run. Finds what is wrong with tasks: their arguments, handlers, secrets that others would see. Nothing is written,
 * here or on a host.
 */
export async function draftPlays(bound: Bound, options: DraftOptions): Promise<Readied> {
  const { plays, view, problems, needed, notes } = bound
  if (problems.length > 0) {
    const undrafted = plays.map(play => ({ ...play, drafts: new Map(), taskTags: [] }))
    return { plays: undrafted, problems: uniqueProblems([...needed, ...problems]), hasTasks: false, notes: [] }
  }
  const found: Problem[] = []
  // In memory only: what is not selected, or is refused below, must leave nothing behind.
  const prepared = await prepareRoles(plays, view, { check: true })
  const ready = prepared.map(play => draftPlay(play, view, options, found))
  return {
    plays: ready,
    problems: uniqueProblems([...needed, ...found]),
    hasTasks: true,
    notes: [...notesOn(ready, plays), ...notes],
  }
}

function draftPlay(bound: NamedPlay, view: InventoryView, options: DraftOptions, problems: Problem[]): ReadyPlay {
  const { tags, redactor, keep = 'all' } = options
  const { named, ...rest } = bound
  const drafts = new Map<string, Draft>()
  const chosen: HostView[] = []
  const once: OnceOn[] = []
  let taskTags: readonly string[] = []
  for (const [index, host] of bound.hosts.entries()) {
    const draft = draftOn(bound, host, view, tags, problems)
    problems.push(...secretProblems(draft.work, bound.play, redactor.isIn))
    once.push({ host, items: onceItems(draft.work) })
    if (index === 0) taskTags = draft.parts.flatMap(({ units }) => units.flatMap(unit => unit.tags))
    if (!hasWork(bound, draft, tags)) continue
    if (keep === 'all' || chosen.length === 0) drafts.set(host.name, draft)
    chosen.push(host)
  }
  problems.push(...checkOnce(bound.play, once))
  problems.push(...secretGateProblems(batchGatesOf(bound.play, chosen, view), redactor.isIn))
  const ready = { ...rest, hosts: chosen, drafts, taskTags }
  return { ...ready, ...notRun(ready, named, bound.hosts.length, tags) }
}

function draftOn(
  bound: NamedPlay,
  host: HostView,
  view: InventoryView,
  tags: TagSelection,
  problems: Problem[],
): Draft {
  const parts = partsOn(bound, host, view, noPeers)
  const selected = selectWork(parts, tags)
  problems.push(...selected.problems)
  return { parts, work: selected.work, checks: checksOn(bound, host, view, tags) }
}

/** Whether anything of the play is selected for the host: where nothing is, it is not even connected to. */
function hasWork({ play, roles, tags }: NamedPlay, { work, checks }: Draft, selection: TagSelection): boolean {
  const onlyGate = play.gate !== undefined && roles.length === 0 && play.tasks === undefined
  if (work.items.length > 0 || checks.length > 0) return true
  return onlyGate && isSelected(tags, selection)
}

function notRun(
  { play, hosts, everyone }: ReadyPlay,
  found: PlayHosts,
  /** How many --limit has left. */
  limited: number,
  tags: TagSelection,
): { readonly notRun?: string } {
  if (hosts.length > 0 || !isChosen(play, tags)) return {}
  if (everyone.length === 0) return { notRun: `no host: ${whyNobody(play, found)}` }
  if (limited === 0) return { notRun: `--limit leaves none of its ${everyone.length} hosts` }
  return { notRun: `there is nothing to do on any of its ${limited} hosts` }
}

/**
 * What is odd about the patterns of plays that are run: said once, as Ansible does, for an optional group may be part
 * of many.
 */
function notesOn(plays: readonly ReadyPlay[], bound: readonly NamedPlay[]): readonly RunEvent[] {
  const said = new Map<string, RunEvent>()
  for (const [index, { play, hosts }] of plays.entries()) {
    if (hosts.length === 0) continue
    for (const text of bound[index]?.named.unknown ?? []) {
      if (!said.has(text))
        said.set(text, { kind: 'note', text: `${play.name}: goes on without a part of its pattern, ${text}` })
    }
  }
  return [...said.values()]
}
