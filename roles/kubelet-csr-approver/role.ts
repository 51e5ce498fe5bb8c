import { defineRole } from 'rota'
import { cluster, clusterProblems, mastersOf } from '../lib/cluster/index.ts'
import { kubectlWords } from '../lib/cluster/kubectl.ts'
import { firstListed } from '../lib/cluster/kubectl-list.ts'
import { approveServing } from './approve.ts'
import { knownNodes } from './known.ts'
import { params } from './params.ts'
import { askingNow } from './requests.ts'

/**
 * Kubelets that ask the cluster for the certificate that they serve with get it, where the inventory knows them: asked
 * and approved once for all hosts of the play, and for no others.
 */
export const kubeletCsrApprover = defineRole({
  name: 'kubelet-csr-approver',
  description: 'certificates that kubelets serve with, approved after a look',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  prepare: async ({ hosts, inventory }) => {
    const known = knownNodes(inventory, hosts[0]?.params.leaving)
    const worked = new Set(hosts.flatMap(({ params, cluster }) => (isWanted(params) ? [cluster.nodeName] : [])))
    return { known, left: new Set([...known.keys()].filter(name => !worked.has(name))) }
  },
  // The masters that stay: each once a play, side by side, for any may be down.
  peers: ({ params, inventory }) => ({
    hosts: isWanted(params) ? mastersOf(inventory, params.leaving).map(({ name }) => name) : [],
    facts: master => ({ asking: askingNow(kubectlWords(inventory.cluster(cluster, master))) }),
  }),
  tasks: ({ params, peers, prepared }) =>
    isWanted(params)
      ? [approveServing({ ...prepared, asking: firstListed([...peers.values()].map(seen => seen?.asking)) })]
      : [],
})

const isWanted = ({ rotate, approve }: { readonly rotate: boolean; readonly approve: boolean }): boolean =>
  rotate && approve
