/** What must be read or look as Python does it: literals, JSON, repr, fnmatch; values with their places. */

export { translateGlob } from './fnmatch.ts'
export { compareText, pythonJson, sortedEntries } from './json.ts'
export { literalEval } from './literal.ts'
export {
  type Decrypt,
  type Entry,
  findNode,
  type ListNode,
  lastEntry,
  type MapNode,
  type Node,
  originOf,
  pythonFloat,
  type ScalarNode,
  setKey,
  someScalar,
  toValue,
} from './node.ts'
export { exactInteger, indentOf, splitLines, strip, toInt } from './python.ts'
export { pythonStr } from './repr.ts'
export { toNode } from './value-node.ts'
