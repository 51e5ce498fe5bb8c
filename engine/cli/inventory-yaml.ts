import { Document, isMap, Pair, type Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { sortedEntries } from '../inventory/python-json.ts'
import type { Node } from '../inventory/types.ts'

/** A tree of values as YAML that Ansible reads back the same: YAML 1.1, sorted keys, vaulted values still vaulted. */
export function yamlText(node: Node): string {
  const document = new Document(undefined, { version: '1.1' })
  document.contents = nodeOf(node, document) as typeof document.contents
  if (isMap(document.contents) && document.contents.items.length === 0) return '{}'
  return document.toString({ indentSeq: false, lineWidth: 0, singleQuote: true }).trimEnd()
}

function nodeOf(node: Node, document: Document): YAMLMap | YAMLSeq | Scalar {
  if (node.kind === 'list') {
    const list = new YAMLSeq(document.schema)
    list.items = node.items.map(item => nodeOf(item, document))
    return list
  }
  if (node.kind === 'map') {
    const entries = new YAMLMap(document.schema)
    entries.items = sortedEntries(node).map(
      ({ key, node: inner }) => new Pair(nodeOf(key, document), nodeOf(inner, document)),
    )
    return entries
  }
  if (node.type === 'vault') return tagged(document, String(node.value), '!vault')
  if (node.type === 'unsafe') return tagged(document, String(node.value), '!unsafe')
  const scalar = document.createNode(node.value) as Scalar
  if (node.type === 'float' && Number.isInteger(node.value)) scalar.minFractionDigits = 1
  return scalar
}

function tagged(document: Document, text: string, tag: string): Scalar {
  const scalar = document.createNode(text) as Scalar
  scalar.tag = tag
  if (tag === '!vault') scalar.type = 'BLOCK_LITERAL'
  return scalar
}
