import { messageOf } from 'rota'

/** Does one piece of work after the other, whoever brings it. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** What one play does in turns. Whatever fails is the last that was begun. */
export function newTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let broken: unknown
  return work => {
    const turn = last.then(async () => {
      if (broken !== undefined) throw new Error(`not begun: another member has failed (${messageOf(broken)})`)
      try {
        return await work()
      } catch (error) {
        broken = error
        throw error
      }
    })
    last = turn.catch(() => {})
    return turn
  }
}
