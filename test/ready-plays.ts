import type { Inventory } from '../engine/inventory/index.ts'
import type { BindOptions } from '../engine/plan/bind.ts'
import type { DraftOptions } from '../engine/plan/draft.ts'
import { bindPlays, draftPlays, type Readied } from '../engine/plan/index.ts'
import type { Play } from '../engine/playbook/index.ts'
import type { InventoryView } from '../engine/role/index.ts'
import type { Redactor } from '../engine/secrets/index.ts'

type Options = BindOptions & DraftOptions & { readonly hidden: Pick<Redactor, 'add' | 'isIn'> }

/** Plays as a run finds them before its first connection, all that is wrong with them at once. */
export const readyPlays = async (
  plays: readonly Play[],
  inventory: Inventory,
  view: InventoryView,
  options: Options,
): Promise<Readied> => draftPlays(bindPlays(plays, inventory, view, options), view, options)
