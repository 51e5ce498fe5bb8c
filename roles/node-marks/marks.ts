import { createHash } from 'node:crypto'

/**
 * Labels or taints of a node, by what tells them apart: of a label its name, of a taint its key and effect
 * (`dedicated:NoSchedule`).
 */
export type Marks = ReadonlyMap<string, string>

export interface PlannedMarks {
  readonly set: Marks
  readonly gone: readonly string[]
  /** What is ours afterwards, with the values that we have given them. */
  readonly ours: Marks
}

/**
 * Those that the operator wants are there with his values; of others only those go that are ours, and still have the
 * value that we have given them. What was there before as it is wanted stays somebody else's. Nothing where all is so.
 */
export function planMarks(wanted: Marks, there: Marks, ours: Marks): PlannedMarks | undefined {
  const set = where(wanted, (id, value) => there.get(id) !== value)
  const left = where(ours, (id, value) => !wanted.has(id) && there.get(id) === value)
  const stay = where(wanted, (id, value) => set.has(id) || ours.get(id) === value)
  const isKnown = stay.size === ours.size && [...stay].every(([id, value]) => ours.get(id) === value)
  return set.size === 0 && left.size === 0 && isKnown ? undefined : { set, gone: [...left.keys()], ours: stay }
}

const where = (marks: Marks, holds: (id: string, value: string) => boolean): Marks =>
  new Map([...marks].filter(([id, value]) => holds(id, value)))

/** Which are ours, as a node remembers it; nothing where none is. */
export interface Memory {
  readonly text: string | null
  readonly seal: string | null
}

/**
 * What an annotation says, and a label that proves it. A kubelet may write annotations of its node, and would have us
 * take a taint away that somebody has set against it. A label of `node-restriction.kubernetes.io` it may not (admission
 * plugin NodeRestriction).
 */
export const memoryOf = (ours: Marks): Memory => {
  if (ours.size === 0) return { text: null, seal: null }
  const text = JSON.stringify(Object.fromEntries(ours))
  return { text, seal: sealOf(text) }
}

/** What is not proven does not count: nothing is ours then, and nothing is taken away. */
export function remembered({ text, seal }: { readonly text?: string | undefined; readonly seal?: string | undefined }) {
  if (text === undefined || seal !== sealOf(text)) return new Map<string, string>()
  return new Map(Object.entries(JSON.parse(text) as Readonly<Record<string, string>>))
}

/** A value of a label has 63 characters at most. */
const sealOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 63)
