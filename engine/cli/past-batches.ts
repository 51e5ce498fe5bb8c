import type { Asked } from '../journal/index.ts'
import { type Took, timesOf } from '../rollout/index.ts'
import { journalsIn, readEvents } from '../runs/index.ts'

/** The newest runs of a play that count. */
const runsThatCount = 5
/** No more journals of a playbook are read. */
const journalsRead = 50

/**
 * How long batches of these plays took in earlier runs of the playbook, by their journals: of the newest in which any
 * was changed, with this inventory or, where no such is known, with another one.
 */
export async function pastBatches(
  { file, inventory }: Pick<Asked['marks'], 'file' | 'inventory'>,
  plays: readonly string[],
  journals: readonly string[] = journalsIn(),
): Promise<readonly Took[]> {
  const here: Took[] = []
  const elsewhere: Took[] = []
  let read = 0
  for (const journal of journals) {
    if (read === journalsRead || plays.every(play => runsOf(here, play).length >= runsThatCount)) break
    const found = await tookIn(journal, file)
    if (found === undefined) continue
    read += 1
    const known = found.inventory === inventory ? here : elsewhere
    known.push(...found.took)
  }
  return plays.flatMap(play => {
    const known = runsOf(here, play).length > 0 ? here : elsewhere
    const counts = runsOf(known, play).slice(0, runsThatCount)
    return known.filter(took => took.play === play && counts.includes(took.run))
  })
}

const runsOf = (known: readonly Took[], play: string): readonly string[] => [
  ...new Set(known.filter(took => took.play === play).map(({ run }) => run)),
]

/** Undefined where it is no journal of a run of the playbook that has done anything but take another one back. */
async function tookIn(
  journal: string,
  file: string,
): Promise<{ readonly inventory: string; readonly took: readonly Took[] } | undefined> {
  let inventory: string | undefined
  let times: ReturnType<typeof timesOf> | undefined
  const each: Parameters<typeof readEvents>[1] = event => {
    if (event.kind === 'runStarted') {
      const { run, check, asked } = event
      if (check || asked?.marks.file !== file || asked.takesBack !== undefined) return false
      inventory = asked.marks.inventory
      times = timesOf(run)
    }
    times?.hear(event, Date.parse(event.at))
    return true
  }
  try {
    await readEvents(journal, each)
  } catch {
    // Nobody may read it: as if it were not there.
    return undefined
  }
  return times && inventory !== undefined ? { inventory, took: times.took() } : undefined
}
