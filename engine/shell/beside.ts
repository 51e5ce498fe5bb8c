import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * A name for what this process has not finished yet: `start`, and behind it what nobody else has. The machine and the
 * process are in it, so that it is known what a killed one has left.
 */
export const unfinishedName = (start: string): string =>
  `${start}-${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`

/** What processes of this machine that are dead have left under such names. */
export function unfinishedOfTheDead(start: string): readonly string[] {
  const mine = `${basename(start)}-${hostname()}-`
  return readdirSync(dirname(start)).flatMap(name => {
    const pid = name.startsWith(mine) ? /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(mine.length))?.[1] : undefined
    return pid === undefined || isAlive(Number(pid)) ? [] : [join(dirname(start), name)]
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
