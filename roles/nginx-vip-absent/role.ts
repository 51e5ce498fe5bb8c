import { absent, defineRole, type HostView, type InventoryView } from 'rota'
import { absentUnit, balancersOf, isLeaving, unknownLeaving } from '../cluster/index.ts'
import { leaving, vipLoadBalancer } from '../cluster/params.ts'

const params = {
  type: 'object',
  properties: {
    vipLoadBalancer,
    unit: {
      type: 'string',
      pattern: '^[A-Za-z0-9_.@-]+$',
      default: 'nginx-vip',
      var: 'nginx_vip_unit',
      description: 'The unit that is removed.',
    },
    config: {
      type: 'string',
      pattern: '^/',
      default: '/etc/nginx/nginx-vip.conf',
      var: 'nginx_vip_config',
      description: 'The configuration that is removed.',
    },
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the set-up is given up.',
    },
    leaving,
  },
} as const

/** No nginx behind the virtual address where another load balancer is chosen, other hosts balance, or a master leaves. */
export const nginxVipAbsent = defineRole({
  name: 'nginx-vip-absent',
  description: 'no nginx behind the virtual address on this host',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) =>
    !params.everywhere &&
    params.vipLoadBalancer === 'nginx' &&
    !isLeaving(host, params.leaving) &&
    balances(host, inventory)
      ? []
      : [absentUnit({ name: params.unit }), absent({ path: params.config })],
})

const balances = (host: HostView, inventory: InventoryView): boolean =>
  balancersOf(inventory).some(({ name }) => name === host.name)
