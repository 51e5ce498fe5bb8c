// @ts-check
import '../../engine/register.mjs'
import { median } from './measure.mjs'

const { readYamlQuickly } = await import('../../engine/inventory/formats/yaml-quick.ts')
const { readYamlFully } = await import('../../engine/inventory/formats/yaml-read.ts')

/**
 * CPU seconds to read a YAML inventory of so many hosts with 20 variables each, by the quick reader and by the yaml
 * package that it stands before.
 * @param {{ nodes: readonly number[], runs: number }} wanted
 */
export function yamlBench({ nodes, runs }) {
  return nodes.map(count => {
    const text = inventory(count)
    const quick = median(Array.from({ length: runs }, () => cpuOf(() => everything(readYamlQuickly(text)))))
    const full = median(Array.from({ length: runs }, () => cpuOf(() => everything(readYamlFully(text, 'bench').node))))
    return { nodes: count, quick, full }
  })
}

/** @param {() => void} work */
function cpuOf(work) {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** What is read lazily counts as well. @param {any} node @returns {void} */
function everything(node) {
  if (node === undefined) throw new Error('it is not read')
  if (node.kind === 'map') for (const { node: value } of node.entries) everything(value)
}

/** @param {number} count */
const inventory = count =>
  `all:\n  hosts:\n${Array.from({ length: count }, (_, host) => `    host-${host}:\n${variables(host)}`).join('')}`

/** @param {number} host */
const variables = host =>
  Array.from(
    { length: 20 },
    (_, index) => `      variable_${index}: ${index % 2 ? host * index : `value-${host}`}\n`,
  ).join('')
