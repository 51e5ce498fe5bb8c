export { endOf } from './cut.ts'
export { shortest } from './forms.ts'
export { type Redactor, redactor } from './redactor.ts'
