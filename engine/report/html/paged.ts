import type { Shown } from '../../journal/index.ts'
import type { Later } from '../../runs/index.ts'
import type { Past } from '../past/past.ts'

/** What a page is about. */
export interface Paged extends Past {
  readonly later: readonly Shown<Later>[]
}
