import type { Play, Portion } from '../playbook/index.ts'
import type { HostView } from '../role/index.ts'
import { mayHaveChanged } from './outcome.ts'
import { pauseBefore } from './pause.ts'
import type { LeftBehind } from './resumed.ts'
import type { Session } from './session.ts'
import type { Stop } from './verdict.ts'

/** A batch, or the window, before it is begun. */
export interface NextBatch {
  /** As `batch 2 of 5`. */
  readonly name: string
  readonly portion: Portion<HostView>
  /** Of all of the batch, or the first of the window, an earlier run has left nothing to do but to bring them back. */
  readonly isRepair: boolean
}

export const batchesOf = (portions: readonly Portion<HostView>[], { known }: LeftBehind): readonly NextBatch[] =>
  portions.map((portion, index) => ({
    name: `batch ${index + 1} of ${portions.length}`,
    portion,
    isRepair: beginning(portion).every(({ name }) => known.has(name)),
  }))

const beginning = ({ hosts, window }: Portion<HostView>): readonly HostView[] =>
  window === undefined ? hosts : hosts.slice(0, 1)

/** What comes between the batches of a play. */
export interface NextBatches {
  /** In it the hosts are worked on: it sees what becomes of them. */
  readonly session: Session
  /**
   * Before a batch. After one that has changed something the time of `--pause` passes, and the operator is asked, where
   * that is wanted. Then there must be time left for it. Returns why it is not begun, if it is not.
   */
  readonly before: (batch: NextBatch) => Promise<Stop | undefined>
}

export function nextBatches(session: Session, play: Play): NextBatches {
  let hasChanged = false
  return {
    session: {
      ...session,
      emit: event => {
        if (event.kind === 'hostFinished' && mayHaveChanged(event.outcome)) hasChanged = true
        session.emit(event)
      },
    },
    before: async ({ name, portion, isRepair }) => {
      const isAwaited = hasChanged
      hasChanged = false
      const next = { play: play.name, hosts: beginning(portion).length, isRepair }
      const stop = isAwaited
        ? ((await pauseBefore(session, name, next)) ?? (await confirmed(session, play, name, portion.hosts)))
        : undefined
      // However long the operator has thought about it.
      return stop ?? session.time?.before(next)
    },
  }
}

/** So many hosts are named. */
const named = 10

async function confirmed(
  { confirm, check, signal, emit }: Session,
  play: Play,
  name: string,
  hosts: readonly HostView[],
): Promise<Stop | undefined> {
  if (confirm === undefined || check || signal.aborted) return undefined
  const more = hosts.length - named
  const who = `${hosts
    .slice(0, named)
    .map(host => host.name)
    .join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  try {
    const answer = await confirm(`${play.name}: next batch: ${who} (${name}); go on?`)
    emit({ kind: 'note', text: `${play.name}: before ${name} the operator said ${answer}` })
    if (answer !== 'no') return undefined
    return {
      reason: `${play.name}: before ${name} the operator said no`,
      brief: 'the operator said no',
      isInOrder: true,
    }
  } catch (error) {
    if (signal.aborted) return { reason: 'interrupted' }
    throw error
  }
}
