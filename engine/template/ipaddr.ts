import { FilterError } from './error.ts'
import { type Address, bitsOf, formatIp, maskOf, networkOf, parseIp } from './ip.ts'
import { asksFor, type Query, queries } from './ip-queries.ts'
import { toText } from './values.ts'

/**
 * ansible.utils.ipaddr, ipv4 and ipv6: false or None where the input does not qualify, as there. A number N is the Nth
 * address of the network, with its prefix; a network is whether it holds the address; lists are filtered.
 */
export function ipaddr(input: unknown, query: unknown, version?: 4 | 6): unknown {
  if (Array.isArray(input))
    return input.map(item => ipaddr(item, query, version)).filter(item => Boolean(item) && item !== 0n)
  if (typeof input === 'boolean') return false
  if (typeof input !== 'string' && !(typeof input === 'number' && Number.isInteger(input)))
    throw new FilterError(`ipaddr needs text, a number or a list, this is ${toText(input)}`)
  const found = read(input, version)
  if (!found || (version !== undefined && found.address.version !== version)) return false
  return answer(found, query)
}

/** A number is an address, of the version that it fits into. */
function read(input: string | number, version: 4 | 6 | undefined): Query | undefined {
  if (input === 0 || input === '') return undefined
  const text = String(input)
  if (/^\d+$/.test(text)) {
    const value = BigInt(text)
    const kind = version === 6 || value >= 1n << 32n ? 6 : 4
    if (value >= 1n << BigInt(bitsOf(kind))) return undefined
    const address: Address = { version: kind, value, prefix: bitsOf(kind), hasPrefix: false }
    return { address, isNetwork: false, text: `${formatIp(kind, value)}/${bitsOf(kind)}` }
  }
  const address = parseIp(text)
  return address && { address, isNetwork: text.includes('/'), text }
}

function answer(given: Query, query: unknown): unknown {
  const name = query === undefined || query === null ? '' : toText(query)
  const ask = queries.get(name)
  if (ask) return ask(given)
  if (/^\s*[-+]?\d+\s*$/.test(name)) return nth(given, Number(name))
  const network = parseIp(name)
  if (network === undefined) throw new FilterError(`ipaddr: unknown filter type: ${name}`)
  return asksFor(given.address, network) ? given.text : null
}

function nth({ address, isNetwork }: Query, index: number): unknown {
  const { version, value, prefix } = address
  const size = 1n << BigInt(bitsOf(version) - prefix)
  if (size === 1n) return isNetwork ? `${formatIp(version, value)}/${prefix}` : formatIp(version, value)
  const wanted = index < 0 ? size + BigInt(index) : BigInt(index)
  if (wanted < 0n || wanted >= size) return false
  return `${formatIp(version, networkOf(address) + wanted)}/${prefix}`
}

/** Brackets around an IPv6 address, for URLs and `host:port`; what is no address stays as it is. */
export function wrap(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(wrap)
  const found = addressIn(input)
  if (!found) return input
  const { address, isNetwork } = found
  const host = formatIp(address.version, address.value)
  return `${address.version === 6 ? `[${host}]` : host}${isNetwork ? `/${address.prefix}` : ''}`
}

const addressIn = (input: unknown): Query | undefined =>
  typeof input === 'string' || typeof input === 'number' ? read(input, undefined) : undefined

/**
 * `ipsubnet(24, 2)`: the third /24 of a network, or of the networks around an address; without an index how many there
 * are.
 */
export function ipsubnet(input: unknown, size: unknown, index: unknown): unknown {
  const address = addressIn(input)?.address
  if (address === undefined) return false
  const { version, prefix } = address
  const bits = bitsOf(version)
  const show = (value: bigint, length: number) => `${formatIp(version, value & maskOf(version, length))}/${length}`
  if (size === undefined || size === '') return show(address.value, prefix)
  if (!/^\d+$/.test(toText(size))) throw new FilterError('ipsubnet: the position of a network is not supported')
  const length = Number(size)
  if (length > bits) return false
  if (prefix === bits) return around(address, length, Number(index ?? 0), show)
  // With an index, ansible.utils gives half a network here.
  if (length < prefix) throw new FilterError(`ipsubnet: requested subnet size of ${length} is invalid`)
  const count = 1n << BigInt(length - prefix)
  if (index === undefined) return String(count)
  const wanted = Number(index) < 0 ? count + BigInt(Number(index)) : BigInt(Number(index))
  if (wanted < 0n || wanted >= count) return false
  return show(networkOf(address) + (wanted << BigInt(bits - length)), length)
}

/** The networks around an address, from `length` to the smallest; the one at `index`. */
function around(
  { version, value }: Address,
  length: number,
  index: number,
  show: (value: bigint, length: number) => string,
): string | false {
  const bits = bitsOf(version)
  if (index > bits + 1 - index || index < length - bits) return false
  const found = index < 0 ? bits + index : length + index
  if (found >= bits)
    throw new FilterError(`ipsubnet: there is no network ${index} of /${length} around a single address`)
  return show(value, found)
}

/** The Nth address of a network, without its prefix. */
export function nthhost(input: unknown, query: unknown): unknown {
  const address = addressIn(input)?.address
  if (address === undefined || query === undefined || query === '') return false
  if (!/^-?\d+$/.test(toText(query))) return false
  const size = 1n << BigInt(bitsOf(address.version) - address.prefix)
  const wanted = BigInt(toText(query)) < 0n ? size + BigInt(toText(query)) : BigInt(toText(query))
  if (wanted >= size) return false
  if (wanted < 0n) throw new FilterError(`nthhost: the network has no ${toText(query)}`)
  return formatIp(address.version, networkOf(address) + wanted)
}

export function ipmath(input: unknown, amount: unknown): unknown {
  const address = addressIn(input)?.address
  if (address === undefined || (address.version === 6 && !toText(input).includes(':')))
    throw new FilterError(`ipmath: ${toText(input)} is no IP address`)
  if (typeof amount !== 'number' || !Number.isInteger(amount))
    throw new FilterError(`ipmath: ${toText(amount)} is no whole number`)
  const value = address.value + BigInt(amount)
  if (value < 0n || value >= 1n << BigInt(bitsOf(address.version)))
    throw new FilterError(`ipmath: ${toText(input)} + ${amount} is no IP address`)
  return formatIp(address.version, value)
}
