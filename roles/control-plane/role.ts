import { defineRole, type FactMap } from 'rota'
import { cluster, clusterProblems, unknownLeaving } from '../lib/cluster/index.ts'
import type { Params } from './daemons/daemons.ts'
import { methods } from './methods/index.ts'
import type { MethodWork } from './methods/method.ts'
import { noWayBack } from './no-way-back.ts'
import { params } from './params.ts'
import type { Preparing } from './preparing.ts'

/**
 * A master: API server, controller manager and scheduler, as `method` has it. What changes is written first, then the
 * daemons restart once, in order, each when the one before is ready.
 */
export const controlPlane = defineRole({
  name: 'control-plane',
  description: 'API server, controller manager and scheduler of a master',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: context => [
    ...unknownLeaving(context.inventory, context.params.leaving),
    ...(context.params.etcdDeployment === 'kubeadm' && context.params.method !== 'kubeadm'
      ? [
          `etcd_deployment_type: kubeadm runs etcd only where it makes the masters, and control_plane_method is ${context.params.method}`,
        ]
      : []),
    ...listensAtOneAddress(context.params),
    ...methods[context.params.method].check(context),
  ],
  mayNotGoBack: noWayBack,
  prepare,
  peers: context => methods[context.params.method].peers?.(context) ?? { hosts: [], facts: (): FactMap => ({}) },
  tasks: context => workOf(context).tasks(context),
  handlers: context => workOf(context).handlers(context),
})

/** The hosts of a play have one method in common: a cluster is made in one way. */
async function prepare(context: Preparing): Promise<Prepared | undefined> {
  const [first] = context.hosts
  if (first === undefined) return undefined
  const { method } = first.params
  return { method, work: await methods[method].prepare(context) }
}

interface Prepared {
  readonly method: Params['method']
  readonly work: MethodWork
}

const workOf = ({
  params: { method },
  prepared,
}: {
  readonly params: Params
  readonly prepared: Prepared | undefined
}) => (prepared?.method === method ? prepared.work : methods[method].unprepared)

/** kubespray puts a node proxy at 127.0.0.1 of such a master, and both would be answering there. */
const listensAtOneAddress = ({ bindAddress }: Pick<Params, 'bindAddress'>): readonly string[] =>
  bindAddress === undefined || ['0.0.0.0', '::'].includes(bindAddress)
    ? []
    : [
        `kube_apiserver_bind_address is ${bindAddress}, one address alone: a master's gate, drain and kubeconfigs ask its API server at 127.0.0.1. Let it listen at 0.0.0.0 (or ::) first`,
      ]
