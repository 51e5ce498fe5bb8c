import { execFileSync } from 'node:child_process'
import { hostname } from 'node:os'
import type { Story } from './story.ts'

/**
 * What became of a run. `broken off` has no end: its process was killed, or its machine has lost power. `elsewhere` was
 * started on another machine and has no end either: whether it goes on can't be seen here.
 */
export type State = 'ended well' | 'failed' | 'unreachable' | 'interrupted' | 'broken off' | 'goes on' | 'elsewhere'

export function stateOf(story: Story, here: Here = thisMachine): State {
  const { finished, asked, run, last } = story
  if (finished) return endings[finished.exitCode] ?? 'failed'
  if (asked && asked.machine !== here.machine) return 'elsewhere'
  const began = here.began(Number(/-(\d+)$/.exec(run)?.[1]))
  if (began === undefined) return 'broken off'
  // A process that began after the run was heard of last has only got its number.
  return began === 'unknown' || began <= Date.parse(last) + slack ? 'goes on' : 'broken off'
}

/** Whether there is nothing to go on with. */
export const isOver = (state: State): boolean => state === 'ended well'

const endings: Readonly<Record<number, State>> = { 0: 'ended well', 4: 'unreachable', 130: 'interrupted' }

/** Milliseconds: `ps` tells whole seconds. */
const slack = 2000

/** What can be seen of processes; a test has its own. */
export interface Here {
  readonly machine: string
  /** When a process began, in milliseconds; undefined where there is none of that number. */
  readonly began: (pid: number) => number | 'unknown' | undefined
}

const thisMachine: Here = {
  machine: hostname(),
  began: pid => {
    if (!Number.isSafeInteger(pid) || pid < 1) return undefined
    try {
      process.kill(pid, 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    }
    return startOf(pid)
  },
}

function startOf(pid: number): number | 'unknown' {
  try {
    const env = { ...process.env, LC_ALL: 'C' }
    const stdio = ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[]
    const began = Date.parse(
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env, stdio })
        .toString()
        .trim(),
    )
    return Number.isNaN(began) ? 'unknown' : began
  } catch {
    // Another `ps` (busybox): a process of that number lives, and no more is known.
    return 'unknown'
  }
}
