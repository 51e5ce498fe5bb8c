import { defineRole, facts, type Step, step } from 'rota'
import { nodeOnly } from '../control-plane/kubeadm/demote.ts'
import { forgetLeaving } from '../control-plane/kubeadm/forget.ts'
import { params as masterParams } from '../control-plane/params.ts'
import { nodeNameOf } from '../lib/cluster/cluster.ts'
import {
  cluster,
  clusterProblems,
  isLeaving,
  mastersOf,
  staysNode,
  unknownLeavingNode,
  workersOf,
} from '../lib/cluster/index.ts'
import { kubectlWords } from '../lib/cluster/kubectl.ts'
import { leavingStayNodes } from '../lib/cluster/params.ts'
import { vipPortParams } from '../lib/cluster/vip-params.ts'

const {
  method,
  binDir,
  kubeConfigDir,
  apiserverPort,
  ipv4Stack,
  ipv6Stack,
  serviceAddresses,
  serviceAddressesV6,
  dnsDomain,
  virtualAddress,
  externalLoadBalancer,
  loadBalancerName,
  supplementaryNames,
  controlPlaneEndpoint,
  leaving,
} = masterParams.properties

const params = {
  type: 'object',
  properties: {
    method,
    binDir,
    kubeConfigDir,
    apiserverPort,
    ipv4Stack,
    ipv6Stack,
    serviceAddresses,
    serviceAddressesV6,
    dnsDomain,
    virtualAddress,
    externalLoadBalancer,
    loadBalancerName,
    supplementaryNames,
    controlPlaneEndpoint,
    ...vipPortParams,
    leaving,
    leavingStayNodes,
  },
} as const

/**
 * No node of the cluster for a host that left, and nothing of a master in kubeadm's configuration: whoever of the
 * masters that stay comes first deletes it. A master that is a node too keeps it, without the marks of a master. Does
 * nothing on other hosts.
 */
export const nodeAbsent = defineRole({
  name: 'node-absent',
  description: 'no node of the cluster for a host that left',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeavingNode(inventory, params.leaving),
  tasks: ({ params, host, inventory }) =>
    mastersOf(inventory, params.leaving).some(master => master.name === host.name)
      ? [
          mastersOf(inventory)
            .filter(master => isLeaving(master, params.leaving))
            .map(master => {
              const stays = staysNode(master, inventory, params.leaving, params.leavingStayNodes)
              return (stays ? nodeOnly : deleteNode)(kubectlWords(params), nodeNameOf(master, inventory))
            }),
          workersOf(inventory)
            .filter(node => isLeaving(node, params.leaving))
            .map(node => deleteNode(kubectlWords(params), nodeNameOf(node, inventory))),
          params.method === 'kubeadm' ? forgetLeaving(params, inventory) : [],
        ]
      : [],
})

const deleteNode = (kubectl: readonly string[], name: string): Step => {
  const get = [...kubectl, 'get', 'node', name, '-o', 'name', '--ignore-not-found']
  return step({
    title: `${name} is no node of the cluster`,
    facts: { node: facts.command({ run: get, timeout: 15 }) },
    needed: ({ node }) =>
      node.exitCode !== 0 ? 'the nodes are not known' : node.stdout !== '' && 'it is still a node',
    run: async ({ $ }) => {
      if ((await $`${get}`.text()) === '') return { changed: false, summary: 'is no node' }
      await $`${kubectl} delete node ${name} --ignore-not-found --wait=false`
      return { summary: 'deleted' }
    },
  })
}
