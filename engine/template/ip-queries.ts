import { FilterError } from './error.ts'
import { type Address, bitsOf, formatIp, maskOf, networkOf, parseIp } from './ip.ts'

/** What is asked about: the address, whether it was written with a prefix, and how it was written. */
export interface Query {
  readonly address: Address
  readonly isNetwork: boolean
  readonly text: string
}

/** The queries of ansible.utils.ipaddr by name, with what they give where the input does not qualify: None or false. */
export const queries: ReadonlyMap<string, (given: Query) => unknown> = new Map<string, (given: Query) => unknown>([
  ['', given => (given.isNetwork ? hostAndPrefix(given) : host(given))],
  ...named(['address', 'ip'], given => {
    const { address } = given
    if (sizeOf(address) > 2n && address.version === 4 && isFirst(address)) return null
    return host(given)
  }),
  ...named(['address/prefix', 'host/prefix', 'hostnet', 'gateway', 'gw', 'router'], given => {
    const { address } = given
    const isEdge = isFirst(address) || address.value === lastOf(address)
    return sizeOf(address) > 2n && isEdge ? false : hostAndPrefix(given)
  }),
  ['host', given => (hasBroadcast(given.address) && isFirst(given.address) ? null : hostAndPrefix(given))],
  ['ip/prefix', given => (isHost(given) ? hostAndPrefix(given) : null)],
  ['ip_netmask', given => (isHost(given) ? `${host(given)} ${mask(given)}` : null)],
  ['cidr', hostAndPrefix],
  ['bool', () => true],
  ['broadcast', ({ address }) => (sizeOf(address) > 2n ? show(address, lastOf(address)) : null)],
  ['net', given => (sizeOf(given.address) > 1n && isFirst(given.address) ? hostAndPrefix(given) : null)],
  ...named(['network', 'network_id'], network),
  ...named(['network/prefix', 'subnet'], given => `${network(given)}/${given.address.prefix}`),
  ['network_netmask', given => `${network(given)} ${mask(given)}`],
  ['network_wildcard', given => `${network(given)} ${hostMask(given)}`],
  ['netmask', mask],
  ...named(['hostmask', 'wildcard'], hostMask),
  ['prefix', ({ address }) => address.prefix],
  ['size', ({ address }) => plain(sizeOf(address))],
  ['size_usable', ({ address }) => plain(usable(address))],
  ['first_usable', given => ofNetwork(given, ([first]) => first)],
  ['last_usable', given => ofNetwork(given, ([, last]) => last)],
  ['range_usable', given => ofNetwork(given, ([first, last]) => `${first}-${last}`)],
  ['next_usable', given => neighbour(given, 1n)],
  ['previous_usable', given => neighbour(given, -1n)],
  ['peer', peer],
  ['type', ({ address }) => (sizeOf(address) > 1n && isFirst(address) ? 'network' : 'address')],
  ['version', ({ address }) => address.version],
  ['int', ({ address, isNetwork }) => (isNetwork ? `${address.value}/${address.prefix}` : plain(address.value))],
  ...named(['ipv4', 'v4'], given => (given.address.version === 4 ? given.text : toVersion4(given.address))),
  ...named(['ipv6', 'v6'], given => (given.address.version === 6 ? given.text : toVersion6(given.address))),
  ['wrap', wrapped],
  ['private', given => (isPrivate(given.address) ? given.text : null)],
  ['public', given => (isPublic(given.address) ? given.text : null)],
  ['unicast', given => (isIn(given.address, multicast) ? null : given.text)],
  ['multicast', given => (isIn(given.address, multicast) ? given.text : null)],
  ...named(['loopback', 'lo'], given => (isIn(alone(given.address), loopback) ? given.text : null)),
  ['link-local', given => (isIn(alone(given.address), linkLocal) ? given.text : null)],
  ['revdns', ({ address }) => reverse(address)],
])

function named(names: readonly string[], ask: (given: Query) => unknown): [string, (given: Query) => unknown][] {
  return names.map(name => [name, ask])
}

/** Is the address, or all of the network, in this one? */
export function asksFor(address: Address, network: Address): boolean {
  const mask = maskOf(network.version, network.prefix)
  const isSmaller = network.version === address.version && address.prefix >= network.prefix
  return isSmaller && (address.value & mask) === networkOf(network)
}

const show = ({ version }: Address, value: bigint): string => formatIp(version, value)
function host({ address }: Query): string {
  return show(address, address.value)
}
function hostAndPrefix(given: Query): string {
  return `${host(given)}/${given.address.prefix}`
}
function network({ address }: Query): string {
  return show(address, networkOf(address))
}
function mask({ address }: Query): string {
  return show(address, maskOf(address.version, address.prefix))
}
function hostMask({ address }: Query): string {
  return show(address, sizeOf(address) - 1n)
}
/** Numbers that JavaScript has exactly are numbers; larger ones stay exact, too. */
const plain = (value: bigint): number | bigint => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value)

