import { exactInteger } from '../python/index.ts'
import type { Binary } from './ast.ts'
import { fail, type Spot } from './error.ts'
import { isEqual, isLazyMap, isMapping, isUndefined, lookupIn, toText } from './values.ts'

/** A whole number beyond what JavaScript holds exactly is a bigint. */
export type Numeric = number | bigint

export function toNumeric(value: unknown, node: Spot): Numeric {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return typeof value === 'boolean' ? Number(value) : fail(`${toText(value)} is not a number`, node)
}

export function toNumber(value: unknown, node: Spot): number {
  return Number(toNumeric(value, node))
}

export function compare(left: unknown, right: unknown, type: string, node: Spot): boolean {
  if (type.startsWith('==')) return isEqual(left, right)
  if (type.startsWith('!=')) return !isEqual(left, right)
  const bothText = typeof left === 'string' && typeof right === 'string'
  if ((typeof left === 'string') !== (typeof right === 'string')) return fail('text and a number have no order', node)
  const [one, other] = bothText ? [left, right] : [toNumeric(left, node), toNumeric(right, node)]
  const order = one < other ? -1 : one > other ? 1 : 0
  return (
    { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[type] ??
    fail(`${type} is not supported`, node)
  )
}

/** Python's operators. Whole numbers stay exact, as long as Python itself would print them. */
export function arithmetic(type: Binary, left: Numeric, right: Numeric, node: Spot): Numeric {
  if (Number(right) === 0 && (type === 'Div' || type === 'FloorDiv' || type === 'Mod'))
    return fail('division by zero', node)
  const result = approximate(type, Number(left), Number(right), node)
  const isSafe = [left, right].every(Number.isSafeInteger) && Number.isSafeInteger(result)
  if (isSafe || type === 'Div' || !isWhole(left) || !isWhole(right) || (type === 'Pow' && right < 0)) {
    if (!Number.isFinite(result) && [left, right].every(one => Number.isFinite(Number(one))))
      return fail('the number is too large', node)
    return result
  }
  return exactly(type, BigInt(left), BigInt(right), node)
}

const isWhole = (value: Numeric): boolean => typeof value === 'bigint' || Number.isInteger(value)

function approximate(type: Binary, left: number, right: number, node: Spot): number {
  switch (type) {
    case 'Add':
      return left + right
    case 'Sub':
      return left - right
    case 'Mul':
      return left * right
    case 'Div':
      return left / right
    case 'FloorDiv':
      return Math.floor(left / right)
    case 'Mod':
      return left - right * Math.floor(left / right)
    case 'Pow':
      return left ** right
    default:
      return fail(`${type} is not supported`, node)
  }
}

/** Python refuses to print more digits. */
const mostDigits = 4300

function exactly(type: Binary, left: bigint, right: bigint, node: Spot): Numeric {
  switch (type) {
    case 'Add':
      return short(left + right)
    case 'Sub':
      return short(left - right)
    case 'Mul':
      if (digitsOf(left) + digitsOf(right) > mostDigits) return tooManyDigits(node)
      return short(left * right)
    case 'Pow':
      if (digitsOf(left) * Number(right) > mostDigits && left * left > 1n) return tooManyDigits(node)
      return short(left ** right)
    case 'FloorDiv':
      return short(floorOf(left, right))
    default:
      return short(left - right * floorOf(left, right))
  }
}

const digitsOf = (value: bigint): number => String(value).length
const short = (value: bigint): Numeric => exactInteger(String(value).replace('-', ''), value < 0n)
const tooManyDigits = (node: Spot): never => fail(`the number would have more than ${mostDigits} digits`, node)

/** Towards minus infinity, where JavaScript cuts. */
function floorOf(left: bigint, right: bigint): bigint {
  const cut = left / right
  return cut * right !== left && left < 0n !== right < 0n ? cut - 1n : cut
}

export function contains(container: unknown, item: unknown, node: Spot): boolean {
  if (typeof container === 'string') return container.includes(toText(item))
  if (Array.isArray(container)) return container.some(one => isEqual(one, item))
  if (isLazyMap(container)) return !isUndefined(lookupIn(container, toText(item)))
  return isMapping(container)
    ? Object.hasOwn(container, toText(item))
    : fail('"in" needs a list, a mapping or text', node)
}
