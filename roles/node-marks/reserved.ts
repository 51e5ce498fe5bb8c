// What others write whenever they look: two would write in turn. Any other name is an administrator's to set, those of
// Kubernetes' own namespaces too: NodeRestriction keeps them from kubelets alone, and kubespray sets them.

const role = 'node-role.kubernetes.io'

/** Where it is remembered which labels and taints are ours. */
export const sealPrefix = 'node-restriction.kubernetes.io/rota-'

/** kubeadm takes a node with this label for a master. */
const ofMasters = [`${role}/control-plane`, `${role}/master`]

/** A kubelet says them of itself whenever it starts. */
const ofKubelets = [
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
]

/** Controllers set and take them away by what a node says of itself (well-known taints, kubernetes.io). */
const ofControllers = [
  ...['not-ready', 'unreachable', 'unschedulable', 'network-unavailable', 'memory-pressure', 'disk-pressure'].map(
    condition => `node.kubernetes.io/${condition}`,
  ),
  'node.kubernetes.io/pid-pressure',
  'node.cloudprovider.kubernetes.io/uninitialized',
  'node.cloudprovider.kubernetes.io/shutdown',
]

/** Why a label is not for an operator to set, or nothing. */
export function reservedLabel(name: string, isMaster: boolean): string | undefined {
  if (ofKubelets.includes(name)) return 'the kubelet sets it itself'
  if (name.startsWith(sealPrefix)) return 'it says which labels and taints are ours'
  if (ofMasters.includes(name) && !isMaster) return 'it marks a master, and this host is not in kube_control_plane'
  return undefined
}

/** The same of a taint. */
export const reservedTaint = (key: string): string | undefined =>
  ofControllers.includes(key) ? 'Kubernetes sets it and takes it away itself' : undefined
