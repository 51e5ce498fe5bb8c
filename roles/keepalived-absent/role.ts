import { absent, command, defineRole, type HostView, type InventoryView, quote, service } from 'rota'
import { balancersOf, isLeaving, mastersOf, unknownLeaving } from '../cluster/index.ts'
import { leaving as leavingParam, virtualAddress } from '../cluster/params.ts'
import { moveVirtualAddress } from '../keepalived/move.ts'

const params = {
  type: 'object',
  properties: {
    virtualAddress,
    config: {
      type: 'string',
      pattern: '^/',
      default: '/etc/keepalived/keepalived.conf',
      description: 'The configuration that is removed.',
    },
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the virtual address is given up.',
    },
    leaving: leavingParam,
  },
} as const

/**
 * Takes the virtual address off a master that leaves, gently, and keepalived with it. Also where other hosts have it now, or nobody
 * shall. Does nothing elsewhere.
 */
export const keepalivedAbsent = defineRole({
  name: 'keepalived-absent',
  description: 'the virtual address leaves this host',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    const { virtualAddress, config } = params
    const others = params.everywhere ? [] : mayTake(params.leaving, host, inventory)
    const move = others.length > 0 && virtualAddress !== undefined && moveVirtualAddress({ virtualAddress, others })
    if (isLeaving(host, params.leaving))
      return [move, service({ name: 'keepalived', enabled: false, running: false }), absent({ path: config })]
    if (!params.everywhere && balances(host, inventory)) return []
    return [move, oursIsGone(config)]
  },
})

const balances = (host: HostView, inventory: InventoryView): boolean =>
  balancersOf(inventory).some(other => other.name === host.name)

/** Who may have the address next: also a master that has not lost it to the hosts of load_balancer yet. */
const mayTake = (
  leaving: readonly string[] | string,
  host: HostView,
  inventory: InventoryView,
): readonly HostView[] => {
  const all = [...balancersOf(inventory, leaving), ...mastersOf(inventory, leaving)]
  return [...new Map(all.map(other => [other.name, other])).values()].filter(({ name }) => name !== host.name)
}

/** A keepalived that serves something else is none of ours: ours has the instance of the API servers. */
const oursIsGone = (config: string) =>
  command({
    title: 'no virtual address of the API servers',
    onlyIf: `grep -qs '^vrrp_instance VI_KUBE_APISERVER ' ${quote(config)}`,
    run: `systemctl disable --now keepalived && rm -f ${quote(config)}`,
  })
