import { dirname } from 'node:path'
import { journalsIn } from './find.ts'
import { type State, stateOf } from './state.ts'
import { readStory, type Story } from './story.ts'

/** A run that has gone on with another, or has taken it back; and what became of it. */
export interface Later {
  readonly run: string
  readonly how: 'goes on with it' | 'takes it back'
  readonly state: State
}

/** Those whose journals are kept beside that of the run, in their order. A journal that can't be read is left out. */
export async function laterThan(journal: string, run: string): Promise<readonly Later[]> {
  const later: Later[] = []
  for (const file of [...journalsIn(dirname(journal))].reverse()) {
    const isOne = ({ asked }: Pick<Story, 'asked'>) => asked?.takesBack === run || asked?.resumes === run
    const story = await readStory(file, isOne).catch(() => undefined)
    if (story === undefined || story.check) continue
    const how = story.asked?.takesBack === run ? 'takes it back' : 'goes on with it'
    later.push({ run: story.run, how, state: stateOf(story) })
  }
  return later
}