const sizeOf = ({ version, prefix }: Address): bigint => 1n << BigInt(bitsOf(version) - prefix)
const lastOf = (address: Address): bigint => networkOf(address) + sizeOf(address) - 1n
const isFirst = (address: Address): boolean => networkOf(address) === address.value
const alone = (address: Address): Address => ({ ...address, prefix: bitsOf(address.version) })

/** netaddr: all but /31 and /32 of IPv4; of IPv6 all, but a single address is asked about before. */
const hasBroadcast = ({ version, prefix }: Address): boolean => prefix < (version === 4 ? 31 : 128)

/** A number alone is taken for an IPv4 address where it can be one, also at the begin of `::/0`. */
const showNumber = (value: bigint): string => formatIp(value < 1n << 32n ? 4 : 6, value)

/** An address with a prefix that is not the network itself. */
const isHost = ({ address }: Query): boolean => sizeOf(address) === 2n || (sizeOf(address) > 1n && !isFirst(address))

function usable(address: Address): bigint {
  const size = sizeOf(address)
  return size === 1n ? 0n : size === 2n ? 2n : size - 2n
}

function edges(address: Address): readonly [first: bigint, last: bigint] {
  const inside = sizeOf(address) === 2n ? 0n : 1n
  return [networkOf(address) + inside, lastOf(address) - inside]
}

function ofNetwork(
  { address, isNetwork }: Query,
  say: (edges: readonly [first: string, last: string]) => string,
): string | null {
  if (!isNetwork) throw new FilterError('Not a network address')
  if (sizeOf(address) === 1n) return null
  const [first, last] = edges(address)
  return say([showNumber(first), showNumber(last)])
}

function neighbour({ address, isNetwork }: Query, by: bigint): string | null {
  if (!isNetwork) throw new FilterError('Not a network address')
  if (sizeOf(address) === 1n) return null
  const [first, last] = edges(address)
  const next = address.value + by
  if (next < 0n) throw new FilterError('there is no address before the first')
  return next >= first && next <= last ? showNumber(next) : null
}

function peer({ address, isNetwork }: Query): string {
  if (!isNetwork) throw new FilterError('Not a network address')
  const size = sizeOf(address)
  if (size === 2n) return showNumber(address.value ^ 1n)
  if (size !== 4n) throw new FilterError('Not a point-to-point network')
  if (address.value % 4n === 0n) throw new FilterError('Network address of /30 has no peer')
  if (address.value % 4n === 3n) throw new FilterError('Broadcast address of /30 has no peer')
  return showNumber(address.value ^ 3n)
}

function wrapped(given: Query): string {
  if (given.address.version === 4) return given.text
  return given.isNetwork ? `[${host(given)}]/${given.address.prefix}` : `[${host(given)}]`
}

/** `::ffff:10.0.0.1` and `::10.0.0.1`. */
function toVersion4({ value, prefix }: Address): string | false {
  const high = value >> 32n
  if (high !== 0n && high !== 0xffffn) return false
  return prefix < 96 ? false : `${formatIp(4, value & 0xffffffffn)}/${prefix - 96}`
}

const toVersion6 = ({ value, prefix }: Address): string => `${formatIp(6, value + (0xffffn << 32n))}/${prefix + 96}`

function reverse({ version, value }: Address): string {
  const digits = value.toString(16).padStart(32, '0')
  return version === 4
    ? `${formatIp(4, value).split('.').reverse().join('.')}.in-addr.arpa.`
    : `${[...digits].reverse().join('.')}.ip6.arpa.`
}

const networks = (...texts: readonly string[]): readonly Address[] => texts.flatMap(text => parseIp(text) ?? [])
const isIn = (address: Address, all: readonly Address[]): boolean => all.some(one => asksFor(address, one))

const multicast = networks('224.0.0.0/4', 'ff00::/8')
const loopback = networks('127.0.0.0/8', '::1/128')
const linkLocal = networks('169.254.0.0/16', 'fe80::/10')
/** As Python's netaddr has them: RFC 1918, 6598, 5736, 2544, 2365, 4193, 3879. */
const privates = networks(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '239.0.0.0/8',
  'fc00::/7',
  'fec0::/10',
)

const isPrivate = (address: Address): boolean => isIn(address, privates) || isIn(address, linkLocal)

function isPublic(given: Address): boolean {
  const address = alone(given)
  if (isIn(address, multicast) || isPrivate(address) || isIn(address, loopback)) return false
  const all = (1n << BigInt(bitsOf(address.version))) - 1n
  const isPower = (value: bigint) => (value & (value - 1n)) === 0n
  const isNetmask = isPower((address.value ^ all) + 1n)
  const isHostMask = isPower(address.value + 1n)
  return !isNetmask && !isHostMask
}
