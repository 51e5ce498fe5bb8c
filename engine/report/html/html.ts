import { refused } from '../../failure/index.ts'
import { shown } from '../../journal/index.ts'
import { laterThan, readEvents, readStory, stateOf } from '../../runs/index.ts'
import { pageOf } from './page.ts'
import { teller } from './told.ts'

/** A run as one page, from its journal up to its last whole line. Throws where the file is no journal of a run. */
export async function htmlOf(journal: string): Promise<string> {
  const story = await readStory(journal)
  if (story === undefined)
    throw refused([{ message: `${journal} is no journal of a run`, hint: '`rota runs` lists those that are kept' }])
  const { add, told } = teller()
  await readEvents(journal, event => {
    add(shown(event))
    return true
  })
  const later = await laterThan(journal, story.run)
  return pageOf({ story: shown(story), state: stateOf(story), later: later.map(one => shown(one)), told: told() })
}
