import { setImmediate } from 'node:timers/promises'

/** What goes through a window. */
export interface Slide<T> {
  readonly items: readonly T[]
  /** How many may be out at once. One that does not end well keeps its place: nothing starts in its stead. */
  readonly places: number
  /** How many may be at work at once, beside those that only keep their place. */
  readonly atOnce: number
  /** Asked before each start; once it says no nothing starts any more. */
  readonly goesOn: () => boolean
  /** Resolves to whether it has ended well. `underway`: all that are at work now, itself the last of them. */
  readonly work: (item: T, underway: readonly T[]) => Promise<boolean>
}

/**
 * Works through items in their order: the next starts when one is done. A batch is the only item of a window of one.
 * Returns those that were not started.
 */
export async function slide<T>({ items, places, atOnce, goesOn, work }: Slide<T>): Promise<readonly T[]> {
  const underway = new Map<T, Promise<void>>()
  let started = 0
  let kept = 0
  for (;;) {
    while (started < items.length && underway.size < atOnce && underway.size + kept < places && goesOn()) {
      const item = items[started] as T
      started += 1
      const working = work(item, [...underway.keys(), item]).then(isWell => {
        underway.delete(item)
        if (!isWell) kept += 1
      })
      underway.set(item, working)
    }
    if (underway.size === 0) return items.slice(started)
    await Promise.race(underway.values())
    // Who comes to its end in the same moment is judged before another one starts.
    await setImmediate()
  }
}
