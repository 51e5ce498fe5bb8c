import { shown } from '../../journal/index.ts'
import { laterThan } from '../../runs/index.ts'
import { pastOf } from '../past/past.ts'
import { pageOf } from './page.ts'

/** A run as one page, from its journal up to its last whole line. Throws where the file is no journal of a run. */
export async function htmlOf(journal: string): Promise<string> {
  const past = await pastOf(journal)
  const later = await laterThan(journal, past.story.run)
  return pageOf({ ...past, later: later.map(one => shown(one)) })
}
