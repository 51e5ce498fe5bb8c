import { assert, command, computed, defineRole, facts, type HostView, type InventoryView, quote } from 'rota'
import {
  balancersOf,
  balances,
  cluster,
  clusterProblems,
  isLeaving,
  mastersOf,
  unknownLeaving,
} from '../lib/cluster/index.ts'
import { keepalivedConfig, leaving as leavingParam, virtualAddress } from '../lib/cluster/params.ts'
import { moveVirtualAddress } from './move.ts'
import { moveLimit } from './move-limit.ts'

const params = {
  type: 'object',
  properties: {
    virtualAddress,
    config: keepalivedConfig,
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the virtual address is given up.',
    },
    moveLimit,
    leaving: leavingParam,
  },
} as const

/**
 * Takes the virtual address off a master that leaves, gently, and our keepalived with it. Also where other hosts have
 * it now, or nobody shall. Does nothing elsewhere.
 */
export const keepalivedAbsent = defineRole({
  name: 'keepalived-absent',
  description: 'the virtual address leaves this host',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    const { virtualAddress, config, moveLimit } = params
    const others = params.everywhere ? [] : mayTake(params.leaving, host, inventory)
    const move =
      others.length > 0 &&
      virtualAddress !== undefined &&
      moveVirtualAddress({ virtualAddress, others, limit: moveLimit })
    if (params.everywhere || isLeaving(host, params.leaving)) return [move, oursIsGone(config)]
    if (balances(host, inventory)) return []
    return virtualAddress === undefined ? [isMeant(config)] : [move, oursIsGone(config)]
  },
})

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
const ours = '^vrrp_instance VI_KUBE_APISERVER '

/** Clients that use the address would lose their way, and a line that is missing is no wish for that. */
const isMeant = (config: string) =>
  assert({
    that: 'the virtual address is not given up by mistake',
    holds: computed({ config: facts.path({ path: config, content: true }) }, seen =>
      new RegExp(ours, 'm').test(Buffer.from(facts.bytesOf(seen.config) ?? new Uint8Array()).toString())
        ? `the inventory sets no kube_vip_address, but ${config} has the virtual address of the API servers: set it again, or give it up with remove-ha.mjs`
        : undefined,
    ),
  })

const oursIsGone = (config: string) =>
  command({
    title: 'no virtual address of the API servers',
    why: `${config} has one`,
    onlyIf: `grep -qs ${quote(ours)} ${quote(config)}`,
    run: `systemctl disable --now keepalived && rm -f ${quote(config)}`,
  })
