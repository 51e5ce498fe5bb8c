/** Past runs, read from their journals: what was done, what is left, and which of them may be gone on with. */

export { choose, howToResume, type Sought } from './choose.ts'
export { journalNamed, journalsIn } from './find.ts'
export { type Later, laterThan } from './later.ts'
export { type Lost, lostIn } from './lost.ts'
export { differences, type MadeOf } from './made-of.ts'
export { type Before, beforeOf, isDone } from './progress.ts'
export { type Journaled, readEvents } from './read.ts'
export { isOver, type State, stateOf } from './state.ts'
export {
  type Ending,
  type HostStory,
  type PlayStory,
  readStory,
  type Story,
  storyOf,
  type TaskStory,
} from './story.ts'
