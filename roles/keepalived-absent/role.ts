import { absent, defineRole, service } from 'rota'
import { isLeaving, mastersOf, unknownLeaving } from '../cluster/index.ts'
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
    leaving: leavingParam,
  },
} as const

/** Takes the virtual address off a master that leaves, gently, and keepalived with it. Does nothing on other hosts. */
export const keepalivedAbsent = defineRole({
  name: 'keepalived-absent',
  description: 'the virtual address leaves this host',
  params,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    if (!isLeaving(host, params.leaving)) return []
    return [
      params.virtualAddress !== undefined &&
        moveVirtualAddress({ virtualAddress: params.virtualAddress, others: mastersOf(inventory, params.leaving) }),
      service({ name: 'keepalived', enabled: false, running: false }),
      absent({ path: params.config }),
    ]
  },
})
