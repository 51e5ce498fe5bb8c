import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { RunEvent } from './events.ts'
import { jsonEscaped } from './printable.ts'

/** The record of a run: one JSON object a line, `<state>/rota/runs/<run>.ndjson`, readable by its owner alone. */
export interface Journal {
  readonly path: string
  readonly write: (event: RunEvent) => void
  readonly close: () => void
}

export const journalDir = (): string =>
  join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'rota', 'runs')

/** Name of a run: its start, sortable, and the process, so that two started in one second differ. */
export const newRunId = (now: Date = new Date()): string =>
  `${now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z')}-${process.pid}`

/** Each event is on disk, in the kernel's hands, before the run goes on: a killed controller leaves a true record. */
export function openJournal(run: string): Journal {
  const dir = journalDir()
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, `${run}.ndjson`)
  const fd = openSync(path, 'a', 0o600)
  let broken = false
  return {
    path,
    write: event => {
      if (broken) return
      try {
        writeSync(fd, `${jsonEscaped(JSON.stringify({ at: new Date().toISOString(), ...event }))}\n`)
      } catch (error) {
        // A full disk here must not stop work on the hosts half-way.
        broken = true
        process.stderr.write(`the journal ${path} can't be written any more: ${String(error)}\n`)
      }
    },
    close: () => closeSync(fd),
  }
}
