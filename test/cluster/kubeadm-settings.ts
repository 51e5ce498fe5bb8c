/**
 * Variables of a cluster that kubeadm makes in the lab: what a kubelet needs to run in a container of a machine that
 * gives away neither control groups nor a network plugin.
 */
export const settings = `control_plane_method=kubeadm
etcd_deployment_type=kubeadm
kube_nodes_join=false
kubeadm_init_phases_skip=['addon/kube-proxy', 'addon/coredns']
kubeadm_ignore_preflight_errors=['ImagePull']
kubelet_config_extra_args={'cgroupDriver': 'cgroupfs', 'cgroupsPerQOS': False, 'failSwapOn': False}
control_plane_kubelet_arguments={'network-plugin': '', 'enforce-node-allocatable': ''}
drain_grace_period=5
`
