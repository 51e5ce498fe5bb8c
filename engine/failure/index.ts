/** What is wrong, where, and what to do: problems, their places, the nearest names. */

export { didYouMean, formatOrigin, InventoryError, nearest, type Origin, type Problem } from './problem.ts'
