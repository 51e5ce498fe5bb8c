import { type Marks, memoryOf, type PlannedMarks, planMarks, remembered } from './marks.ts'
import type { Node } from './nodes.ts'
import { sealPrefix } from './reserved.ts'
import { idOf, taintsAfter, taintText } from './taint.ts'

/** What differs between labels and taints. */
export interface Kind {
  readonly name: 'labels' | 'taints'
  readonly on: (node: Node) => Marks
  readonly shown: (id: string, value: string) => string
  /** What is to be merged into the node. */
  readonly change: (node: Node, planned: PlannedMarks) => { readonly labels?: object; readonly spec?: object }
}

export const labels: Kind = {
  name: 'labels',
  on: node => new Map(Object.entries(node.labels)),
  shown: (name, value) => `${name}=${value}`,
  change: (_, { set, gone }) => ({
    labels: { ...Object.fromEntries(set), ...Object.fromEntries(gone.map(name => [name, null])) },
  }),
}

export const taints: Kind = {
  name: 'taints',
  on: node => new Map(node.taints.map(taint => [idOf(taint), taint.value ?? ''])),
  shown: taintText,
  // There is no changing of a single one: a merge exchanges the whole list.
  change: (node, { set, gone }) => ({ spec: { taints: taintsAfter(node.taints, set, gone) } }),
}

/** Where a node has what is remembered of it. */
export const namesOf = ({ name }: Kind) => ({ annotation: `rota/${name}`, seal: `${sealPrefix}${name}` })

export function plan(kind: Kind, wanted: Marks, node: Node): PlannedMarks | undefined {
  const { annotation, seal } = namesOf(kind)
  return planMarks(wanted, kind.on(node), remembered({ text: node.annotations[annotation], seal: node.labels[seal] }))
}

/** A change of a node and what is remembered of it, in one: there is no moment in which nobody knows whose it is. */
export function patchFor(kind: Kind, node: Node & { readonly version: string }, planned: PlannedMarks): object {
  const { annotation, seal } = namesOf(kind)
  const memory = memoryOf(planned.ours)
  const { labels = {}, spec } = kind.change(node, planned)
  return {
    metadata: {
      // The API server refuses it where anybody has changed the node since.
      resourceVersion: node.version,
      annotations: { [annotation]: memory.text },
      labels: { ...labels, [seal]: memory.seal },
    },
    ...(spec === undefined ? {} : { spec }),
  }
}

/** `zone=b (was a)`, `dedicated=infra:NoSchedule taken away`. */
export function said(kind: Kind, node: Node, { set, gone }: PlannedMarks): string {
  const there = kind.on(node)
  const parts = [
    ...[...set].map(([id, value]) => {
      const before = there.get(id)
      return `${kind.shown(id, value)}${before === undefined ? '' : ` (was ${kind.shown(id, before)})`}`
    }),
    ...gone.map(id => `${kind.shown(id, there.get(id) ?? '')} taken away`),
  ]
  return parts.length === 0 ? 'others have changed them since: they are theirs now' : parts.join(', ')
}
