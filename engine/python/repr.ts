import type { Node, ScalarNode } from './node.ts'
import { keyText, pythonFloat } from './node.ts'

/** `str(value)` of Python: text as it is, everything inside a list or mapping as its repr. */
export function pythonStr(node: Node): string {
  if (node.kind === 'scalar' && node.type === 'date') return String(node.value).replace('T', ' ')
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : pythonRepr(node)
}

function pythonRepr(node: Node): string {
  if (node.kind === 'list') return `[${node.items.map(pythonRepr).join(', ')}]`
  if (node.kind === 'map')
    return `{${node.entries.map(entry => `${keyRepr(entry.key)}: ${pythonRepr(entry.node)}`).join(', ')}}`
  return scalarRepr(node)
}

const keyRepr = (key: ScalarNode): string => (typeof key.value === 'string' ? textRepr(keyText(key)) : scalarRepr(key))

function scalarRepr({ type, value }: ScalarNode): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (type === 'float') return pythonFloat(Number(value)).replace('Infinity', 'inf').replace('NaN', 'nan')
  return typeof value === 'string' ? textRepr(value) : String(value)
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that Python escapes
  const inner = text.replace(/[\\\n\r\t\x00-\x1f\x7f-\xa0]/g, char => {
    return escapes[char] ?? `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`
  })
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote
}
