// @ts-check

/**
 * The text of a lab's hosts.ini. Host variables stand in [all], the groups hold bare names: moving a host is moving
 * one line.
 */
export function hostsIni({ name, hosts, vip, key, knownHosts, kubeVersion, kubeBinCache }) {
  const names = group => hosts.filter(host => host.group === group).map(host => host.name)
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
    ]),
  ].join('\n')
}

/** Moves a host's line from one group to the end of another: `moveHost(text, 'master-4', spares, masters)`. */
export function moveHost(text, host, from, to) {
  return addToGroup(removeFromGroup(text, host, from), host, to)
}

/** A spare becomes a master, the last in its group, as kubespray asks for. etcd's members stay who they are. */
export const addMaster = (text, host) => moveHost(text, host, 'spare_masters', 'kube_control_plane')
export const removeMaster = (text, host) => moveHost(text, host, 'kube_control_plane', 'spare_masters')
export const addNode = (text, host) => moveHost(text, host, 'spare_nodes', 'kube_node')
export const removeNode = (text, host) => moveHost(text, host, 'kube_node', 'spare_nodes')

/** The same text with another value for a variable of [all:vars]. */
export const setVariable = (text, name, value) =>
  text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${value}`)

export function addToGroup(text, host, group) {
  const lines = text.split('\n')
  const { start, end } = bounds(lines, group)
  if (lines.slice(start, end).some(line => firstWord(line) === host)) return text
  const last = lines.slice(start, end).findLastIndex(line => line.trim() !== '')
  return lines.toSpliced(start + last + 1, 0, host).join('\n')
}

export function removeFromGroup(text, host, group) {
  const lines = text.split('\n')
  const { start, end } = bounds(lines, group)
  const at = lines.findIndex((line, i) => i >= start && i < end && firstWord(line) === host)
  if (at < 0) throw new Error(`${host} is not in [${group}]`)
  return lines.toSpliced(at, 1).join('\n')
}

const firstWord = line => line.trim().split(/\s/)[0]

function bounds(lines, group) {
  const start = lines.indexOf(`[${group}]`) + 1
  if (start === 0) throw new Error(`the inventory has no group [${group}]`)
  const next = lines.findIndex((line, i) => i >= start && line.startsWith('['))
  return { start, end: next < 0 ? lines.length : next }
}
