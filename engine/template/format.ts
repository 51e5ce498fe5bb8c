import { FilterError } from './error.ts'
import { repr, toText } from './values.ts'
import type { Work } from './work.ts'

/** How one value is shown: both of Python's ways to format come to this. */
interface Spec {
  readonly fill: string
  readonly align: '<' | '>' | '^' | '='
  readonly sign: string
  readonly isAlternate: boolean
  readonly width: number
  readonly hasCommas: boolean
  readonly precision: number | undefined
  readonly kind: string
}

const percentSpec = /%([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%]|$)/g

/** Python's `%`. */
export function percentFormat(format: string, args: readonly unknown[], work: Work): string {
  let next = 0
  const take = (): unknown => {
    if (next >= args.length) throw new FilterError('not enough arguments for the format')
    next += 1
    return args[next - 1]
  }
  function* parts() {
    let from = 0
    for (const match of format.matchAll(percentSpec)) {
      yield format.slice(from, match.index)
      from = match.index + match[0].length
      const [, flags = '', width = '', precision, kind = ''] = match
      if (kind === '%') yield '%'
      else yield shown(take(), percentOf(flags, width, precision, kind), work)
    }
    yield format.slice(from)
  }
  const text = work.join(parts())
  if (next < args.length) throw new FilterError('not all arguments are used by the format')
  return text
}

function percentOf(flags: string, width: string, precision: string | undefined, kind: string): Spec {
  if (!/^[sdiuxXofFr]$/.test(kind)) throw new FilterError(`format '%${kind}' is not supported`)
  const isLeft = flags.includes('-')
  const isZero = flags.includes('0') && !isLeft && !/[sr]/.test(kind)
  return {
    fill: isZero ? '0' : ' ',
    align: isLeft ? '<' : isZero ? '=' : '>',
    sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '-',
    isAlternate: flags.includes('#'),
    width: Number(width),
    hasCommas: false,
    precision: precision === undefined ? undefined : Number(precision),
    kind: kind === 'i' || kind === 'u' ? 'd' : kind,
  }
}

const braces = /\{\{|\}\}|\{(\d*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g
const braceSpec = /^(?:(.)?([<>^=]))?([-+ ]?)(#?)(0?)(\d*)(,?)(?:\.(\d+))?([sdxXobfF]?)$/su

/** Python's `str.format`, by position. */
export function braceFormat(format: string, args: readonly unknown[], work: Work): string {
  let next = 0
  function* parts() {
    let from = 0
    for (const match of format.matchAll(braces)) {
      yield format.slice(from, match.index)
      from = match.index + match[0].length
      const [field, index, conversion, spec = ''] = match
      if (field === '{{' || field === '}}') {
        yield field.charAt(0)
        continue
      }
      if (index === undefined) throw new FilterError(`format: '${field}' here, only {}, {0}, {0:>8} are supported`)
      const position = index === '' ? next : Number(index)
      if (index === '') next += 1
      if (position >= args.length) throw new FilterError(`format: there is no argument ${position}`)
      const value =
        conversion === 'r' ? repr(args[position]) : conversion === 's' ? toText(args[position]) : args[position]
      yield spec === '' ? toText(value) : shown(value, braceOf(spec, value), work)
    }
    yield format.slice(from)
  }
  return work.join(parts())
}

function braceOf(spec: string, value: unknown): Spec {
  const match = braceSpec.exec(spec)
  if (match === null) throw new FilterError(`format '${spec}' is not supported`)
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  const [, fill, align, sign = '', alternate, zero, width, commas, precision, kind = ''] = match
  const own = isNumber ? '>' : '<'
  return {
    fill: fill ?? (zero === '0' ? '0' : ' '),
    align:
      align === '<' || align === '>' || align === '^' || align === '=' ? align : zero === '0' && isNumber ? '=' : own,
    sign: sign === '' ? '-' : sign,
    isAlternate: alternate === '#',
    width: Number(width),
    hasCommas: commas === ',',
    precision: precision === undefined ? undefined : Number(precision),
    kind: kind !== '' ? kind : isNumber ? (precision === undefined ? 'n' : 'f') : 's',
  }
}

function shown(value: unknown, spec: Spec, work: Work): string {
  const [sign, digits] = partsOf(value, spec)
  const missing = Math.max(0, spec.width - [...digits].length - sign.length)
  const left = spec.align === '^' ? missing >>> 1 : spec.align === '<' ? 0 : missing
  const [before, after] = [work.repeat(spec.fill, left), work.repeat(spec.fill, missing - left)]
  return spec.align === '=' ? sign + before + digits : before + sign + digits + after
}

/** Apart, because zeros come between the two. */
function partsOf(value: unknown, spec: Spec): readonly [sign: string, digits: string] {
  const { kind, precision } = spec
  if (kind === 's' || kind === 'r') {
    const text = kind === 'r' ? repr(value) : toText(value)
    return ['', precision === undefined ? text : [...text].slice(0, precision).join('')]
  }
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw new FilterError(`format: a number is needed, this is ${repr(value)}`)
  const isNegative = Number(value) < 0
  const sign = isNegative ? '-' : spec.sign === '-' ? '' : spec.sign
  const size = isNegative ? -value : typeof value === 'boolean' ? Number(value) : value
  return [sign, digitsOf(size, spec)]
}

const bases: Readonly<Record<string, readonly [number, string]>> = {
  x: [16, '0x'],
  X: [16, '0X'],
  o: [8, '0o'],
  b: [2, '0b'],
}

function digitsOf(size: number | bigint, { kind, precision = 6, isAlternate, hasCommas }: Spec): string {
  const grouped = (digits: string) => (hasCommas ? digits.replace(/\B(?=(?:\d{3})+(?!\d))/g, ',') : digits)
  if (kind === 'f' || kind === 'F') {
    if (precision > 100) throw new FilterError('format: a precision of more than 100 is not supported')
    const [integer = '', ...rest] = fixed(Number(size), precision).split('.')
    return [grouped(integer), ...rest].join('.')
  }
  if (kind === 'n') return grouped(toText(size))
  const integer = typeof size === 'bigint' ? size : Math.trunc(size)
  const base = bases[kind]
  if (base === undefined) return grouped(String(integer))
  const digits = integer.toString(base[0])
  return (isAlternate ? base[1] : '') + (kind === 'X' ? digits.toUpperCase() : digits)
}

/**
 * Python rounds what lies in the middle to the even neighbour, JavaScript up. All the digits of a middle are among the
 * first 101.
 */
function fixed(value: number, precision: number): string {
  if (precision >= 100) return value.toFixed(precision)
  const exact = value.toFixed(100)
  const cut = exact.slice(0, exact.length - 100 + precision)
  const isMiddle = /^50*$/.test(exact.slice(cut.length))
  return isMiddle && /[02468]\.?$/.test(cut) ? cut.replace(/\.$/, '') : value.toFixed(precision)
}
