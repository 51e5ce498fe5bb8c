import { renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { unfinishedName, unfinishedOfTheDead } from '../shell/index.ts'

/** The part of a file that has been fetched so far, beside its place, and nobody else's as long as it is held. */
export interface Partial {
  readonly path: string
  /** In bytes; 0 where there is nothing yet. */
  readonly size: () => number
  readonly drop: () => void
  /** What is there is left to whoever comes next. */
  readonly release: () => void
}

/**
 * What an earlier attempt has left is taken over by a rename, which only one of several runs can do: two runs that
 * fetch the same file each write to one of their own, and the last rename into its place is of a whole file, too.
 */
export function claimPartial(path: string): Partial {
  const free = join(dirname(path), `.${basename(path)}.part`)
  const own = unfinishedName(free)
  for (const left of [free, ...unfinishedOfTheDead(free)]) if (renamed(left, own)) break
  const size = (): number => sizeOf(own) ?? 0
  const drop = () => rmSync(own, { force: true })
  return {
    path: own,
    size,
    drop,
    release: () => {
      if (size() <= (sizeOf(free) ?? 0)) drop()
      else renamed(own, free)
    },
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch {
    return false
  }
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size
