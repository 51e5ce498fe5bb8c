import { refused } from '../failure/index.ts'
import type { Asked, AskedFlag } from '../journal/index.ts'
import type { Playbook } from '../playbook/index.ts'
import type { Reverting } from '../rollout/index.ts'
import { differences, isDone, journalNamed, lostIn, readStory, type State, type Story, stateOf } from '../runs/index.ts'
import { inventoryMark, ofTheMoment, ofTheWindow, placeMark } from './asked.ts'
import { type Flags, parseFlags } from './flags.ts'
import type { Output } from './output.ts'
import type { PreparedRun } from './prepare-run.ts'
import { type Anew, madeOfNow, merged, wordsOf } from './started.ts'

/** A run that is taken back. */
export interface TakingBack {
  /** Those of the run, with what has to be given again. */
  readonly flags: Flags
  /** Throws where it can't be; else what to take back, and what the operator is to know before anything is done. */
  readonly check: (
    prepared: PreparedRun,
    output: Pick<Output, 'redactor'>,
  ) => {
    readonly reverting: Reverting
    readonly said: readonly string[]
  }
}

/** Finds the run, and how it was started. Throws why it can't be taken back, and what to do. */
export async function takingBack(playbook: Playbook, given: Flags, named: string): Promise<TakingBack> {
  const file = journalNamed(named)
  const story = await readStory(file)
  if (story === undefined) throw no(`${file} is no journal of a run`, '`rota runs` lists those that are kept')
  const state = stateOf(story)
  const asked = mayBeTakenBack(story, state, playbook, given)
  const flags = parseFlags(playbook, wordsOf(merged(asked.flags.filter(isKept), given.given, anewOf(story.run))))
  return { flags, check: (prepared, output) => revertingOf(story, state, asked, prepared, output) }
}

/** The night in which it was made is over; and a plan says what to do, not what to take back. */
const isKept = ({ flag }: AskedFlag): boolean => ![...ofTheWindow, '--apply'].includes(flag)

const no = (message: string, hint: string) => refused([{ message, hint }])

/** What is said anew, whatever the run was started with. */
const anewOf = (run: string): Anew => ({
  made: `run ${run} was started`,
  free: [...ofTheMoment, ...ofTheWindow, '--check', '--diff', '--forks', '--limit', '--force'],
  together: [],
  otherwise: 'is taken back as it was started',
  hint: 'leave it out',
})

function mayBeTakenBack(story: Story, state: State, { file }: Playbook, { inventory }: Flags): Asked {
  const { run, check, asked, plays } = story
  if (check) throw no(`run ${run} was in check mode`, 'it has changed nothing: there is nothing to take back')
  if (asked === undefined)
    throw no(
      `the journal of run ${run} does not say how it was started`,
      `what it has replaced is on its hosts, in /var/lib/rota/backup/${run}: it can be put back by hand`,
    )
  if (asked.marks.file !== placeMark(file))
    throw no(`run ${run} is one of another playbook, ${story.playbook}`, `take it back: ${howToTakeBack(run, asked)}`)
  if (asked.marks.cwd !== placeMark(process.cwd()))
    throw no(`run ${run} was started in ${asked.cwd}`, 'its ansible.cfg and its paths count from there: cd there')
  if (inventory.length > 0 && inventoryMark(inventory) !== asked.marks.inventory)
    throw no(`run ${run} had another inventory, ${asked.inventory.join(', ')}`, 'leave out -i: it is taken from there')
  if (state === 'goes on') throw no(`run ${run} goes on, as a process of this machine`, 'wait for its end, or end it')
  if (plays.length === 0) throw no(`run ${run} has begun no play`, 'there is nothing to take back')
  return asked
}

/** What to type. */
export const howToTakeBack = (run: string, { cwd }: Pick<Asked, 'cwd'>): string =>
  `cd ${cwd} && npx rota rollback ${run}`

function revertingOf(
  story: Story,
  state: State,
  asked: Asked,
  prepared: PreparedRun,
  { redactor }: Pick<Output, 'redactor'>,
): ReturnType<TakingBack['check']> {
  const { run, plays, finished } = story
  const { options, ready, names, flags } = prepared
  if (inventoryMark(options.sources) !== asked.marks.inventory)
    throw no(
      `run ${run} had the inventory ${asked.inventory.join(', ')}, and now it would be ${options.sources.join(', ')}`,
      `ansible.cfg or the environment names another one: say -i ${asked.inventory.join(' -i ')}`,
    )
  const other = plays.filter(({ play, number }) => ready.plays[number - 1]?.play.name !== play)
  if (other.length > 0)
    throw no(
      `run ${run} had ${other.map(({ play, number }) => `"${play}" as play ${number}`).join(', ')}, and the playbook has not`,
      'gates, order and handlers are taken from the playbook: take it back with the playbook as it was then',
    )
  const worked = new Map(plays.flatMap(({ hosts }) => hosts.map(host => [host.host, host] as const)))
  const strangers = [...names].filter(name => !worked.has(name))
  if (finished && flags.limit !== undefined && strangers.length === names.size)
    throw no(
      `run ${run} did not work on any host of --limit ${flags.limit}`,
      `it worked on ${[...worked.keys()].join(', ')}`,
    )
  const gone = flags.limit === undefined ? [...worked.keys()].filter(name => !names.has(name)) : []
  const changes = story.madeOf
    ? differences({ version: asked.version, ...story.madeOf }, madeOfNow(prepared, redactor))
    : []
  const reverting: Reverting = {
    run,
    force: flags.force,
    mayHave: host => !finished || worked.has(host),
    keeps: (play, host) =>
      plays
        .filter(({ number }) => number === play)
        .some(({ hosts }) => hosts.some(one => one.host === host && one.did.some(({ keeps }) => keeps))),
  }
  return {
    reverting,
    said: [
      `takes back run ${run} of ${asked.user}, begun at ${story.started.replace(/\.\d+Z$/, 'Z')}, the last play first`,
      ...(asked.resumes === undefined
        ? []
        : [
            `run ${run} went on with run ${asked.resumes}: what that one did is taken back by \`rota rollback ${asked.resumes}\``,
          ]),
      ...howItEnded(story, state, asked),
      ...changes.map(what => `since run ${run}: ${what}; gates, order and handlers are those of now`),
      ...gone.map(
        host => `${host} is not in the inventory any more, or not in these plays: nothing is taken back there`,
      ),
      ...lostIn(story, host => names.has(host)).map(
        ({ play, role, task, what, isPart, hosts }) =>
          `can't be taken back: [${play}] ${role}: ${task}${what === '' ? '' : ` (${what})`} on ${hosts.join(', ')}${isPart ? ': its files go back, the rest stays' : ''}`,
      ),
    ],
  }
}

function howItEnded({ run, finished, plays }: Story, state: State, { machine }: Asked): readonly string[] {
  if (finished) return []
  const half = plays.flatMap(({ hosts }) => hosts.filter(host => host.begun && !isDone(host)).map(({ host }) => host))
  const where =
    state === 'elsewhere'
      ? `it was started on ${machine}, and whether it goes on there can't be seen here`
      : 'it was broken off'
  return [
    `the journal of run ${run} has no end: ${where}. What it did last may not be listed here; the hosts know what they keep${half.length > 0 ? `. Left half-way: ${[...new Set(half)].join(', ')}` : ''}`,
  ]
}
