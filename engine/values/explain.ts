import { didYouMean, formatOrigin, isFailure, refused } from '../failure/index.ts'
import type { Host, Inventory, Variable } from '../inventory/index.ts'
import { isTemplated, nameOf } from '../inventory/index.ts'
import type { Node } from '../python/index.ts'
import { pythonJson, toNode } from '../python/index.ts'
import { overridden } from './overridden.ts'
import { type Facts, resolveVar } from './resolve.ts'

/**
 * Where a host's variable comes from: the value in effect with its type and place, then everything it overrode,
 * strongest first. Throws a refusal with the nearest names when the host has no such variable.
 */
export function explainVar(inventory: Inventory, host: Host, name: string, context: Facts = {}): string {
  const variable = host.vars.get(name)
  if (variable === undefined) {
    const message = `host '${host.name}' has no variable '${name}'`
    throw refused([{ message, ...didYouMean(name, host.vars.keys()) }])
  }
  return [
    `${name} of ${host.name}`,
    ...describe(variable, '  ', 'set by'),
    ...evaluated(inventory, host, name, variable, context),
    ...overridden(variable).flatMap(older => describe(older, '    ', 'overrides')),
  ].join('\n')
}

function describe(variable: Variable, indent: string, verb: string): string[] {
  const node = variable.node ?? toNode(variable.value)
  const shown = variable.secret === true ? '(vaulted)' : pythonJson(node).replaceAll('\n', `\n${indent}`)
  return [
    `${indent}${verb} ${variable.source}, ${formatOrigin(variable.origin)}`,
    `${indent}${shown}  (${typeOf(node)})`,
  ]
}

function evaluated(inventory: Inventory, host: Host, name: string, variable: Variable, context: Facts): string[] {
  if (!isTemplated(variable)) return []
  try {
    const result = resolveVar(inventory, host, name, context)
    const node = toNode(result?.value)
    const shown = result?.secret === true ? '(vaulted)' : pythonJson(node).replaceAll('\n', '\n  ')
    return [`  evaluates to ${shown}  (${typeOf(node)})`]
  } catch (error) {
    if (isFailure(error, 'refused')) return [`  can't be evaluated: ${error.message}`]
    throw error
  }
}

/** `1.0` and `1` differ here, and text that looks like a number is the surprise people look for. */
export function typeOf(node: Node): string {
  if (node.kind === 'scalar' && node.type === 'float') return 'float'
  if (node.kind === 'scalar' && node.type === 'int') return 'integer'
  return nameOf(node)
}
