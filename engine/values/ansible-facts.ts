import type { FactRequest, Facts } from '../facts/index.ts'
import { type Address, addresses, type OsFact, os, type RouteFact, route } from '../facts/index.ts'

/** The addresses to which Ansible looks for the way out (module_utils/facts/network/linux.py). */
const outside = { inet: route({ to: '8.8.8.8' }), inet6: route({ to: '2404:6800:400a:800::1012' }) } as const

/** What has to be probed for all facts that templates may use: one program. */
export const ansibleFactRequests: readonly FactRequest[] = [os({}), addresses({}), outside.inet, outside.inet6]

/** ID of os-release → ansible_distribution, ansible_os_family. What is not here is not made up. */
const distributions: Readonly<Record<string, readonly [name: string, family: string]>> = {
  debian: ['Debian', 'Debian'],
  ubuntu: ['Ubuntu', 'Debian'],
  rhel: ['RedHat', 'RedHat'],
  centos: ['CentOS', 'RedHat'],
  fedora: ['Fedora', 'RedHat'],
  rocky: ['Rocky', 'RedHat'],
  almalinux: ['AlmaLinux', 'RedHat'],
  ol: ['OracleLinux', 'RedHat'],
  amzn: ['Amazon', 'RedHat'],
  sles: ['SLES', 'Suse'],
  alpine: ['Alpine', 'Alpine'],
  arch: ['Archlinux', 'Archlinux'],
  flatcar: ['Flatcar', 'Flatcar'],
}

/** The probed facts under the names and in the shapes that Ansible's setup module gives them. */
export function ansibleFacts(facts: Facts): Readonly<Record<string, unknown>> {
  const system = facts.get(os({}))
  const found = facts.get(addresses({}))
  return {
    ...systemFacts(system),
    ansible_all_ipv4_addresses: own(found, 'inet'),
    ansible_all_ipv6_addresses: own(found, 'inet6'),
    ansible_default_ipv4: wayOut(facts.get(outside.inet), found),
    ansible_default_ipv6: wayOut(facts.get(outside.inet6), found),
  }
}

function systemFacts({ id, version, codename, architecture, kernel, hostname, packageManager, init }: OsFact) {
  const known = distributions[id]
  const major = version.split('.')[0]
  return {
    ansible_architecture: architecture,
    ansible_machine: architecture,
    ansible_kernel: kernel,
    ansible_system: 'Linux',
    ansible_nodename: hostname,
    ansible_hostname: hostname.split('.')[0],
    ...(packageManager === 'none' ? {} : { ansible_pkg_mgr: packageManager }),
    ...(init === 'systemd' ? { ansible_service_mgr: 'systemd' } : {}),
    ...(known ? { ansible_distribution: known[0], ansible_os_family: known[1] } : {}),
    ...(major ? { ansible_distribution_major_version: major } : {}),
    ...(codename ? { ansible_distribution_release: codename } : {}),
    // Ansible reads Debian's point release from elsewhere (12.11, where os-release says 12).
    ...(version && id !== 'debian' ? { ansible_distribution_version: version } : {}),
  }
}

const own = (found: readonly Address[], family: Address['family']): readonly string[] =>
  found.filter(one => one.family === family && one.interface !== 'lo').map(one => one.address)

function wayOut(way: RouteFact, found: readonly Address[]): Readonly<Record<string, unknown>> {
  if (way.type === 'none') return {}
  const address = found.find(one => one.address === way.source)
  return {
    interface: way.interface,
    address: way.source,
    ...(way.gateway === undefined ? {} : { gateway: way.gateway }),
    // Text in Ansible, too.
    ...(address ? { prefix: String(address.prefix) } : {}),
  }
}
