// @ts-check

/** @typedef {ReturnType<typeof import('./tally.mjs').summary> & { path: string, kind: string }} Row */

/** @type {readonly (readonly [string, (row: Row) => string | number])[]} */
const columns = [
  ['path', row => row.path],
  ['kind', row => row.kind],
  ['requests', row => row.requests],
  ['failed', row => row.failures],
  ['connections', row => row.connections],
  ['gap ms', row => row.longestGapMs],
  ['p50 ms', row => row.p50Ms ?? '-'],
  ['p99 ms', row => row.p99Ms ?? '-'],
]

const shownFailures = 10

/**
 * The rows as aligned text, and below them the first failures of all with the time of each.
 * @param {Row[]} rows
 */
export function renderTable(rows) {
  const cells = [columns.map(([title]) => title), ...rows.map(row => columns.map(([, value]) => String(value(row))))]
  const widths = columns.map((_, i) => Math.max(...cells.map(line => line[i]?.length ?? 0)))
  const lines = cells.map(line =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  const failures = rows.flatMap(row =>
    row.firstFailures.map(failure => ({ ...failure, path: row.path, kind: row.kind })),
  )
  const firstFailures = failures
    // Those on new connections are the ones that count, so they come first.
    .sort((a, b) => Number(isNew(b)) - Number(isNew(a)) || a.at.localeCompare(b.at))
    .slice(0, shownFailures)
    .map(({ at, path, kind, after, reason }) => `  ${at}  ${path}  ${kind}: ${reason} (after ${after} ms)`)
  return [...lines, ...(firstFailures.length > 0 ? ['', 'first failures:', ...firstFailures] : [])].join('\n')
}

/** @param {{ kind: string }} row */
export const isNew = row => row.kind.startsWith('new ')

/**
 * A path that was never asked proves nothing, so it is no success either.
 * @param {Row[]} rows
 */
export function verdict(rows, { strict = false } = {}) {
  const counted = rows.filter(row => strict || isNew(row))
  return {
    requests: rows.reduce((sum, row) => sum + row.requests, 0),
    failures: counted.reduce((sum, row) => sum + row.failures, 0),
    silent: rows.filter(row => row.requests === 0).map(row => `${row.path} ${row.kind}`),
  }
}
