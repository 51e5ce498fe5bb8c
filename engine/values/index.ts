/**
 * From a name to a value: templates evaluated, params by their schemas, what a value overrode and where it came from.
 */

export { ansibleFactRequests, ansibleFacts } from './ansible-facts.ts'
export { ansibleNames, renamedByAnsible } from './ansible-names.ts'
export { assumedFacts, assumedHost } from './assumed-facts.ts'
export { isExtra, type Lookup, type PlaybookValue, type Source, sourcesOf } from './choose.ts'
export { type DefaultsAsked, type WithDefaults, withDefaults, withTold } from './defaults.ts'
export { longestWait, seconds } from './duration.ts'
export { explainVar } from './explain.ts'
export { explainParams } from './explain-params.ts'
export { fileDefinitions, fileSchema, type JsonSchema } from './file-schema.ts'
export { formats } from './formats.ts'
export { type HasParams, isShared, notedNames, noteParams, shareSchemas, variableNames } from './names.ts'
export { overridden } from './overridden.ts'
export type { ParamProblem } from './param-problems.ts'
export {
  type Asked,
  givenTo,
  type PlaybookValues,
  type ResolvedParams,
  resolveParams,
  texts,
  valueFrom,
} from './params.ts'
export { readVar } from './read-var.ts'
export { type Rendered, renderFile } from './render-file.ts'
export { resolveDefault, resolveVar } from './resolve.ts'
export type { ParamSchema, ParamsOf, ParamsSchema } from './schema.ts'
