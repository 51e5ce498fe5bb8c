import { messageOf, refused } from '../failure/index.ts'
import { type Journal, journalDir, makeJournalDir, openJournal } from '../journal/index.ts'

/** No run is begun of which no record can be kept. Asked first, so that it is known before any host is touched. */
export const mustBeRecordable = (): void => void orProblem(makeJournalDir)

export const openRecord = (run: string): Journal => orProblem(() => openJournal(run))

function orProblem<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw refused([
      {
        message: `no journal can be written in ${journalDir()}: ${messageOf(error)}`,
        hint: 'every run leaves one: make the folder writable, or name another one with XDG_STATE_HOME',
      },
    ])
  }
}
