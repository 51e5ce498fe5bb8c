import type { InventoryView } from 'rota'

/** Only where a cluster has no workers may nobody be in the plays for all its hosts (`optional` of a play). */
export const noWorkers = (inventory: InventoryView): boolean => inventory.group('kube_node').length === 0
