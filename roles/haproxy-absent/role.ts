import { absent, command, defineRole, type HostView, type InventoryView, quote, service } from 'rota'
import { balancersOf, isLeaving, unknownLeaving } from '../cluster/index.ts'
import { leaving, vipLoadBalancer } from '../cluster/params.ts'

const params = {
  type: 'object',
  properties: {
    config: {
      type: 'string',
      pattern: '^/',
      default: '/etc/haproxy/haproxy.cfg',
      description: 'The configuration that is removed.',
    },
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the set-up is given up.',
    },
    vipLoadBalancer,
    leaving,
  },
} as const

/**
 * No haproxy on a master that leaves (after keepalived-absent: by then nobody uses it), and none of ours where it is not the set-up any
 * more: another one is chosen, or other hosts balance. Does nothing elsewhere.
 */
export const haproxyAbsent = defineRole({
  name: 'haproxy-absent',
  description: 'no load balancer on a host that shall have none',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    if (isLeaving(host, params.leaving))
      return [service({ name: 'haproxy', enabled: false, running: false }), absent({ path: params.config })]
    if (!params.everywhere && params.vipLoadBalancer === 'haproxy' && balances(host, inventory)) return []
    return [oursIsGone(params.config)]
  },
})

const balances = (host: HostView, inventory: InventoryView): boolean =>
  balancersOf(inventory).some(other => other.name === host.name)

/** A haproxy that serves something else is none of ours: ours has a section for the API servers. */
const oursIsGone = (config: string) =>
  command({
    title: 'no haproxy in front of the API servers',
    onlyIf: `grep -qs '^listen kube-apiserver$' ${quote(config)}`,
    run: `systemctl disable --now haproxy && rm -f ${quote(config)}`,
  })
