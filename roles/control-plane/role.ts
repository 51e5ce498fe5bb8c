import { defineRole, type FactMap, type PrepareContext } from 'rota'
import { clusterProblems, unknownLeaving } from '../lib/cluster/index.ts'
import type { Params } from './daemons/daemons.ts'
import { methods } from './methods/index.ts'
import { params } from './params.ts'

/**
 * A master: API server, controller manager and scheduler, as `method` has it. What changes is written first, then the
 * daemons restart once, in order, each when the one before is ready.
 */
export const controlPlane = defineRole({
  name: 'control-plane',
  description: 'API server, controller manager and scheduler of a master',
  params,
  inventoryCheck: clusterProblems,
  check: context => [
    ...unknownLeaving(context.inventory, context.params.leaving),
    ...(context.params.etcdDeployment === 'kubeadm' && context.params.method !== 'kubeadm'
      ? [
          `etcd_deployment_type: kubeadm runs etcd only where it makes the masters, and control_plane_method is ${context.params.method}`,
        ]
      : []),
    ...methods[context.params.method].check(context),
  ],
  prepare,
  peers: context => methods[context.params.method].peers?.(context) ?? { hosts: [], facts: (): FactMap => ({}) },
  tasks: context => methods[context.params.method].tasks(context),
  handlers: context => methods[context.params.method].handlers(context),
})

/** The hosts of a play have one method in common: a cluster is made in one way. */
async function prepare(context: PrepareContext<Params>): Promise<unknown> {
  const [first] = context.hosts
  return first && methods[first.params.method].prepare?.(context)
}
