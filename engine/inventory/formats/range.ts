import { strip, toInt } from '../../python/index.ts'
import { parseAddress } from '../address.ts'

/** Of one source. Each host costs memory, also where nobody asks for it. */
export const mostOfSource = 1_000_000

export type Expansion =
  | { readonly names: readonly string[]; readonly port?: number }
  | { readonly error: string; readonly hint?: string }

/** More hosts than this from one pattern is a slip of the finger, not an inventory. */
const mostHosts = 100_000
/** Longer ones JavaScript does not hold exactly, and no host name has. */
const mostDigits = 15
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** What a host line or key stands for: `web[01:10].example.com:2222` is ten names and a port. */
export function expandHostPattern(pattern: string): Expansion {
  // Nearly every name: no port and no range.
  if (!/[:[\]]/.test(pattern)) return { names: [pattern] }
  const address = parseAddress(pattern)
  if (address?.port === undefined && strip(pattern).endsWith(':')) {
    return { error: `'${pattern}' ends in ':', which is reserved for a port` }
  }
  const expanded = expandRanges(address?.host ?? pattern)
  if ('error' in expanded || address?.port === undefined) return expanded
  return { names: expanded.names, port: address.port }
}

type Names = { readonly names: readonly string[] } | { readonly error: string; readonly hint?: string }

function expandRanges(pattern: string): Names {
  if (!pattern.includes('[')) return { names: [pattern] }
  const parts = pattern.replace('[', '|').replace(']', '|').split('|')
  const [head, range, tail] = parts
  if (parts.length !== 3 || head === undefined || range === undefined || tail === undefined) {
    return { error: `'${pattern}' is not a host range`, hint: 'a range is written [begin:end] or [begin:end:step]' }
  }
  const sequence = readRange(range)
  if ('error' in sequence) return { ...sequence, error: `host range [${range}]: ${sequence.error}` }
  // Later ranges are the same for every name, so they are expanded once.
  const tails = expandRanges(tail)
  if ('error' in tails) return tails
  if (sequence.names.length * tails.names.length > mostHosts) {
    return { error: `'${pattern}' stands for more than ${mostHosts} hosts` }
  }
  return { names: sequence.names.flatMap(item => tails.names.map(rest => head + item + rest)) }
}

/** Bounds are inclusive; an empty begin is 0; a leading zero asks for padding and then needs equal widths. */
function readRange(range: string): Names {
  const bounds = range.split(':')
  if (bounds.length !== 2 && bounds.length !== 3) return { error: 'must be begin:end or begin:end:step' }
  const begin = bounds[0] || '0'
  const end = bounds[1] ?? ''
  if (end === '') return { error: 'must specify an end' }
  const width = begin.startsWith('0') && begin.length > 1 ? begin.length : 0
  if (width > 0 && width !== end.length) return { error: 'a zero-padded begin and the end must be equally long' }
  if ([begin, end].some(bound => bound.length > mostDigits)) return { error: `has more than ${mostDigits} digits` }
  const step = toInt(bounds[2] ?? '1')
  if (step === undefined) return { error: `the step '${bounds[2]}' is not a number` }
  if (step === 0) return { error: 'the step must not be 0' }
  const sequence = letterRange(begin, end, step) ?? numberRange(begin, end, step, width)
  if ('names' in sequence && sequence.names.length === 0) return { error: 'is empty: begin is after end' }
  return sequence
}

function letterRange(begin: string, end: string, step: number): Names | undefined {
  const first = letters.indexOf(begin)
  const last = letters.indexOf(end)
  if (first < 0 || last < 0) return undefined
  if (first > last) return { error: 'begin must not be after end' }
  const chosen = [...letters.slice(first, last + 1)]
  // Python's slice with a negative step starts at the end of what is empty.
  return { names: step < 0 ? [] : chosen.filter((_, index) => index % step === 0) }
}

function numberRange(begin: string, end: string, step: number, width: number): Names {
  const first = toInt(begin)
  const last = toInt(end)
  if (first === undefined || last === undefined) return { error: 'needs two numbers or two letters' }
  const count = Math.max(0, Math.ceil((last + 1 - first) / step))
  if (count > mostHosts) return { error: `stands for more than ${mostHosts} hosts` }
  const names = Array.from({ length: count }, (_, index) => String(first + index * step).padStart(width, '0'))
  return { names }
}
