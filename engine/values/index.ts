/**
 * From a name to a value: templates evaluated, params by their schemas, what a value overrode and where it came from.
 */

export { ansibleFactRequests, ansibleFacts } from './ansible-facts.ts'
export { explainVar } from './explain.ts'
export { type Lookup, type ParamProblem, type ResolvedParams, resolveParams, texts, variableNames } from './params.ts'
export { readVar } from './read-var.ts'
export { resolveVar } from './resolve.ts'
export type { ParamSchema, ParamsOf, ParamsSchema } from './schema.ts'
