import { absent, defineRole } from 'rota'
import { absentUnit, isLeaving, unknownLeaving } from '../cluster/index.ts'
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
    leaving,
  },
} as const

/** No nginx behind the virtual address where another load balancer is chosen, and on a master that leaves. */
export const nginxVipAbsent = defineRole({
  name: 'nginx-vip-absent',
  description: 'no nginx behind the virtual address on this host',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host }) =>
    params.vipLoadBalancer === 'nginx' && !isLeaving(host, params.leaving)
      ? []
      : [absentUnit({ name: params.unit }), absent({ path: params.config })],
})
