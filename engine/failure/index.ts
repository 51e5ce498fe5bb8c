export { didYouMean, formatOrigin, InventoryError, nearest, type Origin, type Problem } from './problem.ts'
