import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '../role/index.ts'

/** All in seconds. */
export interface Wait {
  readonly timeout: number
  readonly interval: number
  readonly holdFor: number
}

export interface Clock {
  /** Seconds, of a clock that nobody sets. */
  readonly now: () => number
  /** An abort ends it early, and is not thrown. */
  readonly sleep: (seconds: number, signal: AbortSignal) => Promise<void>
}

export const clock: Clock = {
  now: () => performance.now() / 1000,
  sleep: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => {}),
}

/** What was expected and what was seen, by the last look. */
export interface Seen {
  readonly expected: string
  readonly saw: string
  readonly seconds: number
}

export type Waited =
  | { readonly status: 'holds'; readonly seconds: number }
  | ({ readonly status: 'failed'; readonly why: string } & Seen)

/**
 * Looks until what is looked for has held for `holdFor` seconds without a break, as far as the looks can tell, or until
 * `timeout` seconds have passed. `say` is told of each look that is not the last.
 */
export async function waitUntil(
  { timeout, interval, holdFor }: Wait,
  look: () => Promise<Verdict>,
  say: (seen: Seen) => void,
  signal: AbortSignal,
  { now, sleep }: Clock = clock,
): Promise<Waited> {
  const started = now()
  let since: number | undefined
  let broken = 0
  for (;;) {
    const verdict = await look()
    const at = now()
    const seconds = at - started
    if (!verdict.ok && since !== undefined) broken += 1
    since = verdict.ok ? (since ?? at) : undefined
    const held = since === undefined ? 0 : at - since
    if (verdict.ok && held >= holdFor) return { status: 'holds', seconds }
    const seen = { ...(verdict.ok ? heldFor(held, holdFor) : withBreaks(verdict, broken, holdFor)), seconds }
    if (seconds > timeout || signal.aborted)
      return { ...seen, status: 'failed', why: signal.aborted ? 'interrupted' : `after ${timeout} s` }
    say(seen)
    await sleep(since === undefined ? interval : Math.min(interval, holdFor - held), signal)
  }
}

const heldFor = (held: number, holdFor: number) => ({
  expected: `it holds for ${holdFor} s without a break`,
  saw: `it has held for ${Math.floor(held)} s`,
})

const withBreaks = ({ expected, saw }: Extract<Verdict, { readonly ok: false }>, broken: number, holdFor: number) =>
  broken === 0
    ? { expected, saw }
    : {
        expected: `${expected}, for ${holdFor} s without a break`,
        saw: `${saw} (it has held and broken ${broken} times)`,
      }
