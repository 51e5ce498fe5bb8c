import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How many journals are kept, the newest; those that were written to within a day are kept besides, and that of a run
 * which goes on.
 */
export const journalsKept = 200

const day = 24 * 60 * 60 * 1000
const named = /^\d{8}T\d{6}Z-(\d+)\.ndjson$/

/**
 * Several runs may do this at the same time: what one has removed the others do not find. What can't be removed stays.
 */
export function pruneJournals(dir: string, kept = journalsKept): void {
  const newestFirst = readdirSync(dir)
    .filter(name => named.test(name))
    .sort()
    .reverse()
  for (const name of newestFirst.slice(kept)) {
    try {
      if (!mayGoOn(join(dir, name), Number(named.exec(name)?.[1]))) rmSync(join(dir, name))
    } catch {
      // It is gone, or somebody else's.
    }
  }
}

/**
 * Its process lives; or it was written to lately, for a home may be shared with machines whose processes are not seen
 * here.
 */
const mayGoOn = (file: string, pid: number): boolean => lives(pid) || Date.now() - statSync(file).mtimeMs < day

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
