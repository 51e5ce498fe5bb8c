import { command, defineRole, quote } from 'rota'
import {
  balances,
  chosenServes,
  cluster,
  clusterProblems,
  isLeaving,
  isUnset,
  unknownLeaving,
} from '../lib/cluster/index.ts'
import { apiserverPort, haproxyConfig, leaving, virtualAddress } from '../lib/cluster/params.ts'
import { nginxVipUnit, vipPortParams } from '../lib/cluster/vip-params.ts'

const params = {
  type: 'object',
  properties: {
    config: haproxyConfig,
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the set-up is given up.',
    },
    virtualAddress,
    ...vipPortParams,
    nginxVipUnit,
    apiserverPort,
    leaving,
  },
} as const

/**
 * No haproxy of ours on a master that leaves (after keepalived-absent: by then nobody uses it), and none where it is
 * not the set-up any more: another one is chosen and serves, or other hosts balance. Does nothing elsewhere.
 */
export const haproxyAbsent = defineRole({
  name: 'haproxy-absent',
  description: 'no load balancer on a host that shall have none',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) => {
    const gone = oursIsGone(params.config)
    if (params.everywhere || isLeaving(host, params.leaving)) return [gone]
    if (isUnset(params.virtualAddress, inventory)) return []
    if (params.vipLoadBalancer === 'haproxy' && balances(host, inventory)) return []
    return [chosenServes(params, host, inventory), gone]
  },
})

/** A haproxy that serves something else is none of ours: ours has a section for the API servers. */
const oursIsGone = (config: string) =>
  command({
    title: 'no haproxy in front of the API servers',
    onlyIf: `grep -qs '^listen kube-apiserver$' ${quote(config)}`,
    run: `systemctl disable --now haproxy && rm -f ${quote(config)}`,
  })
