import { readFileSync } from 'node:fs'
import type { InventoryRules } from 'rota'

/**
 * Names of kubespray's variables in all of its releases (`scripts/kubespray-names.mjs` writes them): of its role
 * defaults and sample inventories, and the others that its tasks, templates and documents have.
 */
export const kubesprayNames: NonNullable<InventoryRules['knows']> = () => {
  const [, variables = '', others = ''] = readFileSync(new URL('names.txt', import.meta.url), 'utf8').split(/^#.*\n/m)
  return { of: 'kubespray', variables: new Set(variables.split('\n')), others: new Set(others.split('\n')) }
}
