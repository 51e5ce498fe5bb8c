import { valuesOf } from '../facts/index.ts'
import { Failure, formatOrigin, isFailure, messageOf, saidOf } from '../failure/index.ts'
import { type Clock, clock, remoteShell, type Waited, waitUntil } from '../host/index.ts'
import { batchGatesOf } from '../plan/index.ts'
import type { Play } from '../playbook/index.ts'
import type { BatchGate, BatchLook, HostView, Verdict } from '../role/index.ts'
import { openWeb, type Web } from '../web/index.ts'
import { mayHaveChanged } from './outcome.ts'
import type { Planned } from './planned.ts'
import type { Session } from './session.ts'
import type { HostResult, Stop } from './verdict.ts'

/** The gates of one batch. */
export interface GatesOfBatch {
  /**
   * One look before the first change of the play, for an earlier run may have stopped where a gate did not hold: also
   * on the hosts that have come to their end before, which that run may have changed. And one after each pause and each
   * question. Hosts that are brought back into service need no such permission.
   */
  readonly before: (planned: readonly Planned[]) => Promise<Stop | undefined>
  /** After a batch that has changed something. */
  readonly after: (results: readonly HostResult[]) => Promise<Stop | undefined>
}

/** What must hold between batches of a play: of hosts that go together, as `batch 2 of 5`, or of one of a window. */
export type BetweenBatches = (name: string, hosts: readonly HostView[], each: 'batch' | 'host') => GatesOfBatch

export function betweenBatches(session: Session, play: Play, time: Clock = clock): BetweenBatches {
  let areSaid = false
  /** Those that have come to a good end. */
  const done: HostView[] = []
  let before: Promise<Stop | undefined> | undefined
  const sayAsked = (gates: readonly BatchGate[], each: 'batch' | 'host') => {
    if (areSaid || gates.length === 0) return
    areSaid = true
    const names = gates.map(gate => gate.name).join(', ')
    session.emit({ kind: 'note', text: `${play.name}: after each ${each} a run waits for ${names}` })
  }
  return (name, hosts, each) => {
    const ask = async (when: 'before' | 'after', left: readonly HostView[]): Promise<Stop | undefined> => {
      const gates = batchGatesOf(play, [...new Set([...left, ...hosts])], session.view)
      const broken = await brokenOf(
        session,
        gates,
        { hosts: left, when, ...(each === 'host' ? { of: name } : {}) },
        time,
      )
      if (session.signal.aborted) return { reason: 'interrupted' }
      if (broken.length === 0) return undefined
      const at = `${play.name}: ${when} ${name}`
      const names = broken.map(({ gate }) => gate)
      return {
        reason: `${at}: ${broken.map(({ said }) => said).join('; ')}`,
        brief: `${at}: ${names.join(', ')} ${names.length > 1 ? 'do' : 'does'} not hold`,
      }
    }
    return {
      // Of several that start at the same time one asks, and all wait for the answer.
      before: async planned => {
        if (!planned.some(({ plan }) => plan.disrupts && plan.pending.size === 0)) return undefined
        const own = planned.map(({ run }) => run.host)
        if (before === undefined) before = ask('before', [...done, ...own])
        else if (session.pause !== undefined || session.confirm !== undefined) before = ask('before', own)
        return before
      },
      after: async results => {
        const left = hosts.filter(host => !session.out.has(host.name))
        done.push(...left)
        if (!results.some(({ outcome }) => mayHaveChanged(outcome))) return undefined
        if (!session.check) return ask('after', left)
        sayAsked(batchGatesOf(play, hosts, session.view), each)
        return undefined
      },
    }
  }
}

interface Moment {
  /** Those of the batch that have not failed; before the first change also those of batches before it. */
  readonly hosts: readonly HostView[]
  readonly when: 'before' | 'after'
  /** The host of a window. */
  readonly of?: string
}

/** Asks gates side by side, and says which do not hold. */
async function brokenOf(
  session: Session,
  gates: readonly BatchGate[],
  { hosts, when, of }: Moment,
  time: Clock,
): Promise<readonly { readonly gate: string; readonly said: string }[]> {
  const webs = openedWebs()
  try {
    const said = await Promise.all(
      gates.map(async gate => {
        const asked = when === 'before' ? { ...gate, holdFor: 0 } : gate
        const waited = await waitFor(session, asked, contextOf(session, hosts, webs.web), time, of)
        if (waited.status === 'holds') return []
        const { expected, saw, why } = waited
        const said = `gate "${gate.name}" (${formatOrigin(gate.origin)}): expected ${expected}, saw ${saw} (${why})`
        return [{ gate: gate.name, said }]
      }),
    )
    return said.flat()
  } finally {
    await webs.close()
  }
}

/** One by set of proxies, opened when the first gate asks for it. */
function openedWebs(): { readonly web: BatchLook['web']; readonly close: () => Promise<void> } {
  const webs = new Map<string, Promise<Web>>()
  return {
    web: (options = {}) => {
      const key = JSON.stringify(options)
      const web = webs.get(key) ?? openWeb(options)
      webs.set(key, web)
      return web
    },
    close: async () => {
      await Promise.allSettled([...webs.values()].map(async web => (await web).close()))
    },
  }
}

async function waitFor(
  session: Session,
  gate: BatchGate,
  context: BatchLook,
  time: Clock,
  host?: string,
): Promise<Waited> {
  const ofHost = host === undefined ? {} : { host }
  const about = { kind: 'gate', ...ofHost, gate: gate.name, from: formatOrigin(gate.origin) } as const
  let isSaid = false
  const waited = await waitUntil(
    gate,
    () => lookAt(gate, context),
    seen => {
      if (!isSaid) session.emit({ kind: 'note', ...ofHost, text: waitText(gate) })
      isSaid = true
      session.emit({ ...about, status: 'waiting', ...seen })
    },
    session.signal,
    time,
  )
  if (waited.status === 'holds') session.emit({ ...about, ...waited })
  else {
    const { why: _, status, ...seen } = waited
    // Nobody knows whether it would have held.
    session.emit({ ...about, status: session.signal.aborted ? 'interrupted' : status, ...seen })
  }
  return waited
}

const waitText = ({ name, timeout, holdFor }: BatchGate): string =>
  `gate ${name} is waited for, ${timeout} s at most${holdFor > 0 ? `; it must hold for ${holdFor} s` : ''}`

/** What can't be asked does not hold: nobody may go on because of a fault. */
async function lookAt(gate: BatchGate, context: BatchLook): Promise<Verdict> {
  try {
    return await gate.look(context)
  } catch (error) {
    const { expected } = gate
    if (context.signal.aborted) return { ok: false, expected, saw: 'interrupted' }
    if (!(error instanceof Failure)) return { ok: false, expected, saw: `its own code failed: ${messageOf(error)}` }
    const { message, hint } = saidOf(error)
    if (isFailure(error, 'unreachable'))
      return { ok: false, expected, saw: `${error.reason.host} unreachable: ${message}` }
    return { ok: false, expected, saw: hint === undefined ? message : `${message} (${hint})` }
  }
}

const contextOf = (session: Session, hosts: readonly HostView[], web: BatchLook['web']): BatchLook => ({
  hosts,
  inventory: session.view,
  probe: async (host, facts) => {
    const channel = await session.channel(session.view.host(host).name)
    return valuesOf(facts, await channel.probe(Object.values(facts)))
  },
  on: host => remoteShell(() => session.channel(session.view.host(host).name), host, session.isSecret),
  web,
  signal: session.signal,
})
