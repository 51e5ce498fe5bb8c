import type { Marks } from './marks.ts'
import { badMark } from './names.ts'
import { reservedLabel } from './reserved.ts'

type Value = string | number | boolean | null

/** `node_labels`: a mapping, or text as an INI file and `-e` have it, `zone=a,role=ingress`. */
export type Labels = Readonly<Record<string, Value>> | string

export const labelsIn = (labels: Labels): Marks => new Map(pairsIn(labels).map(([name, value = '']) => [name, value]))

type Pair = readonly [name: string, value?: string]

const pairsIn = (labels: Labels): readonly Pair[] =>
  typeof labels === 'string'
    ? labels.split(',').filter(Boolean).map(cut)
    : Object.entries(labels).map(([name, value]) => [name, textOf(value)])

function cut(item: string): Pair {
  const at = item.indexOf('=')
  return at < 0 ? [item] : [item.slice(0, at), item.slice(at + 1)]
}

/** As kubespray writes it, by Python's `'%s=%s'`. */
const textOf = (value: Value): string => {
  if (value === null) return 'None'
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

/** What is wrong with them, all of it. */
export const labelProblems = (labels: Labels, isMaster: boolean): readonly string[] =>
  pairsIn(labels).flatMap(([name, value]) => {
    if (value === undefined) return [`${name}: NAME=VALUE is a label, or NAME= where it has no value`]
    const wrong = badMark(name, value) ?? reservedLabel(name, isMaster)
    return wrong === undefined ? [] : [`${name}=${value}: ${wrong}`]
  })
