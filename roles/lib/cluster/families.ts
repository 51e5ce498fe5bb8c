import { isIPv6 } from 'node:net'
import type { HostView } from 'rota'

/** kubespray's `ipv4_stack` and `ipv6_stack`. */
export interface Stacks {
  readonly ipv4Stack: boolean
  readonly ipv6Stack: boolean
}

export interface ServiceAddresses extends Stacks {
  readonly serviceAddresses: string
  readonly serviceAddressesV6: string
}

export interface PodAddresses extends Stacks {
  readonly podAddresses: string
  readonly podAddressesV6: string
}

/**
 * The ranges of service addresses, one of each family that the cluster speaks. The Service `kubernetes` is in the
 * first.
 */
export const serviceRanges = (params: ServiceAddresses): readonly string[] =>
  ranges(params, params.serviceAddresses, params.serviceAddressesV6)

/** The ranges of pod addresses, in the order of families that those of services have. */
export const podRanges = (params: PodAddresses): readonly string[] =>
  ranges(params, params.podAddresses, params.podAddressesV6)

/**
 * kubespray's `kube_service_subnets` and `kube_pods_subnets`: IPv4 first. Without `ipv6_stack` what is given counts,
 * which may be a list of both, or a range of IPv6.
 */
function ranges({ ipv4Stack, ipv6Stack }: Stacks, given: string, v6: string): readonly string[] {
  const listed = given.split(',').map(range => range.trim())
  if (!ipv6Stack) return listed
  const ofV6 = listed.some(isV6Range) ? [] : [v6]
  return [...listed.filter(range => ipv4Stack || isV6Range(range)), ...ofV6]
}

export const isV6Range = (range: string): boolean => isIPv6(range.split('/')[0] ?? '')

/** Whether anybody here is called by IPv6. */
export const speaksV6 = ({ ipv6Stack }: Pick<Stacks, 'ipv6Stack'>, host: Pick<HostView, 'ip'>): boolean =>
  ipv6Stack || isIPv6(host.ip)

/** The same of who answers behind the virtual address. */
export const vipSpeaksV6 = (
  params: Pick<Stacks, 'ipv6Stack'> & { readonly virtualAddress?: string | undefined },
  host: Pick<HostView, 'ip'>,
): boolean => speaksV6(params, host) || isIPv6(params.virtualAddress ?? '')
