/** What is secret, and how it is found in a text, however it is written there. */

export { endOf } from './cut.ts'
export { shortest } from './forms.ts'
export { newRedactor, type Redactor } from './redactor.ts'
