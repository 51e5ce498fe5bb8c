import { absent, defineRole, service } from 'rota'
import { isLeaving, unknownLeaving } from '../cluster/index.ts'
import { leaving } from '../cluster/params.ts'

const params = {
  type: 'object',
  properties: {
    config: {
      type: 'string',
      pattern: '^/',
      default: '/etc/haproxy/haproxy.cfg',
      description: 'The configuration that is removed.',
    },
    leaving,
  },
} as const

/** No haproxy on a master that leaves. Comes after keepalived-absent: by then nobody uses it. Does nothing on other hosts. */
export const haproxyAbsent = defineRole({
  name: 'haproxy-absent',
  description: 'no load balancer on this host',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host }) =>
    isLeaving(host, params.leaving)
      ? [service({ name: 'haproxy', enabled: false, running: false }), absent({ path: params.config })]
      : [],
})
