import { refused } from '../../failure/index.ts'
import { type Shown, shown } from '../../journal/index.ts'
import { readEvents, readStory, type State, type Story, stateOf } from '../../runs/index.ts'
import { type Told, teller } from './told.ts'

/** A run of which a journal tells, made printable. */
export interface Past {
  readonly story: Shown<Story>
  readonly state: State
  readonly told: Told
}

/** Reads a journal up to its last whole line. Throws where the file is no journal of a run. */
export async function pastOf(journal: string): Promise<Past> {
  const story = await readStory(journal)
  if (story === undefined)
    throw refused([{ message: `${journal} is no journal of a run`, hint: '`rota runs` lists those that are kept' }])
  const { add, told } = teller()
  await readEvents(journal, event => {
    add(shown(event))
    return true
  })
  return { story: shown(story), state: stateOf(story), told: told() }
}
