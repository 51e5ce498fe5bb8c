import { jsonEscaped } from '../journal/index.ts'
import type { Entry, MapNode, Node, ScalarNode } from './node.ts'
import { keyText, pythonFloat } from './node.ts'

/**
 * `json.dumps(value, sort_keys=True, indent=4, ensure_ascii=False)` of Python, with Python's floats. Where a mapping
 * somewhere has both numbers and text for keys, Python can't sort; `ansible-inventory` then prints everything in its
 * own order. What would not be seen or would act on a terminal is written as an escape, which Python leaves raw: the
 * values are the same.
 */
export function pythonJson(root: Node): string {
  const print = (node: Node, indent: string): string => {
    if (node.kind === 'scalar') return scalarJson(node, indent)
    const inner = `${indent}    `
    if (node.kind === 'list') {
      if (node.items.length === 0) return '[]'
      return `[\n${node.items.map(item => inner + print(item, inner)).join(',\n')}\n${indent}]`
    }
    if (node.entries.length === 0) return '{}'
    const lines = order(node.entries).map(
      ({ key, node }) => `${inner}${JSON.stringify(keyText(key))}: ${print(node, inner)}`,
    )
    return `{\n${lines.join(',\n')}\n${indent}}`
  }
  const order = isSortable(root) ? sortEntries : (entries: readonly Entry[]) => entries
  return jsonEscaped(print(root, ''))
}

/** Ansible wraps what it must be able to read back: vaulted and unsafe text. */
function scalarJson(node: ScalarNode, indent: string): string {
  const { type, value } = node
  if (type === 'float') return pythonFloat(Number(value))
  if (type === 'vault' || type === 'unsafe') {
    return `{\n${indent}    "__ansible_${type}": ${JSON.stringify(String(value))}\n${indent}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function isSortable(node: Node): boolean {
  if (node.kind === 'scalar') return true
  if (node.kind === 'list') return node.items.every(isSortable)
  return hasLikeKeys(node) && node.entries.every(entry => isSortable(entry.node))
}

/** Python compares numbers with numbers and text with text only. */
function hasLikeKeys(node: MapNode): boolean {
  const kinds = new Set(
    node.entries.map(({ key }) => (typeof key.value === 'string' ? 'text' : key.type === 'null' ? 'null' : 'number')),
  )
  return kinds.size <= 1
}

/** The entries in the order in which PyYAML writes them: sorted where Python can sort the keys. */
export function sortedEntries(node: MapNode): readonly Entry[] {
  return hasLikeKeys(node) ? sortEntries(node.entries) : node.entries
}

/** Numbers by size, text by code point. */
function sortEntries(entries: readonly Entry[]): readonly Entry[] {
  if (typeof entries[0]?.key.value === 'string') {
    return entries.toSorted((a, b) => compareText(String(a.key.value), String(b.key.value)))
  }
  return entries.toSorted((a, b) => Number(a.key.value) - Number(b.key.value))
}

/** By code point, as Python compares; JavaScript compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const left = [...a]
  const right = [...b]
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
