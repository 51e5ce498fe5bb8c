import type { Phase, Spent } from '../journal/index.ts'

/** Where the time of a host goes, by phase. */
export interface Stopwatch {
  /** Seconds. */
  readonly add: (phase: Phase, seconds: number) => void
  readonly time: <T>(phase: Phase, work: () => Promise<T>) => Promise<T>
  readonly spent: () => Spent
}

export function stopwatch(): Stopwatch {
  const total = new Map<Phase, number>()
  const add = (phase: Phase, seconds: number): void => {
    total.set(phase, (total.get(phase) ?? 0) + Math.max(0, seconds))
  }
  return {
    add,
    time: async (phase, work) => {
      const started = performance.now()
      try {
        return await work()
      } finally {
        add(phase, (performance.now() - started) / 1000)
      }
    },
    // Milliseconds are enough for a journal.
    spent: () => Object.fromEntries([...total].map(([phase, seconds]) => [phase, Math.round(seconds * 1000) / 1000])),
  }
}
