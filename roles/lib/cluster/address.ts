import { isIPv6 } from 'node:net'

/** `10.0.0.1:6443`, `[fd00::1]:6443`. */
export const endpoint = (address: string, port: number): string =>
  `${isIPv6(address) ? `[${address}]` : address}:${port}`

export const httpUrl = (address: string, port: number, path = ''): string => `http://${endpoint(address, port)}${path}`

export const httpsUrl = (address: string, port: number, path = ''): string =>
  `https://${endpoint(address, port)}${path}`

/** One way to write an address: `::1`, not `0:0:0:0:0:0:0:1`. */
export const canonicalAddress = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

/** One way to write `10.0.0.1:6443`, `[fd00::1]:6443` or `name:6443`. What is none of them stays as it is. */
export function canonicalEndpoint(text: string): string {
  const [, inBrackets, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? []
  return port === undefined ? text : endpoint(canonicalAddress(inBrackets ?? plain), Number(port))
}

/** The first address of a range: the service `kubernetes` has the first of the service range. */
export function firstAddress(range: string): string {
  const [address = '', prefix = ''] = range.split('/')
  const bits = Number(prefix)
  return isIPv6(address) ? firstV6(address, bits) : firstV4(address, bits)
}

function firstV4(address: string, bits: number): string {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - bits)
  const first = Math.floor(value / size) * size + 1
  return [24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.')
}

function firstV6(address: string, bits: number): string {
  const groups = expand(address)
  const value = groups.reduce((sum, group) => (sum << 16n) + BigInt(group), 0n)
  const first = ((value >> BigInt(128 - bits)) << BigInt(128 - bits)) + 1n
  const parts = Array.from({ length: 8 }, (_, index) => ((first >> BigInt(16 * (7 - index))) & 0xffffn).toString(16))
  return new URL(`http://[${parts.join(':')}]`).hostname.slice(1, -1)
}

function expand(address: string): readonly number[] {
  const [head = '', tail] = address.split('::')
  const numbers = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map(part => Number.parseInt(part, 16))
  const left = numbers(head)
  const right = numbers(tail ?? '')
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}
