// @ts-check
/** @import { Host } from './types.ts' */

/**
 * The text of a lab's hosts.ini. Host variables stand in [all], the groups hold bare names: moving a host is moving
 * one line.
 * @param {{ name: string, hosts: readonly Host[], vip: string, key: string, knownHosts: string, kubeVersion: string,
 * kubeBinCache: string }} lab
 */
export function hostsIni({ name, hosts, vip, key, knownHosts, kubeVersion, kubeBinCache }) {
  /** @param {Host['group']} group */
  const names = group => hosts.filter(host => host.group === group).map(host => host.name)
  /** @type {(title: string, lines: readonly string[]) => string[]} */
  const section = (title, lines) => [`[${title}]`, ...lines, '']
  return [
    `# The lab "${name}", written anew by every: npx zx scripts/lab.mjs up`,
    '',
    ...section(
      'all',
      hosts.map(host => `${host.name} ansible_host=${host.ip} ip=${host.ip}`),
    ),
    ...section('kube_control_plane', names('master')),
    ...section('etcd', names('master')),
    ...section('kube_node', names('node')),
    ...section('k8s_cluster:children', ['kube_control_plane', 'kube_node']),
    ...section('spare_masters', names('spare-master')),
    ...section('spare_nodes', names('spare-node')),
    ...section('all:vars', [
      'ansible_user=root',
      `ansible_ssh_private_key_file=${key}`,
      `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes'`,
      `kube_version=${kubeVersion}`,
      `kube_vip_address=${vip}`,
      `kube_bin_cache=${kubeBinCache}`,
      // Hosts without a kubelet: nothing here can be a pod.
      'control_plane_method=binaries',
      'nginx_proxy_variant=system',
    ]),
  ].join('\n')
}

/**
 * Moves a host's line from one group to the end of another: `moveHost(text, 'master-4', spares, masters)`.
 * @param {string} text
 * @param {string} host
 * @param {string} from
 * @param {string} to
 */
export function moveHost(text, host, from, to) {
  return addToGroup(removeFromGroup(text, host, from), host, to)
}

/**
 * A spare becomes a master, the last in its group, as kubespray asks for. etcd's members stay who they are.
 * @param {string} text
 * @param {string} host
 */
export const addMaster = (text, host) => moveHost(text, host, 'spare_masters', 'kube_control_plane')
/** @param {string} text @param {string} host */
export const removeMaster = (text, host) => moveHost(text, host, 'kube_control_plane', 'spare_masters')
/** @param {string} text @param {string} host */
export const addNode = (text, host) => moveHost(text, host, 'spare_nodes', 'kube_node')
/** @param {string} text @param {string} host */
export const removeNode = (text, host) => moveHost(text, host, 'kube_node', 'spare_nodes')

/**
 * The same text with another value for a variable of [all:vars].
 * @param {string} text
 * @param {string} name
 * @param {string} value
 */
export const setVariable = (text, name, value) =>
  text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${value}`)

/** @param {string} text @param {string} host @param {string} group */
export function addToGroup(text, host, group) {
  const lines = text.split('\n')
  const { start, end } = bounds(lines, group)
  if (lines.slice(start, end).some(line => firstWord(line) === host)) return text
  const last = lines.slice(start, end).findLastIndex(line => line.trim() !== '')
  return lines.toSpliced(start + last + 1, 0, host).join('\n')
}

/** @param {string} text @param {string} host @param {string} group */
export function removeFromGroup(text, host, group) {
  const lines = text.split('\n')
  const { start, end } = bounds(lines, group)
  const at = lines.findIndex((line, i) => i >= start && i < end && firstWord(line) === host)
  if (at < 0) throw new Error(`${host} is not in [${group}]`)
  return lines.toSpliced(at, 1).join('\n')
}

/** @param {string} line */
const firstWord = line => line.trim().split(/\s/)[0]

/** @param {string[]} lines @param {string} group */
function bounds(lines, group) {
  const start = lines.indexOf(`[${group}]`) + 1
  if (start === 0) throw new Error(`the inventory has no group [${group}]`)
  const next = lines.findIndex((line, i) => i >= start && line.startsWith('['))
  return { start, end: next < 0 ? lines.length : next }
}
