import type { Shown } from '../../journal/index.ts'
import type { Later, State, Story } from '../../runs/index.ts'
import type { Told } from './told.ts'

/** What a page is about. */
export interface Paged {
  readonly story: Shown<Story>
  readonly state: State
  readonly later: readonly Shown<Later>[]
  readonly told: Told
}
