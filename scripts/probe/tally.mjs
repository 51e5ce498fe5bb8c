// @ts-check

/**
 * One request as the agent reports it: kind, start (µs since 1970), duration (µs), why it failed, opened a connection.
 * @typedef {{ k: string, t: number, d: number, e?: string, c?: boolean }} Sample
 */

/** @typedef {ReturnType<typeof emptyTally>} Tally */

const firstFailures = 5

/** What is remembered of one path and kind while samples arrive. */
export const emptyTally = () => ({
  requests: 0,
  failures: 0,
  opened: 0,
  /** @type {number[]} */ latencies: [],
  /** @type {{ at: string, after: number, reason: string }[]} */ first: [],
  /** The last moment the path was known to work; before any success, its first request's start. */
  since: 0,
  latest: 0,
  gap: 0,
  gapAt: 0,
})

/** @param {Tally} tally @param {Sample} sample */
export function addSample(tally, sample) {
  const end = sample.t + sample.d
  tally.requests += 1
  if (sample.c) tally.opened += 1
  if (tally.requests === 1) tally.since = sample.t
  tally.latest = Math.max(tally.latest, end)
  if (sample.e === undefined) {
    tally.latencies.push(sample.d)
    widen(tally, end)
    // Requests run side by side, so an earlier success may be told later.
    tally.since = Math.max(tally.since, end)
  } else {
    tally.failures += 1
    if (tally.first.length < firstFailures) {
      tally.first.push({
        at: new Date(sample.t / 1000).toISOString(),
        after: Math.round(sample.d / 1000),
        reason: sample.e,
      })
    }
  }
}

/** @param {Tally} tally @param {number} end */
function widen(tally, end) {
  if (end - tally.since <= tally.gap) return
  tally.gap = end - tally.since
  tally.gapAt = tally.since
}

/**
 * The figures of one path and kind; times in ms. A path that ends in failures has a gap up to its last answer.
 * @param {Tally} tally
 */
export function summary(tally) {
  const open = { ...tally }
  if (tally.requests > 0) widen(open, tally.latest)
  const sorted = Float64Array.from(tally.latencies).sort()
  return {
    requests: tally.requests,
    failures: tally.failures,
    connections: tally.opened,
    longestGapMs: Math.round(open.gap / 1000),
    longestGapAt: open.gap > 0 ? new Date(open.gapAt / 1000).toISOString() : null,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    firstFailures: tally.first,
  }
}

/**
 * Nearest rank; null when there was no success.
 * @param {Float64Array} sorted
 * @param {number} share
 */
export function percentile(sorted, share) {
  if (sorted.length === 0) return null
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return Math.round(value / 10) / 100
}
