import { defineRole, type HostView } from 'rota'
import { cluster, clusterProblems, isLeaving, isOneOf, mastersOf } from '../lib/cluster/index.ts'
import * as kinds from './kinds.ts'
import { labelProblems, labelsIn } from './label.ts'
import { askMasters, nodesFrom } from './masters.ts'
import { labelParams, taintParams } from './params.ts'
import { nodeHas } from './step.ts'
import { taintProblems, taintsIn } from './taint.ts'

/** The node of a host has the labels that the operator wants; of others only what is ours goes. */
export const nodeLabel = defineRole({
  name: 'node-label',
  description: 'labels of nodes',
  params: labelParams,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host, inventory }) =>
    labelProblems(params.labels, isOneOf(mastersOf(inventory), host)).map(
      problem => `${setAt(host, 'node_labels')}: ${problem}`,
    ),
  peers: ({ params, inventory, cluster }) => askMasters(inventory, cluster, kinds.labels, labelsIn(params.labels)),
  tasks: ({ params, host, peers, cluster: { nodeName, leaving } }) => [
    !isLeaving(host, leaving) &&
      nodeHas(kinds.labels, { name: nodeName, wanted: labelsIn(params.labels), nodes: nodesFrom(peers) }),
  ],
})

/** The same of taints. */
export const nodeTaint = defineRole({
  name: 'node-taint',
  description: 'taints of nodes',
  params: taintParams,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, host }) => taintProblems(params.taints).map(problem => `${setAt(host, 'node_taints')}: ${problem}`),
  peers: ({ params, inventory, cluster }) => askMasters(inventory, cluster, kinds.taints, taintsIn(params.taints)),
  tasks: ({ params, host, peers, cluster: { nodeName, leaving } }) => [
    !isLeaving(host, leaving) &&
      nodeHas(kinds.taints, { name: nodeName, wanted: taintsIn(params.taints), nodes: nodesFrom(peers) }),
  ],
})

function setAt(host: HostView, variable: string): string {
  const place = host.place(variable)
  return place === undefined ? variable : `${variable} (${place.file}:${place.line}:${place.column})`
}
