import type { HostView, InventoryView } from 'rota'
import { isOneOf, mastersOf, namesOf, nodesOf } from '../lib/cluster/groups.ts'

/** kubespray's markers (roles/kubernetes/preinstall, 0090-etchosts.yml): an existing block is taken over. */
export const marker = '# Ansible inventory hosts {mark}'

/** The balancer, by the name that clients have for it. */
export interface Virtual {
  readonly address: string
  readonly name: string
}

export interface HostsBlock {
  readonly dnsDomain: string
  readonly groups: readonly string[]
  readonly leaving: readonly string[] | string
  /** Masters of them that are nodes too stay. */
  readonly leavingStayNodes: boolean
  readonly virtual?: Virtual | undefined
}

/**
 * One line per host, in inventory order: address, full name, short name. It is the same for all hosts with the same
 * params: made once.
 */
export function hostsBlock(inventory: InventoryView, wanted: HostsBlock): string {
  const { dnsDomain, groups, leaving, leavingStayNodes, virtual } = wanted
  const block = { dnsDomain, groups, leaving, leavingStayNodes, virtual }
  const texts = made.get(inventory) ?? new Map<string, string>()
  made.set(inventory, texts)
  const key = JSON.stringify(block)
  const text = texts.get(key) ?? blockText(inventory, block)
  texts.set(key, text)
  return text
}

export const virtualLine = ({ address, name }: Virtual): string => `${address} ${name}`

// A memory of a pure function: an inventory does not change.
const made = new WeakMap<InventoryView, Map<string, string>>()

function blockText(inventory: InventoryView, block: HostsBlock): string {
  const gone = new Set(namesOf(block.leaving))
  const wanted = new Set(block.groups.flatMap(group => inventory.group(group)).map(host => host.name))
  const stays = (host: HostView): boolean =>
    block.leavingStayNodes && isOneOf(mastersOf(inventory), host) && isOneOf(nodesOf(inventory), host)
  const hosts = inventory.hosts.filter(host => wanted.has(host.name) && (!gone.has(host.name) || stays(host)))
  const { virtual } = block
  return [
    ...hosts.map(host => hostLine(host, block.dnsDomain)),
    ...(virtual === undefined ? [] : [virtualLine(virtual)]),
  ].join('\n')
}

// An inventory name may be a full name already; its short form is then its first label.
function hostLine({ name, address }: HostView, domain: string): string {
  if (name.endsWith(`.${domain}`)) return `${address} ${name} ${name.slice(0, -domain.length - 1)}`
  return `${address} ${name}.${domain} ${name}`
}
