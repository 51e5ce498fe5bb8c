export { runPlays } from './run.ts'
