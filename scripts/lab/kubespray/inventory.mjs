// @ts-check
/** @import { Host, Runtime } from '../types.ts' */
import * as YAML from 'yaml'
import { criSocket, dnsDomain, memberName, podAddresses, serviceAddresses } from './cluster.mjs'
import { healthPort } from './node-files.mjs'

/**
 * The inventory of a cluster in kubespray's layout, in the form of its sample since v2.27: there is no `k8s_cluster`,
 * its variables are in group_vars all the same. By path below the inventory's folder.
 * @param {{ hosts: readonly Host[], key: string, knownHosts: string, kubeVersion: string, kubeBinCache: string,
 * runtime: Runtime, runtimes?: Readonly<Record<string, Runtime>> }} lab kubeVersion: v1.20.2; runtimes: of hosts that
 * have another one
 * @returns {Readonly<Record<string, string>>}
 */
export function inventoryFiles({ hosts, key, knownHosts, kubeVersion, kubeBinCache, runtime, runtimes = {} }) {
  /** @param {Host['group']} group */
  const names = group => hosts.filter(host => host.group === group).map(host => host.name)
  const masters = names('master')
  /** @type {(title: string, lines: readonly string[]) => string[]} */
  const section = (title, lines) => [`[${title}]`, ...lines, '']
  return {
    'hosts.ini': [
      ...section(
        'all',
        hosts.map(({ name, ip }) => {
          const member = masters.includes(name) ? ` etcd_member_name=${memberName(masters.indexOf(name))}` : ''
          const own = runtimes[name]
          const other = own === undefined || own === runtime ? '' : ofRuntime(own)
          return `${name} ansible_host=${ip} ip=${ip}${member}${other}`
        }),
      ),
      ...section('kube_control_plane', masters),
      ...section('etcd:children', ['kube_control_plane']),
      ...section('kube_node', names('node')),
      ...section('spare_masters', names('spare-master')),
      ...section('spare_nodes', names('spare-node')),
      ...section('all:vars', [
        'ansible_user=root',
        `ansible_ssh_private_key_file=${key}`,
        `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes'`,
      ]),
    ].join('\n'),
    'group_vars/all/all.yml': YAML.stringify({
      loadbalancer_apiserver_healthcheck_port: healthPort,
      etcd_deployment_type: 'host',
      container_manager: runtime,
      // Of the lab: its Kubernetes is older than cri-dockerd.
      ...(runtime === 'docker' ? { cri_socket: criSocket({ runtime }) } : {}),
      // Of the lab: where programs of both versions are, since none can be downloaded.
      kube_bin_cache: kubeBinCache,
    }),
    'group_vars/k8s_cluster/k8s-cluster.yml': YAML.stringify({
      kube_version: kubeVersion.replace(/^v/, ''),
      kube_network_plugin: 'cni',
      kube_service_addresses: serviceAddresses,
      kube_pods_subnet: podAddresses,
      cluster_name: dnsDomain,
      kube_encrypt_secret_data: true,
      auto_renew_certificates: true,
      kubeadm_ignore_preflight_errors: ['all'],
    }),
  }
}

/** Variables of a host that has another runtime than the rest. @param {Runtime} runtime */
const ofRuntime = runtime => ` container_manager=${runtime} cri_socket=${criSocket({ runtime })}`
