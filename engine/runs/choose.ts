import { type Problem, refused } from '../failure/index.ts'
import type { Asked, AskedFlag } from '../journal/index.ts'
import { isOver, type State } from './state.ts'
import type { Story } from './story.ts'

/** Which run is to be gone on with. */
export interface Sought {
  /** By its name; the newest that was broken off where none is named. */
  readonly named?: string
  readonly marks: Pick<Asked['marks'], 'cwd' | 'file'> & Partial<Pick<Asked['marks'], 'inventory'>>
}

export interface Known {
  readonly story: Story
  readonly state: State
}

interface Resumable extends Known {
  readonly asked: Asked
}

/**
 * The run to go on with, then the one that it went on with itself, and so on. `known` is every run whose journal is
 * kept, the newest first. Throws why there is none, and what to do.
 */
export function choose(known: readonly Known[], sought: Sought): readonly [Story, ...Story[]] {
  const chosen = sought.named === undefined ? newest(known, sought) : named(known, sought.named, sought)
  const { cwd, marks } = chosen.asked
  if (marks.cwd !== sought.marks.cwd)
    throw no(
      `run ${chosen.story.run} was started in ${cwd}`,
      'its ansible.cfg and its paths count from there: cd there',
    )
  return [chosen.story, ...earlier(known, chosen.asked)]
}

/** What to type. */
export const howToResume = (run: string, { cwd, file }: Pick<Asked, 'cwd' | 'file'>): string =>
  `cd ${cwd} && npx zx ${file} --resume ${run}`

const no = (message: string, hint: string, ...more: readonly Problem[]) => refused([{ message, hint }, ...more])
const again = 'run the playbook without --resume: what is done is found done'

function named(known: readonly Known[], name: string, { marks }: Sought): Resumable {
  const found = known.find(({ story }) => story.run === name)
  if (found === undefined) throw no(`there is no journal of a run ${name}`, '`rota runs` lists those that are kept')
  const { story, state } = found
  const { asked, playbook, check } = story
  if (check) throw no(`run ${name} was in check mode`, 'it has changed nothing: there is nothing to go on with')
  if (asked === undefined) throw no(`the journal of run ${name} does not say how it was started`, again)
  if (asked.takesBack !== undefined)
    throw no(`run ${name} took back run ${asked.takesBack}`, `go on with that: npx rota rollback ${asked.takesBack}`)
  if (asked.marks.file !== marks.file)
    throw no(`run ${name} is one of another playbook, ${playbook}`, `go on with it: ${howToResume(name, asked)}`)
  if (marks.inventory !== undefined && asked.marks.inventory !== marks.inventory)
    throw no(`run ${name} had another inventory, ${asked.inventory.join(', ')}`, 'leave out -i: it is taken from there')
  if (isOver(state)) throw no(`run ${name} ended well`, `nothing of it is left; to do it anew, ${again}`)
  if (state === 'goes on') throw no(`run ${name} goes on, as a process of this machine`, 'wait for its end, or end it')
  const later = known.find(({ story }) => story.asked?.resumes === name && !story.check)
  if (later?.state === 'goes on')
    throw no(`run ${later.story.run} goes on with run ${name} already`, 'wait for its end, or end it')
  if (later && isOver(later.state)) throw no(`run ${later.story.run} has gone on with it, and ended well`, again)
  if (later)
    throw no(
      `run ${later.story.run} has gone on with run ${name}, and was broken off as well`,
      `go on with that one: --resume ${later.story.run}`,
    )
  return { story, state, asked }
}

function newest(known: readonly Known[], { marks }: Sought): Resumable {
  const own = known.flatMap(({ story, state }): readonly Resumable[] => {
    const { asked, check } = story
    const isOwn =
      asked?.marks.file === marks.file && (marks.inventory === undefined || asked.marks.inventory === marks.inventory)
    return asked && isOwn && !check && asked.takesBack === undefined ? [{ story, state, asked }] : []
  })
  const which = marks.inventory === undefined ? 'this playbook' : 'this playbook with this inventory'
  const [last] = own
  if (last === undefined) throw no(`no run of ${which} is known`, `\`rota runs\` lists all; ${again}`)
  const goneOn = new Set(own.map(({ asked }) => asked.resumes))
  const takenBack = new Set(
    known.flatMap(({ story: { asked, check }, state }) => {
      const isWhole = isOver(state) && !check && !asked?.flags.some(({ flag }) => flag === '--limit')
      return isWhole ? (asked?.takesBack ?? []) : []
    }),
  )
  const left = own.filter(({ story: { run }, state }) => !isOver(state) && !goneOn.has(run) && !takenBack.has(run))
  const alive = left.find(({ state }) => state === 'goes on')
  if (alive) throw no(`run ${alive.story.run} of ${which} goes on, as a process of this machine`, 'wait, or end it')
  const here = left.filter(({ state }) => state !== 'elsewhere')
  const coveredBy = (part: Resumable) =>
    own.slice(0, own.indexOf(part)).find(one => isOver(one.state) && covers(one.asked, part.asked))
  const open = here.filter(one => coveredBy(one) === undefined)
  const [first] = open
  if (first === undefined) {
    const [other] = left
    const covering = other && coveredBy(other)
    if (covering)
      throw no(
        `all of run ${other.story.run} was done since by run ${covering.story.run}, which ended well`,
        `to go on with it all the same: --resume ${other.story.run}`,
      )
    if (other)
      throw no(
        `run ${other.story.run} was started on ${other.asked.machine}, and whether it goes on there can't be seen here`,
        `where it does not: --resume ${other.story.run}`,
      )
    const how = isOver(last.state) ? 'ended well' : 'was taken back'
    throw no(`the newest run of ${which}, ${last.story.run}, ${how}`, `nothing of it is left; ${again}`)
  }
  const inventories = [...new Map(open.map(one => [one.asked.marks.inventory, one])).values()]
  if (inventories.length > 1)
    throw no(
      `runs of this playbook were broken off with ${inventories.length} inventories`,
      'say which with -i, or name the run:',
      ...inventories.map(({ story, asked }) => ({
        message: `--resume ${story.run}: -i ${asked.inventory.join(' -i ')}`,
      })),
    )
  return first
}

/** Flags that make less of a run. */
const narrowing: readonly string[] = ['--limit', '--tags', '--skip-tags']

/** Whether a run did all that the other was to do. */
function covers(whole: Asked, part: Asked): boolean {
  if (whole.marks.inventory !== part.marks.inventory) return false
  const narrow = ({ flags }: Asked) => flags.filter(({ flag }) => narrowing.includes(flag))
  const same = (given: readonly AskedFlag[]) => JSON.stringify(given)
  return narrow(whole).length === 0 || same(narrow(whole)) === same(narrow(part))
}

function earlier(known: readonly Known[], { resumes }: Asked, seen: ReadonlySet<string> = new Set()): readonly Story[] {
  const before = known.find(({ story }) => story.run === resumes && !seen.has(story.run))?.story
  if (resumes === undefined || before === undefined) return []
  return [before, ...(before.asked ? earlier(known, before.asked, new Set([...seen, resumes])) : [])]
}
