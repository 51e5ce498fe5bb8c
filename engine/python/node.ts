import type { Origin } from '../failure/index.ts'

export interface Decrypt {
  /** Turns the ciphertext of a `!vault` value into its text; throws a refusal. */
  (ciphertext: string, origin: Origin): string
  /** Told of every value that came out of a vault, when it is read. */
  readonly opened?: (value: unknown) => void
}

/** The plain value of a node. Parts that several places share (YAML aliases) are shared in the result too. */
export function toValue(node: Node, file: string, decrypt: Decrypt, seen = new Map<Node, unknown>()): unknown {
  if (node.kind === 'scalar') {
    return node.type === 'vault' ? decrypt(String(node.value), originOf(node, file)) : node.value
  }
  if (seen.has(node)) return seen.get(node)
  if (node.kind === 'list') {
    const list: unknown[] = []
    seen.set(node, list)
    for (const item of node.items) list.push(toValue(item, file, decrypt, seen))
    return list
  }
  const object: Record<string, unknown> = {}
  seen.set(node, object)
  for (const { key, node: value } of node.entries) setKey(object, keyText(key), toValue(value, file, decrypt, seen))
  return object
}

/** `__proto__` in a file is a key like any other. */
export function setKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** A key as Python's json module writes it. */
export function keyText(key: ScalarNode): string {
  return key.type === 'float' ? pythonFloat(Number(key.value)) : String(key.value)
}

/** Python's repr of a float: 1.0, 1e+16, 1e-05, Infinity as json writes it. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e16 || size < 1e-4) {
    return value.toExponential().replace(/e([+-])(\d)$/, (_, sign: string, digit: string) => `e${sign}0${digit}`)
  }
  const text = size >= 1e-6 ? String(value) : value.toFixed(20)
  return Number.isInteger(value) ? `${text}.0` : text
}

export function originOf(node: { readonly line: number; readonly column: number }, file: string): Origin {
  return { file, line: node.line, column: node.column }
}

/** The deepest node on the way of the path that exists. */
export function findNode(node: Node, path: readonly (string | number)[]): Node {
  const [step, ...rest] = path
  if (step === undefined) return node
  const inner = childOf(node, step)
  return inner === undefined ? node : findNode(inner, rest)
}

function childOf(node: Node, step: string | number): Node | undefined {
  if (node.kind === 'list') return node.items[Number(step)]
  return node.kind === 'map' ? lastEntry(node, String(step)) : undefined
}

/** The last of several equal keys wins. */
export function lastEntry(node: MapNode, key: string): Node | undefined {
  return node.entries.findLast(entry => keyText(entry.key) === key)?.node
}

/** Whether any part of it satisfies the test. */
export function someScalar(node: Node, test: (scalar: ScalarNode) => boolean): boolean {
  if (node.kind === 'scalar') return test(node)
  if (node.kind === 'list') return node.items.some(item => someScalar(item, test))
  return node.entries.some(entry => someScalar(entry.node, test))
}

/**
 * A value as read from a file: a tree beside the plain value, so that each part can be located, and so that Python's
 * types survive (JavaScript cannot tell 1.0 from 1).
 */
export type Node = ScalarNode | MapNode | ListNode

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly type: ScalarType
  /** Text, number, bigint, boolean or null; the ciphertext for type `vault`. */
  readonly value: string | number | bigint | boolean | null
  readonly line: number
  readonly column: number
}

/** `unsafe` is text marked `!unsafe`, never a template. Dates are text in ISO form. */
export type ScalarType = 'str' | 'int' | 'float' | 'bool' | 'null' | 'date' | 'vault' | 'unsafe'

export interface MapNode {
  readonly kind: 'map'
  readonly entries: readonly Entry[]
  readonly line: number
  readonly column: number
}

export interface Entry {
  readonly key: ScalarNode
  readonly node: Node
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly Node[]
  readonly line: number
  readonly column: number
}
