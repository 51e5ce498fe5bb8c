import { isIP } from 'node:net'
import { canonicalAddress } from '../../../lib/cluster/index.ts'

/** Of a host: what its kubelet's files have of it. */
export interface OwnValues {
  readonly ip: string
  readonly address: string
  /** Of a second family. */
  readonly second?: string | undefined
  /** The name of its node. */
  readonly node: string
}

/**
 * The text of a kubelet's file of one host, with the values of another: its addresses, however they are written, and
 * its name where it is given as a node's. 10.0.0.2 is not 10.0.0.21.
 */
export function withOwnValues(text: string, from: OwnValues, to: OwnValues): string {
  const addresses = new Map([
    ...(from.second === undefined || to.second === undefined
      ? []
      : [[canonicalAddress(from.second), to.second] as const]),
    [canonicalAddress(from.address), to.address],
    [canonicalAddress(from.ip), to.ip],
  ])
  const node = new RegExp(`(--hostname-override=["']?)${escaped(from.node)}(?![\\w.-])`, 'g')
  return text
    .replace(anyAddress, found => (isIP(found) === 0 ? found : (addresses.get(canonicalAddress(found)) ?? found)))
    .replace(node, (_, flag: string) => flag + to.node)
}

/** A port may follow an IPv4 address; what follows an IPv6 address without brackets is part of it. */
const anyAddress = /(?<![\w.:-])(?:[\dA-Fa-f]{0,4}:[\dA-Fa-f:.]+|\d+(?:\.\d+){3})(?![\w.-])/g

/** Addresses of `--node-ip` that are not this host's: of a second family, which nobody here knows. */
export function foreignNodeAddresses(text: string, { ip, address, second }: OwnValues): readonly string[] {
  const own = [ip, address, second ?? ip].map(canonicalAddress)
  return (/--node-ip=["']?([^"'\s]+)/.exec(text)?.[1] ?? '')
    .split(',')
    .filter(found => found !== '' && !own.includes(canonicalAddress(found)))
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
