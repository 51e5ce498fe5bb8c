export { translateGlob } from './fnmatch.ts'
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
export { compareText, pythonJson, sortedEntries } from './python-json.ts'
export { pythonStr } from './python-repr.ts'
export { toNode } from './value-node.ts'
