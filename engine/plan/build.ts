import type { FactMap } from '../facts/index.ts'
import { valuesOf } from '../facts/index.ts'
import type { Problem } from '../failure/index.ts'
import { didYouMean } from '../failure/index.ts'
import type { Play } from '../playbook/index.ts'
import { isSelected, type TagSelection } from '../playbook/index.ts'
import type { AnyRole, HostView, InventoryView, RoleCall, RoleContext } from '../role/index.ts'
import { tagsOf } from '../tasks/index.ts'
import { onceNames } from './once.ts'
import { withPrompt } from './prompt.ts'
import { flatten, type HandlerItem, type HostWork, handlerItems, isStep, type WorkItem } from './work.ts'

/** A role of a play with what was resolved before the run: per host its params, and what `prepare` made. */
export interface BoundRole {
  readonly call: RoleCall
  /** Unique in the play; it is the role's name unless the play has the role twice. */
  readonly label: string
  readonly params: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  readonly prepared: unknown
}

/** Only a play that was refused has a host without params, and of that no task is made. */
export function paramsOn({ label, params }: Pick<BoundRole, 'label' | 'params'>, { name }: HostView) {
  const found = params.get(name)
  if (!found) throw new Error(`role ${label} has no params on ${name}`)
  return found
}

export type PeersOf = (role: BoundRole, host: HostView) => RoleContext<unknown>['peers']

/** What a play asks of a host: the tasks of its roles, then its own, those whose tags are selected. */
export function buildWork(
  play: Play,
  roles: readonly BoundRole[],
  host: HostView,
  inventory: InventoryView,
  tags: TagSelection,
  peers: PeersOf,
): { readonly work: HostWork; readonly problems: readonly Problem[] } {
  const playTags = tagsOf(play.tags)
  const items: Omit<WorkItem, 'id'>[] = []
  const handlers: HandlerItem[] = []
  const problems: Problem[] = []
  const add = (
    label: string,
    units: ReturnType<typeof flatten>,
    outer: readonly string[],
    known: readonly HandlerItem[],
    at: Problem['origin'],
    allOnce = false,
  ) => {
    const once = onceNames(label, allOnce)
    for (const unit of units.map(withPrompt)) {
      const names = unit.notify.map(
        name =>
          known.find(handler => handler.name === `${label}/${name}`) ??
          known.find(handler => handler.name === `play/${name}`),
      )
      unit.notify.forEach((name, index) => {
        if (names[index]) return
        const all = known.map(handler => handler.name.slice(handler.name.lastIndexOf('/') + 1))
        problems.push({
          message: `${label}: task "${unit.title}" notifies a handler that does not exist: ${name}`,
          ...(at ? { origin: at } : {}),
          ...didYouMean(name, all),
        })
      })
      if (!isSelected([...outer, ...unit.tags], tags)) continue
      problems.push(...checkTask(label, unit).map(message => ({ message, ...(at ? { origin: at } : {}) })))
      const owes = names.flatMap(found => (found ? [found.name] : []))
      items.push({ role: label, unit, owes, ...once(unit) })
    }
  }
  const playHandlers = handlerItems('play', play.handlers ?? {})
  for (const bound of roles) {
    const context = contextOf(bound, host, inventory, peers(bound, host))
    const { role, tags: callTags, site, runOnce } = bound.call
    const own = handlersOf(role, context, bound.label)
    handlers.push(...own)
    add(
      bound.label,
      flatten(role.tasks(context as never)),
      [...playTags, ...callTags],
      [...own, ...playHandlers],
      site,
      runOnce,
    )
  }
  const tasks = typeof play.tasks === 'function' ? play.tasks({ host, inventory }) : (play.tasks ?? [])
  add('play', flatten(tasks), playTags, playHandlers, play.site)
  return {
    work: { items: items.map((item, id) => ({ ...item, id })), handlers: [...handlers, ...playHandlers] },
    problems,
  }
}

function contextOf(
  bound: BoundRole,
  host: HostView,
  inventory: InventoryView,
  peers: RoleContext<unknown>['peers'],
): RoleContext<unknown> {
  return { params: paramsOn(bound, host), host, inventory, peers, prepared: bound.prepared }
}

function handlersOf(role: AnyRole, context: RoleContext<unknown>, label: string): readonly HandlerItem[] {
  const handlers = typeof role.handlers === 'function' ? role.handlers(context as never) : (role.handlers ?? {})
  return handlerItems(label, handlers)
}

function checkTask(label: string, unit: ReturnType<typeof flatten>[number]): readonly string[] {
  if (isStep(unit)) return []
  return (unit.kind.check?.(unit.args) ?? []).map(message => `${label}: task "${unit.title}": ${message}`)
}

/** The roles of a play, each with a name that no other of the play has. */
export const labelled = (calls: readonly RoleCall[]): readonly { readonly call: RoleCall; readonly label: string }[] =>
  calls.map((call, index) => {
    const earlier = calls.slice(0, index).filter(other => other.role.name === call.role.name).length
    return { call, label: earlier === 0 ? call.role.name : `${call.role.name}#${earlier + 1}` }
  })

/** Facts of the peers that one role of one host wants, from what was read of each. */
export function peersFrom(
  wanted: { readonly hosts: readonly string[]; readonly facts: (peer: HostView) => FactMap },
  read: (host: string) => import('../facts/fact.ts').Facts | undefined,
  inventory: InventoryView,
): RoleContext<unknown>['peers'] {
  return new Map(
    wanted.hosts.map(name => {
      const facts = read(name)
      return [name, facts && valuesOf(wanted.facts(inventory.host(name)), facts)]
    }),
  )
}

/** No peer can be asked: what tasks are built from for listings and for checks before the first connection. */
export const noPeers: PeersOf = () => new Map()
