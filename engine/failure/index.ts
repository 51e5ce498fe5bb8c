/** What is wrong, where, and what to do: problems, their places, the nearest names. */

export {
  Failure,
  failure,
  interrupted,
  isFailure,
  messageOf,
  type Obstacle,
  placeIn,
  type Refused,
  refused,
  saidOf,
  type Unreachable,
  unreachable,
} from './failure.ts'
export {
  didYouMean,
  formatOrigin,
  formatProblem,
  meant,
  messageWithFinder,
  nearest,
  type Origin,
  type Problem,
  uniqueProblems,
} from './problem.ts'
export { namesToCompare, slipsOf } from './slip.ts'
