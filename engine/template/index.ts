/** Jinja in values: parse, evaluate, filters, tests, lookups, all of it bounded. */

export { FilterError, TemplateError } from './error.ts'
export { evaluateExpression, type Outside } from './evaluate.ts'
export { lookups } from './lookups.ts'
export { parseTemplate, TemplateSyntaxError } from './parse.ts'
export { render } from './render.ts'
export { checkSize, isLazyMap, lazyMap, missing } from './values.ts'
export { mostText, Work } from './work.ts'
