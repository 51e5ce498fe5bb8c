import { refused } from '../failure/index.ts'
import { type Asked, continued, printable, printableLines } from '../journal/index.ts'
import type { Playbook } from '../playbook/index.ts'
import {
  type Before,
  beforeOf,
  choose,
  differences,
  isDone,
  journalsIn,
  readStory,
  type Story,
  stateOf,
} from '../runs/index.ts'
import { inventoryMark, ofTheMoment, ofTheWindow, placeMark } from './asked.ts'
import { canAsk, confirm } from './confirm.ts'
import { type Flags, parseFlags } from './flags.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'
import { printNotes } from './problems.ts'
import { type Anew, madeOfNow, merged, wordsOf } from './started.ts'

/** A run that is gone on with. */
export interface Resuming {
  /** Those of the run, with what has to be given again. */
  readonly flags: Flags
  readonly before: Before
  /** The run, and those that it went on with itself. */
  readonly stories: readonly Story[]
  /** For the operator, at the beginning. */
  readonly said: string
  /** Throws where it is not to be gone on with: what it was made of has changed, and nobody says yes. */
  readonly check: (prepared: PreparedRun, output: Output) => Promise<void>
}

/** Finds the run, and how it was started. Throws why it can't be gone on with, and what to do. */
export async function resuming(playbook: Playbook, flags: Flags): Promise<Resuming> {
  const named = typeof flags.resume === 'string' ? flags.resume : undefined
  const marks = {
    cwd: placeMark(process.cwd()),
    file: placeMark(playbook.file),
    ...(flags.inventory.length > 0 ? { inventory: inventoryMark(flags.inventory) } : {}),
  }
  const stories: Story[] = []
  for (const journal of journalsIn()) stories.push(...(await storyIn(journal, marks.file, named)))
  const known = stories.map(story => ({ story, state: stateOf(story) }))
  const chain = choose(known, { marks, ...(named === undefined ? {} : { named }) })
  const [story] = chain
  const { asked } = story
  if (asked === undefined)
    throw new Error(`run ${story.run} was chosen, and its journal does not say how it was started`)
  const before = beforeOf(chain)
  const { what, when } = { what: placeIn(story), when: story.started.replace(/\.\d+Z$/, 'Z') }
  return {
    flags: parseFlags(playbook, wordsOf(merged(asked.flags, flags.given, anewOf(story.run)))),
    before,
    stories: chain,
    said: `goes on with run ${story.run} of ${asked.user}, begun at ${when}${what}`,
    check: (prepared, output) => mustBeTheSame(story, asked, prepared, output, flags.resumeChanged),
  }
}

/** A journal that can't be read is none that could be gone on with; `rota runs` names it. */
async function storyIn(journal: string, file: string, named: string | undefined): Promise<readonly Story[]> {
  const isOurs = ({ run, asked }: Pick<Story, 'run' | 'asked'>) => run === named || asked?.marks.file === file
  const story = await readStory(journal, isOurs).catch(() => undefined)
  return story ? [story] : []
}

function placeIn({ plays, asked }: Story): string {
  const last = plays.at(-1)
  return last ? `, left in "${last.play}" (${last.number} of ${asked?.plays.length})` : ''
}

/** What may be said beside `--resume`, whatever the run was started with. */
const anewOf = (run: string): Anew => ({
  made: `run ${run} was started`,
  free: [...ofTheMoment, '--check', '--diff', '--forks'],
  together: [ofTheWindow],
  otherwise: 'goes on as it was started',
  hint: 'leave it out, or run the playbook anew without --resume: what is done is found done',
})

async function mustBeTheSame(
  { run, madeOf, plays }: Story,
  { version, marks, inventory }: Asked,
  prepared: PreparedRun,
  { redactor }: Output,
  isFine: boolean,
): Promise<void> {
  const { options, flags } = prepared
  if (inventoryMark(options.sources) !== marks.inventory)
    throw refused([
      {
        message: `run ${run} had the inventory ${inventory.join(', ')}, and now it would be ${options.sources.join(', ')}`,
        hint: `ansible.cfg or the environment names another one: say -i ${inventory.join(' -i ')}`,
      },
    ])
  const wasBegun = plays.some(({ hosts }) => hosts.some(host => host.begun || isDone(host)))
  const unknown = wasBegun ? ['what it was made of is not in its journal'] : []
  const found = madeOf ? differences({ version, ...madeOf }, madeOfNow(prepared, redactor)) : unknown
  if (found.length === 0 || isFine) return
  const most = 10
  const more = found.length > most ? [`and ${found.length - most} more`] : []
  const what = [`since run ${run}: ${found[0]}`, ...found.slice(1, most), ...more].join('\n')
  if (flags.check) return printNotes([`a run would ask: ${what}`], 'warning: ')
  const hint = 'what was done may have to be done anew, and will be; --resume-changed says yes'
  if (!canAsk()) throw refused([{ message: what, hint }])
  const question = [...continued(printableLines(what)), 'Go on with it?'].join('\n')
  if (!(await confirm(question, new AbortController().signal)))
    throw refused([{ message: `run ${printable(run)} is not gone on with: the operator said no` }])
}
