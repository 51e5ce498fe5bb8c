import { refused } from '../failure/index.ts'

/** A group is drawn below each of its parents: with twenty pairs of them one above the other, a million times. */
const mostLines = 1_000_000

/** How much of a tree may still be drawn. */
export interface TreeRoom {
  /** Throws a refusal when there is no more. */
  readonly take: (lines: number) => void
}

export function treeRoom(): TreeRoom {
  let left = mostLines
  return {
    take: lines => {
      left -= lines
      if (left >= 0) return
      const message = `the tree of groups has more than ${mostLines} lines, because groups have several parents`
      throw refused([{ message, hint: '--list names each group once' }])
    },
  }
}
