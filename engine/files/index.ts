/** Files of the control machine, by the names the user gave them. */

export { type Files, filesOf, start } from './files.ts'
