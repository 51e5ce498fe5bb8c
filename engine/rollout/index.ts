/** The story of a run: plays in order, batches, turns, availability, verdicts. */

export { runPlays } from './run.ts'
export type { Confirmed } from './session.ts'
export type { Reverting } from './take-back.ts'
export { type Took, timesOf } from './took.ts'
export type { Until } from './until.ts'
