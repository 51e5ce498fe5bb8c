import { setTimeout as sleep } from 'node:timers/promises'
import { equal } from 'uvu/assert'
import { isNew, renderTable, startProbe } from '../../scripts/probe/index.mjs'

/** A request on a connection of its own that failed. */
export interface Failed {
  readonly path: string
  readonly reason: string
  /** When it was begun. */
  readonly at: Date
}

/** Clients ask on all paths while the work is done, and a moment before. */
export async function asked(
  options: Omit<Parameters<typeof startProbe>[0], 'onFailure'>,
  work: () => Promise<void>,
): Promise<{
  readonly failed: readonly Failed[]
  /** Seconds for which a path had no answer on a new connection. */
  readonly silent: (path: string) => number
}> {
  const failed: Failed[] = []
  const probe = await startProbe({ ...options, onFailure: failure => isNew(failure) && failed.push(failure) })
  let rows: Awaited<ReturnType<typeof probe.stop>> = []
  try {
    await sleep(1000)
    await work()
  } finally {
    rows = await probe.stop()
    console.log(renderTable(rows))
  }
  equal(
    rows.filter(({ requests }) => requests === 0),
    [],
    'a path was never asked',
  )
  const silent = (path: string) =>
    Math.max(...rows.filter(row => row.path === path && isNew(row)).map(row => row.longestGapMs)) / 1000
  return { failed, silent }
}

/** When something died: asked before and after, in ms since 1970. */
export interface Death {
  readonly from: number
  readonly to: number
}

export async function dies(kill: () => Promise<unknown>): Promise<Death> {
  const from = Date.now()
  await kill()
  return { from, to: Date.now() }
}

/** Requests that something explains: on this path, or on any, begun between these moments (ms since 1970). */
export interface Explained {
  readonly path?: string
  readonly from: number
  readonly to: number
}

/** What was under way at a host when it died, or lost the address, failed with it, whichever way it had come. */
export const underWay = ({ from, to }: Death): Explained => ({ from: from - 1000, to })

/** A path that nobody answers on for so many seconds after a death. A machine with much else to do is late. */
export const cutOff = (path: string, { from, to }: Death, seconds: number, late = 2): Explained => ({
  path,
  from,
  to: to + (seconds + late) * 1000,
})

/** The other ones, in words. */
export const unexplained = (failed: readonly Failed[], explained: readonly Explained[]): readonly string[] =>
  failed
    .filter(
      ({ path: on, at }) =>
        !explained.some(({ path, from, to }) => (path ?? on) === on && from <= at.getTime() && at.getTime() <= to),
    )
    .map(({ path, at, reason }) => `${at.toISOString()} ${path}: ${reason}`)

/** What keepalived of a host that takes the address over is told, and how long that may take; all in seconds. */
export function allowedBy(conf: string): { readonly silence: number; readonly check: number } {
  const value = (name: string) => Number(new RegExp(`^ *${name} (\\S+)$`, 'm').exec(conf)?.[1] ?? 0)
  const [advert, priority] = [value('advert_int'), value('priority')]
  return {
    // RFC 5798: three advertisements that do not come, and the skew of its priority.
    silence: advert * (3 + (256 - priority) / 256),
    check: value('fall') * value('interval'),
  }
}
