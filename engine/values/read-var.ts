import type { Host, Inventory } from '../inventory/index.ts'
import { resolveVar } from './resolve.ts'

/**
 * The value of a host's variable, templates evaluated; undefined where it is not set. Throws a refusal for a
 * template that can't be evaluated.
 */
export const readVar = (inventory: Inventory, host: Host, name: string): unknown =>
  resolveVar(inventory, host, name)?.value
