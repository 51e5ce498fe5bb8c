/** Ansible's inventories: formats, variables and their precedence, groups, patterns. */

export { isAddress } from './address.ts'
export { shlexSplit } from './formats/shlex.ts'
export { nameOf } from './formats/yaml-inventory.ts'
export { resolvePlain } from './formats/yaml-scalar.ts'
export { type GraphOptions, graphInventory } from './graph.ts'
export { hostNode, inventoryTree, type ListOptions, listHost, listInventory } from './list.ts'
export { type InventoryRules, type LoadOptions, loadInventory } from './load.ts'
export { hostNamed, selectHosts, splitPatterns } from './patterns.ts'
export type { Group, Host, Inventory, Variable } from './types.ts'
export { isTemplated } from './vars/variables.ts'
