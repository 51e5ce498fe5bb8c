import { asItIs, type Html } from './markup.ts'

/** How much of a page there is left, in characters: what has no room is counted, and told. */
export interface Room {
  /** The first of these pieces that fits; nothing where none does. */
  readonly take: (...pieces: readonly (() => Html)[]) => Html
  readonly leftOut: () => number
  readonly left: () => number
}

export function roomOf(size: number): Room {
  let left = size
  let leftOut = 0
  return {
    take: (...pieces) => {
      for (const piece of pieces) {
        const made = piece()
        if (made.markup.length > left) continue
        left -= made.markup.length
        return made
      }
      leftOut += 1
      return asItIs('')
    },
    leftOut: () => leftOut,
    left: () => left,
  }
}
