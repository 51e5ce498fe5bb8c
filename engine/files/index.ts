export { type Files, filesOf, start } from './files.ts'
