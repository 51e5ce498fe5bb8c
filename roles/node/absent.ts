import { defineRole, facts, type Step, step } from 'rota'
import { forgetLeaving } from '../control-plane/kubeadm/forget.ts'
import { kubectlWords } from '../control-plane/kubectl.ts'
import { params as masterParams } from '../control-plane/params.ts'
import { nodeNameOf } from '../lib/cluster/cluster.ts'
import { cluster, clusterProblems, isLeaving, mastersOf, unknownLeaving } from '../lib/cluster/index.ts'
import { vipPortParams } from '../lib/cluster/vip-params.ts'

const {
  method,
  binDir,
  kubeConfigDir,
  apiserverPort,
  serviceAddresses,
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
    serviceAddresses,
    dnsDomain,
    virtualAddress,
    externalLoadBalancer,
    loadBalancerName,
    supplementaryNames,
    controlPlaneEndpoint,
    ...vipPortParams,
    leaving,
  },
} as const

/**
 * No node of the cluster for a master that left, and nothing of it in kubeadm's configuration: whoever of those that
 * stay comes first deletes it. Does nothing on other hosts.
 */
export const nodeAbsent = defineRole({
  name: 'node-absent',
  description: 'no node of the cluster for a master that left',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  tasks: ({ params, host, inventory }) =>
    mastersOf(inventory, params.leaving).some(master => master.name === host.name)
      ? [
          mastersOf(inventory)
            .filter(master => isLeaving(master, params.leaving))
            .map(master => deleteNode(kubectlWords(params), nodeNameOf(master, inventory))),
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
