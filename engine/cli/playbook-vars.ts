import { nearest, type Problem, refused } from '../failure/index.ts'
import type { Host, Inventory } from '../inventory/index.ts'
import type { Playbook } from '../playbook/index.ts'
import type { AnyRole } from '../role/index.ts'
import { isExtra, type ParamProblem, resolveParams } from '../values/index.ts'

/**
 * The variables that a playbook itself needs, from `-e`, validated as a role's params are: also those that no play
 * reads, for they may be the operator's word that something is meant. Throws what is wrong with them.
 */
export function playbookVars(
  playbook: Pick<Playbook, 'name' | 'file' | 'vars'>,
  inventory: Inventory,
  onSecret: (secrets: readonly string[]) => void,
): Readonly<Record<string, unknown>> {
  const { vars = {}, name, file } = playbook
  const properties = Object.fromEntries(
    Object.entries(vars).map(([variable, schema]) => [
      variable,
      { ...(typeof schema === 'object' ? schema : {}), var: variable },
    ]),
  )
  const required = Object.entries(properties).flatMap(([variable, schema]) => ('default' in schema ? [] : [variable]))
  const role: AnyRole = { name, params: { type: 'object', properties, required }, tasks: () => [] }
  // Extra variables are the same for all hosts.
  const [host = inventory.implicitHost('localhost')] = inventory.hosts.values()
  const call = { role, params: {}, tags: [], runOnce: false, site: { file, line: 1, column: 1 } }
  const resolved = resolveParams(call, variable => {
    const found = host.vars.get(variable)
    return found && isExtra(found) ? { value: found.value, variable: found } : undefined
  })
  onSecret(resolved.secrets)
  if (resolved.ok) return resolved.params
  throw refused(resolved.problems.map(problem => asProblem(problem, name, host)))
}

function asProblem(problem: ParamProblem, playbook: string, host: Host): Problem {
  const { kind, param, message, origin, hint } = problem
  if (kind === 'wrong')
    return {
      message,
      foundBy: `playbook ${playbook}`,
      ...(origin && { origin }),
      ...(hint && { hint }),
    }
  const given = [...host.vars].flatMap(([name, variable]) => (isExtra(variable) ? [name] : []))
  const meant = given.find(name => nearest(name, [param]).length > 0)
  const slip = meant === undefined || meant === param ? '' : `; ${meant} was given: is ${param} meant?`
  return { message: `playbook ${playbook} needs the variable ${param}`, hint: `say it with -e ${param}=…${slip}` }
}
