import { command, defineRole, quote } from 'rota'
import { balancerAbsentParams, cluster, clusterProblems, unknownLeaving, unlessChosen } from '../lib/cluster/index.ts'
import { haproxyConfig } from '../lib/cluster/params.ts'

const params = { type: 'object', properties: { config: haproxyConfig, ...balancerAbsentParams } } as const

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
  tasks: context => unlessChosen('haproxy', [oursIsGone(context.params.config)], context.params, context),
})

/** A haproxy that serves something else is none of ours: ours has a section for the API servers. */
const oursIsGone = (config: string) =>
  command({
    title: 'no haproxy in front of the API servers',
    why: `${config} has a section for them`,
    onlyIf: `grep -qs '^listen kube-apiserver$' ${quote(config)}`,
    run: `systemctl disable --now haproxy && rm -f ${quote(config)}`,
  })
