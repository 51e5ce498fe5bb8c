import { createRequire } from 'node:module'
import { messageOf } from 'rota'

const require = createRequire(import.meta.url)

/** All values that a path leads to in an object; none where it leads nowhere. */
export type Values = (object: unknown) => readonly unknown[]

/**
 * A JSONPath (RFC 9535), also as `kubectl wait --for=jsonpath` has it: in braces, and without the `$`. Not kubectl's
 * `range`, nor a backslash before a dot: `['app.kubernetes.io/name']`. Or why it is none.
 */
export function jsonPath(text: string): { readonly values: Values } | { readonly wrong: string } {
  const inside = /^\{(.*)\}$/s.exec(text.trim())?.[1]?.trim() ?? text.trim()
  const path = inside.startsWith('$') ? inside : `$${/^[.[]/.test(inside) ? '' : '.'}${inside}`
  // Loaded where a path is asked for.
  const { compile }: typeof import('json-p3') = require('json-p3')
  try {
    const query = compile(path)
    return { values: object => query.query(object as Parameters<typeof query.query>[0]).values() }
  } catch (error) {
    return { wrong: `${JSON.stringify(text)} is no JSONPath: ${messageOf(error)}` }
  }
}
