// @ts-check
/** @import { Cluster, Member } from './cluster.mjs' */
import { filesOfMaster } from './master-files.mjs'
import { filesOfAll, filesOfNode } from './node-files.mjs'

/**
 * A file that kubespray writes on a host. Its owner is root, that of the folders of Kubernetes is `kube`.
 * @typedef {Readonly<{ path: string, mode: string, text: string }>} HostFile
 */

/**
 * All that is on a host before kubeadm is called there.
 * @param {Cluster} cluster
 * @param {Member} host
 * @returns {readonly HostFile[]}
 */
export function filesOf(cluster, host) {
  const isMaster = cluster.masters.some(({ name }) => name === host.name)
  return [
    ...filesOfAll(cluster, host, isMaster ? 'master' : 'node'),
    ...(isMaster ? filesOfMaster(cluster, host) : filesOfNode(cluster)),
  ]
}
