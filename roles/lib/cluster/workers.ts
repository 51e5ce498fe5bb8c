import type { InventoryView } from 'rota'
import { workersOf } from './groups.ts'

/** Only where a cluster has no workers may nobody be in the plays for all its hosts (`optional` of a play). */
export const noWorkers = (inventory: InventoryView): boolean => inventory.group('kube_node').length === 0

/** Every node is a master. */
export const onlyMasters = (inventory: InventoryView): boolean => workersOf(inventory).length === 0
