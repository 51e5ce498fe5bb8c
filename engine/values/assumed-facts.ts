/** Facts for templates where no host is to be asked: those of a usual host, under Ansible's names. */
export function assumedFacts(host: string): Readonly<Record<string, unknown>> {
  const way = (address: string, gateway: string, prefix: string) => ({ interface: 'eth0', address, gateway, prefix })
  return {
    ansible_architecture: 'x86_64',
    ansible_machine: 'x86_64',
    ansible_kernel: '6.1.0-31-amd64',
    ansible_system: 'Linux',
    ansible_nodename: host,
    ansible_hostname: host.split('.')[0],
    ansible_pkg_mgr: 'apt',
    ansible_service_mgr: 'systemd',
    ansible_distribution: 'Debian',
    ansible_os_family: 'Debian',
    ansible_distribution_major_version: '12',
    ansible_distribution_release: 'bookworm',
    ansible_distribution_version: '12.11',
    // Of the ranges that documents use (RFC 5737, RFC 3849).
    ansible_all_ipv4_addresses: ['192.0.2.10'],
    ansible_all_ipv6_addresses: ['2001:db8::10'],
    ansible_default_ipv4: way('192.0.2.10', '192.0.2.1', '24'),
    ansible_default_ipv6: way('2001:db8::10', '2001:db8::1', '64'),
  }
}

/** What these are, in words. */
export const assumedHost = 'Debian 12 on x86_64'
