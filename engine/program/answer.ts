import type { FactRequest } from '../facts/index.ts'
import { longestCutNote, longestFact, longestFacts, longestOutput, longestStepOutput } from './limits.ts'
import type { Head } from './protocol.ts'

/** A frame that a request is answered with. */
interface Slot {
  readonly event: string
  readonly name: string
  /** Bytes of its payload. */
  readonly longest: number
  /** An event that may come in its place, and in that of the next. */
  readonly alternative?: string
}

/** Judges the frames of one request as they come: how long each may be. Throws at one that does not come next. */
export type Answer = (head: Head) => number

export const factsAnswer = (requests: readonly FactRequest[]): Answer => {
  const wanted = requests.reduce((sum, { kind: { longest = longestFact } }) => sum + longest, mostMarks)
  return inOrder([{ event: 'facts', name: '0', longest: Math.min(wanted, longestFacts) }])
}

/** Bytes of what stands between the facts. */
const mostMarks = 1024 * 1024

/** Each change is begun and done, or not run. */
export const changesAnswer = (
  items: readonly { readonly id: number; readonly output?: number | undefined }[],
): Answer =>
  inOrder(
    items.flatMap(({ id, output = longestOutput }) => [
      { event: 'started', name: String(id), longest: 0, alternative: 'notRun' },
      { event: 'done', name: String(id), longest: output + longestCutNote },
    ]),
  )

export const commandAnswer = (): Answer =>
  inOrder([
    { event: 'stdout', name: '0', longest: longestStepOutput },
    { event: 'stderr', name: '0', longest: longestStepOutput },
  ])

/** These frames, each once, then the end. */
function inOrder(slots: readonly Slot[]): Answer {
  let at = 0
  const all = [...slots, { event: 'end', name: '0', longest: 0 }]
  return ({ event, name }) => {
    const slot: Slot | undefined = all[at]
    if (slot !== undefined && name === slot.name) {
      at += event === slot.event ? 1 : 2
      if (event === slot.event) return slot.longest
      if (event === slot.alternative) return 0
    }
    const wanted = slot === undefined ? 'nothing more' : `${slot.event} ${slot.name}`
    throw new Error(`it said ${JSON.stringify(`${event} ${name}`)} where ${wanted} had to come`)
  }
}
