import { readFileSync } from 'node:fs'
import type { InventoryRules } from 'rota'

/**
 * Names of kubespray's variables in all of its releases (`scripts/kubespray-names.mjs` writes them): of its role
 * defaults and sample inventories, and the others that its tasks, templates and documents have.
 */
export const kubesprayNames: NonNullable<InventoryRules['knows']> = () => {
  const [, variables = '', others = ''] = readFileSync(new URL('names.txt', import.meta.url), 'utf8').split(/^#.*\n/m)
  return { of: 'kubespray', variables: new Set(variables.split('\n')), others: new Set(others.split('\n')), deprecated }
}

/** By kubespray's documents and sample inventories, and its roles/validate_inventory. */
const deprecated: ReadonlyMap<string, string> = new Map([
  ['enable_dual_stack_networks', 'ipv4_stack and ipv6_stack'],
  ['etcd_kubeadm_enabled', 'etcd_deployment_type: kubeadm'],
  ['containerd_registries', 'containerd_registries_mirrors'],
  ['containerd_insecure_registries', 'containerd_registries_mirrors, with skip_verify'],
  ['kubelet_static_pod_path', 'nothing: kubespray 2.31 refuses it'],
  ['eviction_hard_control_plane', 'eviction_hard: kubespray 2.31 refuses it'],
])
