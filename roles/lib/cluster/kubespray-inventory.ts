import type { InventoryRules } from 'rota'
import { newestKubeVersion } from '../../kube-binaries/newest.ts'
import { kubesprayCheckout, kubesprayNames } from '../kubespray/index.ts'

/**
 * What kubespray's playbooks make of an inventory before they do anything else (playbooks/boilerplate.yml,
 * roles/dynamic_groups): names of old for the groups, and `k8s_cluster`, which no sample has had since 2.27. There old
 * names make no `k8s_cluster`, for both come from one loop; here they do. Hosts behind a `bastion` are reached through
 * it (roles/kubespray_defaults, `ansible_ssh_common_args`). Its checkout's role defaults count, and the names of its
 * variables are known.
 */
export const kubesprayInventory: InventoryRules = {
  groupBy: {
    kube_control_plane: ['kube-master'],
    kube_node: ['kube-node'],
    calico_rr: ['calico-rr'],
    no_floating: ['no-floating'],
    k8s_cluster: ['k8s-cluster', 'kube_node', 'kube_control_plane', 'calico_rr'],
  },
  jumpHosts: 'bastion',
  // main_access_ip and main_ip of roles/network_facts, without the IPv4 address that ansible_host may be.
  addresses: {
    unless: 'ipv4_stack',
    shared: ['access_ip6', 'ip6', 'ansible_host'],
    own: ['ip6', 'ansible_host'],
  },
  defaults: kubesprayCheckout,
  knows: kubesprayNames,
  completes: { kube_version: newestKubeVersion },
}
