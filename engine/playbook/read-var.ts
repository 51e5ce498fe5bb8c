import type { Host, Inventory } from '../inventory/index.ts'
export const resolveVar = (_: Inventory, host: Host, name: string): unknown => host.vars.get(name)?.value
