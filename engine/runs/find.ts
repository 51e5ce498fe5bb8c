import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { refused } from '../failure/index.ts'
import { journalDir } from '../journal/index.ts'

const ending = '.ndjson'

/** The journals that are kept, the newest first: a run's name begins with its time. */
export function journalsIn(dir: string = journalDir()): readonly string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter(name => name.endsWith(ending))
    .sort()
    .reverse()
    .map(name => join(dir, name))
}

/** The journal of a run, by its name or as a file; the newest where none is named. */
export function journalNamed(named?: string): string {
  const dir = journalDir()
  if (named === undefined) {
    const [newest] = journalsIn(dir)
    if (newest === undefined) throw refused([{ message: `there is no journal in ${dir}` }])
    return newest
  }
  const file = [named, join(dir, basename(named)), join(dir, `${basename(named)}${ending}`)].find(path =>
    existsSync(path),
  )
  if (file !== undefined) return file
  throw refused([
    { message: `there is no journal ${named}, here or in ${dir}`, hint: '`rota runs` lists those that are kept' },
  ])
}
