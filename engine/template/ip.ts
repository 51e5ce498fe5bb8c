import { isIPv4, isIPv6 } from 'node:net'

/** An address with the length of its network's prefix, as ansible.utils.ipaddr sees `10.0.0.1/24` and `fd00::1`. */
export interface Address {
  readonly version: 4 | 6
  readonly value: bigint
  readonly prefix: number
  /** Whether the text had a `/prefix`. */
  readonly hasPrefix: boolean
}

export function parseIp(text: string): Address | undefined {
  const [host = '', suffix, ...rest] = text.split('/')
  if (rest.length > 0) return undefined
  const version = isIPv4(host) ? 4 : isIPv6(host) && !host.includes('%') ? 6 : undefined
  if (version === undefined) return undefined
  const bits = bitsOf(version)
  const value = version === 4 ? toNumber4(host) : toNumber6(host)
  if (suffix === undefined) return { version, value, prefix: bits, hasPrefix: false }
  const prefix = /^\d{1,3}$/.test(suffix)
    ? Number(suffix)
    : isIPv4(suffix)
      ? prefixOfMask(toNumber4(suffix))
      : undefined
  return prefix === undefined || prefix > bits ? undefined : { version, value, prefix, hasPrefix: true }
}

export function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128
}

function prefixOfMask(mask: bigint): number | undefined {
  const ones = mask.toString(2).padStart(32, '0')
  return /^1*0*$/.test(ones) ? ones.replaceAll('0', '').length : undefined
}

function toNumber4(text: string): bigint {
  return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function toNumber6(text: string): bigint {
  const tail = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1]
  const plain = tail === undefined ? text : text.replace(tail, embedded(toNumber4(tail)))
  const [left = '', right] = plain.split('::')
  const head = left === '' ? [] : left.split(':')
  const end = right === undefined || right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - head.length - end.length }, () => '0')
  const groups = right === undefined ? head : [...head, ...zeros, ...end]
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}

function embedded(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
}

export function maskOf(version: 4 | 6, prefix: number): bigint {
  const bits = BigInt(bitsOf(version))
  return ((1n << bits) - 1n) ^ ((1n << (bits - BigInt(prefix))) - 1n)
}

export function networkOf({ version, value, prefix }: Address): bigint {
  return value & maskOf(version, prefix)
}

export function formatIp(version: 4 | 6, value: bigint): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16))
  // As inet_ntop: an IPv4 address in it is shown as one.
  const high = value >> 32n
  if (high === 0n && value >= 0x10000n) return `::${formatIp(4, value)}`
  if (high === 0xffffn) return `::ffff:${formatIp(4, value & 0xffffffffn)}`
  return compress(groups)
}

/** RFC 5952: the longest run of at least two zeros, the first of equals, becomes `::`. */
function compress(groups: readonly string[]): string {
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start += 1) {
    let length = 0
    while (groups[start + length] === '0') length += 1
    if (length > best.length) best = { start, length }
  }
  if (best.start < 0) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}
