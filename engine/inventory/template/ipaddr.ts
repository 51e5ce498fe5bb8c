import { FilterError } from './error.ts'
import { type Address, bitsOf, formatIp, maskOf, networkOf, parseIp } from './ip.ts'
import { toText } from './values.ts'

/**
 * The queries of ansible.utils.ipaddr that inventories use; false where the input does not qualify, as there. A number N is the
 * Nth address of the network, with its prefix; lists are filtered.
 */
export function ipaddr(input: unknown, query: unknown, version?: 4 | 6): unknown {
  if (Array.isArray(input)) return input.map(item => ipaddr(item, query, version)).filter(item => item !== false)
  if (typeof input !== 'string') return false
  const address = parseIp(input)
  if (address === undefined || (version !== undefined && address.version !== version)) return false
  return ask(address, input, query)
}

function ask(address: Address, text: string, query: unknown): unknown {
  if (query === undefined || query === '' || query === null) return text
  if (typeof query === 'number') return nth(address, query)
  const { version, value, prefix, hasPrefix } = address
  const show = (number: bigint) => formatIp(version, number)
  const isNetwork = networkOf(address) === value
  switch (toText(query)) {
    case 'address':
    case 'ip':
      return hasPrefix && isNetwork && prefix < bitsOf(version) - 1 ? false : show(value)
    case 'host':
    case 'host/prefix':
    case 'hostnet':
    case 'ip/prefix':
      return hasPrefix && isNetwork && prefix < bitsOf(version) - 1 ? false : `${show(value)}/${prefix}`
    case 'address/prefix':
      return `${show(value)}/${prefix}`
    case 'net':
    case 'network/prefix':
    case 'subnet':
      return query === 'net' && !isNetwork ? false : `${show(networkOf(address))}/${prefix}`
    case 'network':
    case 'network_id':
      return show(networkOf(address))
    case 'netmask':
      return show(maskOf(version, prefix))
    case 'prefix':
      return prefix
    case 'broadcast':
      return show(networkOf(address) | ((1n << BigInt(bitsOf(version) - prefix)) - 1n))
    case 'size':
      return Number(1n << BigInt(bitsOf(version) - prefix))
    case 'version':
      return version
    case 'ipv4':
      return version === 4 ? text : false
    case 'ipv6':
      return version === 6 ? text : false
    case 'wrap':
      return wrap(text)
    case 'private':
      return isPrivate(address) ? text : false
    case 'public':
      return isPrivate(address) ? false : text
    default:
      return within(address, text, toText(query))
  }
}

function nth({ version, value, prefix }: Address, index: number): unknown {
  const size = 1n << BigInt(bitsOf(version) - prefix)
  const wanted = index < 0 ? size + BigInt(index) : BigInt(index)
  if (wanted < 0n || wanted >= size) return false
  return `${formatIp(version, (value & maskOf(version, prefix)) + wanted)}/${prefix}`
}

/** A network as the query: is the address in it? */
function within(address: Address, text: string, query: string): unknown {
  const network = parseIp(query)
  if (network === undefined) throw new FilterError(`ipaddr query '${query}' is not supported`)
  const mask = maskOf(network.version, network.prefix)
  const isIn = network.version === address.version && address.prefix >= network.prefix
  return isIn && (address.value & mask) === networkOf(network) ? text : false
}

function isPrivate(address: Address): boolean {
  const ranges = [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '127.0.0.0/8',
    '169.254.0.0/16',
    'fc00::/7',
    'fe80::/10',
    '::1/128',
  ]
  return ranges.some(range => within(address, 'yes', range) === 'yes')
}

/** Brackets around an IPv6 address, for URLs and `host:port`. */
export function wrap(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(wrap)
  const text = toText(input)
  const address = parseIp(text)
  if (address?.version !== 6) return text
  const [host, prefix] = text.split('/')
  return prefix === undefined ? `[${host}]` : `[${host}]/${prefix}`
}

/** `ipsubnet(24, 2)`: the third /24 of a network; without an index how many there are. */
export function ipsubnet(input: unknown, size: unknown, index: unknown): unknown {
  const address = parseIp(toText(input))
  if (address === undefined) return false
  if (size === undefined) return `${formatIp(address.version, networkOf(address))}/${address.prefix}`
  const length = Number(size)
  if (!(length >= address.prefix && length <= bitsOf(address.version))) return false
  const count = 1n << BigInt(length - address.prefix)
  if (index === undefined) return String(count)
  const wanted = Number(index) < 0 ? count + BigInt(Number(index)) : BigInt(Number(index))
  if (wanted < 0n || wanted >= count) return false
  const step = 1n << BigInt(bitsOf(address.version) - length)
  return `${formatIp(address.version, networkOf(address) + wanted * step)}/${length}`
}
