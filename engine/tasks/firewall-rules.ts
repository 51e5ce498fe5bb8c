import { isIP, SocketAddress } from 'node:net'
import type { Shell } from '../shell/index.ts'

export interface FirewallArgs {
  /** `6443/tcp`, `30000-32767/udp`. */
  readonly ports: string | readonly string[]
  /** Addresses or networks that may come in; default anybody. */
  readonly from?: string | readonly string[]
  /** Default present: let in. absent: such a rule goes, and whatever else lets them in stays. */
  readonly state?: 'present' | 'absent'
  /** Of firewalld; default its default zone. */
  readonly zone?: string
}

/** Lets in what comes to a port, from anybody or from a network. */
export interface FirewallRule {
  readonly first: number
  readonly last: number
  readonly protocol: string
  readonly from?: string
}

/** What is to be done to a firewall: why, and how. */
export interface FirewallChange {
  readonly reasons: readonly string[]
  readonly apply: readonly Shell[]
}

export function readRules({ ports, from }: Pick<FirewallArgs, 'ports' | 'from'>): readonly FirewallRule[] {
  const sources: readonly (string | undefined)[] = from === undefined ? [undefined] : [from].flat()
  return [ports].flat().flatMap(port => {
    const [, first = '', last = first, protocol = ''] = portPattern.exec(port) ?? []
    return sources.map(source => ({
      first: Number(first),
      last: Number(last),
      protocol,
      ...(source === undefined ? {} : { from: asPrinted(source) }),
    }))
  })
}

/** As firewalls print it: the short form of IPv6, and for a network of one address that address. */
function asPrinted(network: string): string {
  if (networkProblems(network).length > 0) return network
  const [address = '', length] = network.split('/')
  const v6 = isIPv6(network)
  const short = v6 ? new SocketAddress({ address, family: 'ipv6' }).address : address
  return length === undefined || length === (v6 ? '128' : '32') ? short : `${short}/${length}`
}

const portPattern = /^(\d{1,5})(?:-(\d{1,5}))?\/(tcp|udp)$/

export const portsOf = ({ first, last }: FirewallRule, between = '-'): string =>
  first === last ? String(first) : `${first}${between}${last}`

/** `6443/tcp from 10.0.0.0/8`. */
export const ruleText = (rule: FirewallRule): string =>
  `${portsOf(rule)}/${rule.protocol}${rule.from === undefined ? '' : ` from ${rule.from}`}`

export const isIPv6 = (network: string): boolean => network.includes(':')

export function portProblems(port: string): readonly string[] {
  const [, first = '', last = first] = portPattern.exec(port) ?? []
  const fine = Number(first) > 0 && Number(first) <= Number(last) && Number(last) < 65536
  return fine ? [] : [`ports: ${JSON.stringify(port)} is not a port as 6443/tcp or 30000-32767/udp`]
}

export function networkProblems(network: string): readonly string[] {
  const [address = '', length, more] = network.split('/')
  const version = isIP(address)
  const most = version === 6 ? 128 : 32
  if (
    version === 0 ||
    address.includes('%') ||
    more !== undefined ||
    !/^\d{1,3}$/.test(length ?? '0') ||
    Number(length ?? 0) > most
  )
    return [`from: ${JSON.stringify(network)} is neither an address nor a network`]
  if (version === 6 || length === undefined) return []
  const bits = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  return bits % 2 ** (32 - Number(length)) === 0
    ? []
    : [`from: ${network} is no network: its address has bits behind the first ${length}`]
}
