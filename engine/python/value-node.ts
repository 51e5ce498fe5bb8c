import type { Node } from './node.ts'

/** The other way: a plain value as a tree without positions. */
export function toNode(value: unknown): Node {
  const at = { line: 1, column: 1 }
  if (Array.isArray(value)) return { kind: 'list', items: value.map(toNode), ...at }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => {
      return { key: { kind: 'scalar', type: 'str', value: name, ...at } as const, node: toNode(inner) }
    })
    return { kind: 'map', entries, ...at }
  }
  if (typeof value === 'boolean') return { kind: 'scalar', type: 'bool', value, ...at }
  if (typeof value === 'bigint') return { kind: 'scalar', type: 'int', value, ...at }
  if (typeof value === 'number')
    return { kind: 'scalar', type: Number.isInteger(value) ? 'int' : 'float', value, ...at }
  if (value === null || value === undefined) return { kind: 'scalar', type: 'null', value: null, ...at }
  return { kind: 'scalar', type: 'str', value: String(value), ...at }
}
