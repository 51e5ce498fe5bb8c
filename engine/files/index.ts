/** Files of the control machine, by the names the user gave them. */

export { type Files, filesOf, type OnRead, start } from './files.ts'
