import { type Inventory, InventoryError } from '../inventory/index.ts'
import type { Playbook } from '../playbook/playbook.ts'
import { resolveParams } from '../role/params.ts'
import type { AnyRole } from '../role/role.ts'

/** The variables that the plays of a playbook themselves need, from `-e`, validated as a role's params are. */
export function playbookVars(
  playbook: Playbook,
  inventory: Inventory,
  onSecret: (secrets: readonly string[]) => void,
): Readonly<Record<string, unknown>> {
  const { vars = {}, name } = playbook
  const properties = Object.fromEntries(
    Object.entries(vars).map(([variable, schema]) => [
      variable,
      { ...(typeof schema === 'object' ? schema : {}), var: variable },
    ]),
  )
  const required = Object.entries(properties).flatMap(([variable, schema]) => ('default' in schema ? [] : [variable]))
  const role: AnyRole = { name, params: { type: 'object', properties, required }, tasks: () => [] }
  // Extra variables are the same for all hosts.
  const [host] = inventory.hosts.values()
  const call = { role, params: {}, tags: [], runOnce: false, site: { file: playbook.file, line: 1, column: 1 } }
  const { params, problems, secrets } = resolveParams(call, variable => {
    const found = host?.vars.get(variable)
    return found?.source === 'extra vars' ? { value: found.value, variable: found } : undefined
  })
  onSecret(secrets)
  if (problems.length === 0) return params
  throw new InventoryError(
    problems.map(({ message, origin }) => {
      const variable = required.find(candidate => message.endsWith(` needs ${candidate}`))
      return variable === undefined
        ? { message, ...(origin ? { origin } : {}) }
        : { message: `playbook ${name} needs the variable ${variable}`, hint: `say it with -e ${variable}=…` }
    }),
  )
}
