import type { Node, ScalarNode } from '../python/index.ts'
import { pythonFloat, sortedEntries } from '../python/index.ts'
import { analyze } from './yaml/analyze.ts'
import { Writer } from './yaml/writer.ts'

/**
 * A tree of values as PyYAML dumps it for `ansible-inventory --yaml`, byte for byte: block style, sorted keys, lines
 * folded at 80, what several places share as anchor and alias, vaulted values still vaulted. Text marked `!unsafe`
 * keeps its mark, which Ansible drops.
 */
export function yamlText(root: Node): string {
  const anchors = anchorsOf(root)
  const named = new Set<Node>()
  const writer = new Writer()

  /** Behind `key:` or `- `. */
  const write = (node: Node, indent: number, where: 'root' | 'value' | 'item'): void => {
    const space = where === 'root' ? '' : ' '
    const anchor = anchors.get(node)
    if (anchor !== undefined && named.has(node)) {
      writer.write(`${space}*${anchor}`)
      return
    }
    named.add(node)
    if (anchor !== undefined) writer.write(`${space}&${anchor}`)
    if (node.kind === 'scalar') {
      writer.write(space)
      scalar(node, indent, false)
    } else if (node.kind === 'list' && node.items.length === 0) writer.write(`${space}[]`)
    else if (node.kind === 'map' && node.entries.length === 0) writer.write(`${space}{}`)
    else block(node, indent, where, anchor !== undefined)
  }

  const block = (node: Exclude<Node, ScalarNode>, indent: number, where: string, isNamed: boolean): void => {
    // A list is no deeper than the key it belongs to. In a list, what has no name begins behind the dash.
    const own = node.kind === 'list' && where === 'value' ? indent - 2 : indent
    const begin = (index: number) => {
      if (index > 0 || where === 'value' || isNamed) writer.newLine(own)
      else if (where === 'item') writer.write(' ')
    }
    if (node.kind === 'list') {
      for (const [index, item] of node.items.entries()) {
        begin(index)
        writer.write('-')
        write(item, own + 2, 'item')
      }
      return
    }
    for (const [index, { key, node: value }] of sortedEntries(node).entries()) {
      begin(index)
      scalar(key, own + 2, true)
      writer.write(':')
      write(value, own + 2, 'value')
    }
  }

  const scalar = (node: ScalarNode, indent: number, isKey: boolean): void => {
    const { type } = node
    const text = String(node.value)
    if (type === 'vault') {
      writer.write('!vault ')
      writer.literal(text, indent)
    } else if (type === 'str' || type === 'unsafe') {
      if (type === 'unsafe') writer.write('!unsafe ')
      const { plain, single, multiline } = analyze(text)
      if (plain) writer.plain(text, indent, !isKey)
      else if (single && !(isKey && multiline)) writer.single(text, indent, !isKey)
      else writer.double(text, indent, !isKey)
    } else writer.write(plainText(node))
  }

  write(root, 0, 'root')
  return writer.toString()
}

/** Python's numbers and words. */
function plainText({ type, value }: ScalarNode): string {
  if (type === 'null') return 'null'
  if (type === 'date') return String(value).replace('T', ' ')
  if (type !== 'float') return String(value)
  const number = Number(value)
  if (Number.isNaN(number)) return '.nan'
  if (!Number.isFinite(number)) return number > 0 ? '.inf' : '-.inf'
  const text = pythonFloat(number)
  return text.includes('.') ? text : text.replace('e', '.0e')
}

/** Lists, mappings and dates that are there more than once, named in the order in which that shows. */
function anchorsOf(root: Node): ReadonlyMap<Node, string> {
  const seen = new Set<Node>()
  const anchors = new Map<Node, string>()
  const visit = (node: Node): void => {
    // Python has the same text and numbers everywhere; dates are objects like lists.
    if (node.kind === 'scalar' && node.type !== 'date') return
    if (seen.has(node)) {
      if (!anchors.has(node)) anchors.set(node, `id${String(anchors.size + 1).padStart(3, '0')}`)
      return
    }
    seen.add(node)
    if (node.kind === 'list') for (const item of node.items) visit(item)
    else if (node.kind === 'map') for (const { node: inner } of sortedEntries(node)) visit(inner)
  }
  visit(root)
  return anchors
}
