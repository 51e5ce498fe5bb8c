/**
 * Facts that templates may use: those that are probed when one is needed. Any other `ansible_…` is a variable like
 * others.
 */
export const factNames: ReadonlySet<string> = new Set([
  'ansible_all_ipv4_addresses',
  'ansible_all_ipv6_addresses',
  'ansible_architecture',
  'ansible_default_ipv4',
  'ansible_default_ipv6',
  'ansible_distribution',
  'ansible_distribution_major_version',
  'ansible_distribution_release',
  'ansible_distribution_version',
  'ansible_hostname',
  'ansible_kernel',
  'ansible_machine',
  'ansible_nodename',
  'ansible_os_family',
  'ansible_pkg_mgr',
  'ansible_service_mgr',
  'ansible_system',
])
