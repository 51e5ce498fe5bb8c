import type { Marks } from './marks.ts'
import { badMark } from './names.ts'
import { reservedTaint } from './reserved.ts'

/** As a node has it. */
export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

/** `node_taints`: each as text, `dedicated=infra:NoSchedule`, or in its parts; or all as one text. */
export type Taints = readonly (string | Taint)[] | string

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

const listOf = (taints: Taints): readonly (string | Taint)[] =>
  typeof taints === 'string' ? taints.split(',').filter(Boolean) : taints

export const taintsIn = (taints: Taints): Marks =>
  new Map(
    listOf(taints)
      .flatMap(item => taintIn(item) ?? [])
      .map(taint => [idOf(taint), taint.value ?? '']),
  )

/** A node may have one key with several effects. */
export const idOf = ({ key, effect }: Taint): string => `${key}:${effect}`

/** `dedicated=infra:NoSchedule`, `dedicated:NoSchedule`. */
function taintIn(item: string | Taint): Taint | undefined {
  if (typeof item !== 'string') return item
  const [, key, value = '', effect] = /^([^=:]+)(?:=([^=:]*))?:([^=:]+)$/.exec(item) ?? []
  return key === undefined || effect === undefined ? undefined : { key, value, effect }
}

export const taintText = (id: string, value: string): string => {
  const at = id.lastIndexOf(':')
  return `${id.slice(0, at)}${value === '' ? '' : `=${value}`}${id.slice(at)}`
}

/** What is wrong with them, all of it. */
export function taintProblems(taints: Taints): readonly string[] {
  const seen = new Set<string>()
  return listOf(taints).flatMap(item => {
    const taint = taintIn(item)
    const wrong = taint === undefined ? 'KEY=VALUE:EFFECT is a taint, or KEY:EFFECT' : wrongWith(taint)
    const said = typeof item === 'string' ? item : taintText(idOf(item), item.value ?? '')
    if (taint === undefined || wrong !== undefined) return [`${said}: ${wrong}`]
    const id = idOf(taint)
    if (seen.has(id)) return [`${said}: there is another one of this key and effect`]
    seen.add(id)
    return []
  })
}

const wrongWith = ({ key, value = '', effect }: Taint): string | undefined =>
  badMark(key, value) ?? (effects.includes(effect) ? reservedTaint(key) : `an effect is one of ${effects.join(', ')}`)

/** The list of a node after a change: what is not ours to say stays as it is, and where it is. */
export function taintsAfter(there: readonly Taint[], set: Marks, gone: readonly string[]): readonly Taint[] {
  const known = new Set(there.map(idOf))
  return [
    ...there
      .filter(taint => !gone.includes(idOf(taint)))
      .map(taint => (set.has(idOf(taint)) ? made(idOf(taint), set.get(idOf(taint)) ?? '') : taint)),
    ...[...set].flatMap(([id, value]) => (known.has(id) ? [] : [made(id, value)])),
  ]
}

function made(id: string, value: string): Taint {
  const at = id.lastIndexOf(':')
  return { key: id.slice(0, at), ...(value === '' ? {} : { value }), effect: id.slice(at + 1) }
}
