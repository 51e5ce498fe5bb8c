import type { Binary } from './ast.ts'
import { fail, type Spot } from './error.ts'
import { isEqual, isLazyMap, isMapping, isUndefined, lookupIn, toText } from './values.ts'

export function toNumber(value: unknown, node: Spot): number {
  if (typeof value === 'number') return value
  return typeof value === 'boolean' ? Number(value) : fail(`${toText(value)} is not a number`, node)
}

export function compare(left: unknown, right: unknown, type: string, node: Spot): boolean {
  if (type.startsWith('==')) return isEqual(left, right)
  if (type.startsWith('!=')) return !isEqual(left, right)
  const bothText = typeof left === 'string' && typeof right === 'string'
  if ((typeof left === 'string') !== (typeof right === 'string')) return fail('text and a number have no order', node)
  const order = bothText ? (left < right ? -1 : left > right ? 1 : 0) : toNumber(left, node) - toNumber(right, node)
  return (
    { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[type] ??
    fail(`${type} is not supported`, node)
  )
}

export function arithmetic(type: Binary, left: number, right: number, node: Spot): number {
  if (right === 0 && (type === 'Div' || type === 'FloorDiv' || type === 'Mod')) return fail('division by zero', node)
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

export function contains(container: unknown, item: unknown, node: Spot): boolean {
  if (typeof container === 'string') return container.includes(toText(item))
  if (Array.isArray(container)) return container.some(one => isEqual(one, item))
  if (isLazyMap(container)) return !isUndefined(lookupIn(container, toText(item)))
  return isMapping(container)
    ? Object.hasOwn(container, toText(item))
    : fail('"in" needs a list, a mapping or text', node)
}
