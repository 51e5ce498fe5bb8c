import type { Inventory } from '../engine/inventory/index.ts'
import type { BindOptions } from '../engine/plan/bind.ts'
import type { DraftOptions } from '../engine/plan/draft.ts'
import { bindPlays, draftPlays, inventoryView, type Readied } from '../engine/plan/index.ts'
import type { Play } from '../engine/playbook/index.ts'
import type { Redactor } from '../engine/secrets/index.ts'

type Options = BindOptions & DraftOptions & { readonly redactor: Pick<Redactor, 'add' | 'isIn'> }

/** Plays as a run finds them before its first connection, all that is wrong with them at once. */
export const readyPlays = async (
  plays: readonly Play[],
  inventory: Inventory,
  options: Options,
  viewOf = inventoryView,
): Promise<Readied> => draftPlays(bindPlays(plays, inventory, options, viewOf), options)
