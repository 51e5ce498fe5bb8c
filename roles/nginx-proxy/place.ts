import type { HostView, InventoryView } from 'rota'
import { hasNodeProxy, type PlacedProxy } from '../lib/cluster/index.ts'
import type { Settings } from './settings.ts'

/** Whether a host has an nginx of its own. */
export const hasProxy = (
  settings: PlacedProxy & Pick<Settings, 'type' | 'masters'>,
  host: HostView,
  inventory: InventoryView,
): boolean => settings.type === 'nginx' && hasNodeProxy(settings, host, inventory, settings)
