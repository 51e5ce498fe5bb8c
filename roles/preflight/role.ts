import { type Check, defineRole, type HostView, type InventoryView } from 'rota'
import { mayHaveFilesOfMasters, neighbourFacts } from '../control-plane/kubeadm/neighbour/index.ts'
import { cluster, clusterProblems, isOneOf, mastersOf } from '../lib/cluster/index.ts'
import { anonymousIsAsSaid } from './anonymous.ts'
import { certificatesHold } from './certificates.ts'
import { cgroupSuits } from './cgroup.ts'
import { controlPlaneMayFollow } from './control-plane.ts'
import { etcdMayFollow } from './etcd.ts'
import { hooksAreNone } from './hooks.ts'
import { imagesAreToBeHad } from './images.ts'
import { kubeletsMayStay } from './kubelets.ts'
import { type looksAtMasters, type Params, params } from './params.ts'
import { programsAreToBeHad } from './programs.ts'
import { releaseIsTheirs } from './release.ts'
import { removedApisAreUnused } from './removed-apis.ts'
import { runtimeSuits } from './runtime.ts'

/**
 * What would stop an upgrade half-way, looked for on every master before the first of them is touched: all of it at
 * once, by one program a host. Changes nothing. A host that is no master yet has little that could be wrong; on others
 * nothing is done.
 */
export const preflight = defineRole({
  name: 'preflight',
  description: 'what would stop an upgrade half-way, looked for before it begins',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  peers: ({ params, host, inventory }) => ({
    hosts:
      params.method === 'kubeadm' && isMaster(host, inventory)
        ? mastersOf(inventory, params.leaving).map(({ name }) => name)
        : [],
    facts: () => neighbourFacts(params),
  }),
  check: ({ params: { kubeVersion }, host, inventory }) =>
    kubeVersion === undefined && isMaster(host, inventory)
      ? ['no version is asked for: set kube_version in the inventory, or say -e kube_version=…']
      : [],
  tasks: ({ params, host, inventory, peers }) => [
    !isSkipped(params, 'files') && isMaster(host, inventory) && mayHaveFilesOfMasters(params, host, peers, inventory),
  ],
  checks: ({ params, host, inventory }) => {
    const { kubeVersion } = params
    if (kubeVersion === undefined || !isMaster(host, inventory)) return []
    return Object.entries(checks).flatMap(([name, check]) =>
      isSkipped(params, name) ? [] : check({ ...params, kubeVersion }, host),
    )
  },
})

const isMaster = (host: HostView, inventory: InventoryView): boolean => isOneOf(mastersOf(inventory), host)

const isSkipped = ({ skip }: Pick<Params, 'skip'>, name: string): boolean => skip.some(skipped => skipped === name)

const ofKubeadm =
  (check: (params: Params) => Check) =>
  (params: Params): readonly Check[] =>
    params.method === 'kubeadm' ? [check(params)] : []

const checks: Record<
  Exclude<(typeof looksAtMasters)[number], 'files'>,
  (params: Params, host: HostView) => readonly Check[]
> = {
  anonymous: (params, host) => [anonymousIsAsSaid(params, host)],
  'control-plane': params => [controlPlaneMayFollow(params)],
  programs: params => [programsAreToBeHad(params)],
  kubelets: params => [kubeletsMayStay(params)],
  cgroup: ofKubeadm(cgroupSuits),
  runtime: ofKubeadm(runtimeSuits),
  etcd: params => (params.etcdDeployment === 'kubeadm' ? [etcdMayFollow(params)] : []),
  // What the other methods do with a certificate that ends is to make it anew.
  certificates: ofKubeadm(certificatesHold),
  images: ofKubeadm(imagesAreToBeHad),
  release: params => (params.kubesprayRelease === undefined ? [] : [releaseIsTheirs(params, params.kubesprayRelease)]),
  'removed-apis': params => [removedApisAreUnused(params)],
  hooks: hooksAreNone,
}
