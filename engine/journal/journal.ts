import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunEvent } from './events.ts'
import { jsonEscaped } from './printable.ts'
import { pruneJournals } from './prune.ts'

/** The record of a run: one JSON object a line, `<state>/rota/runs/<run>.ndjson`, readable by its owner alone. */
export interface Journal {
  readonly path: string
  readonly write: (event: RunEvent) => void
  readonly close: () => void
}

export const journalDir = (): string =>
  join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'rota', 'runs')

/** The folder, made where it is missing. Throws where nothing can be written in it. */
export function makeJournalDir(): string {
  const dir = journalDir()
  // First where it would be made: of a file system that can only be read mkdir says no more than that the folder is not
  // there.
  accessSync(nearest(dir), constants.W_OK | constants.X_OK)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return dir
}

const nearest = (dir: string): string => (existsSync(dir) || dirname(dir) === dir ? dir : nearest(dirname(dir)))

/** Name of a run: its start, sortable, and the process, so that two started in one second differ. */
export const newRunId = (now: Date = new Date()): string =>
  `${now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z')}-${process.pid}`

/** Each event is on disk, in the kernel's hands, before the run goes on: a killed controller leaves a true record. */
export function openJournal(run: string): Journal {
  const dir = makeJournalDir()
  const path = join(dir, `${run}.ndjson`)
  const fd = openSync(path, 'a', 0o600)
  pruneJournals(dir)
  let broken = false
  /** Bytes of whole lines. */
  let whole = fstatSync(fd).size
  return {
    path,
    write: event => {
      if (broken) return
      const line = Buffer.from(`${jsonEscaped(JSON.stringify({ at: new Date().toISOString(), ...event }))}\n`)
      try {
        // A disk that is nearly full takes a part of it, and says no more than how much.
        for (let at = 0; at < line.length; ) at += writeSync(fd, line, at)
        whole += line.length
      } catch (error) {
        // A full disk here must not stop work on the hosts half-way. What can be read is whole lines.
        broken = true
        process.stderr.write(`the journal ${path} can't be written any more: ${String(error)}\n`)
        cut(fd, whole)
      }
    },
    close: () => closeSync(fd),
  }
}

function cut(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size)
  } catch {
    // What can't be cut off either has half a line at its end.
  }
}
