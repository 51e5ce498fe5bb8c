/** The story of a run: plays in order, batches, turns, availability, verdicts. */

export { runPlays } from './run.ts'
export type { Reverting } from './take-back.ts'
