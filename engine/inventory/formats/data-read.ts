import { readJson } from './json-read.ts'
import { nameOf } from './yaml-inventory.ts'
import { readYaml, type YamlReading } from './yaml-read.ts'

/** YAML or JSON text: JSON first, as Ansible does, because the two differ in `1e3` and in tabs. */
export function readData(text: string, file: string): YamlReading {
  if (/^\s*[{[]/.test(text)) {
    const json = readJson(text, file)
    if ('node' in json) return { node: json.node, problems: [], warnings: [] }
    if (file.endsWith('.json')) return { problems: [json.problem], warnings: [] }
  }
  return readYaml(text, file)
}

/** The same, for a file of variables: it must be a mapping; an empty one has none. */
export function readVariables(text: string, file: string): YamlReading {
  const reading = readData(text, file)
  const { node } = reading
  if (node === undefined || node.kind === 'map') return reading
  const isEmpty = node.kind === 'list' ? node.items.length === 0 : !node.value
  if (isEmpty) return { problems: [], warnings: reading.warnings }
  const origin = { file, line: node.line, column: node.column }
  const message = `variables must be a mapping "name: value", this is ${nameOf(node)}`
  return { problems: [{ message, origin }], warnings: reading.warnings }
}
