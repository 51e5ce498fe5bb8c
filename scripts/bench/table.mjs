// @ts-check
import { table } from './columns.mjs'

/**
 * One line of the result.
 * @typedef {object} Row
 * @property {number} hosts
 * @property {number} rtt milliseconds
 * @property {string} mode
 * @property {string} tool
 * @property {number} wall seconds, median
 * @property {readonly number[]} walls of every run
 * @property {number} [cpu] seconds of the controller's processes, median
 * @property {number} [memory] bytes, the largest
 * @property {number} [processes] of ssh
 * @property {number} [start] seconds to the first ssh
 */

/** @param {readonly Row[]} rows @param {Row} row */
export const floorOf = (rows, row) =>
  rows.find(
    ({ hosts, rtt, mode, tool }) => hosts === row.hosts && rtt === row.rtt && mode === row.mode && tool === 'floor',
  )

/**
 * How often the far host was waited for, from what the distance has added.
 * @param {readonly Row[]} rows
 * @param {Row} row
 */
export function roundTripsOf(rows, row) {
  if (row.rtt === 0) return undefined
  const near = rows.find(
    ({ hosts, rtt, mode, tool }) => hosts === row.hosts && rtt === 0 && mode === row.mode && tool === row.tool,
  )
  return near && Math.round(((row.wall - near.wall) / row.rtt) * 10_000) / 10
}

/** @param {readonly Row[]} rows */
export function renderRows(rows) {
  /** @param {number | undefined} value @param {number} digits */
  const text = (value, digits) => (value === undefined ? '-' : value.toFixed(digits))
  const head = ['hosts', 'rtt', 'mode', 'tool', 'seconds', '× floor', 'less start', 'cpu s', 'MB', 'ssh', 'round trips']
  return table([
    head,
    ...rows.map(row => {
      const floor = floorOf(rows, row)
      return [
        String(row.hosts),
        String(row.rtt),
        row.mode,
        row.tool,
        text(row.wall, 2),
        text(floor && row.wall / floor.wall, 2),
        text(floor && row.start !== undefined ? (row.wall - row.start) / floor.wall : undefined, 2),
        text(row.cpu, 2),
        text(row.memory === undefined ? undefined : row.memory / 1e6, 0),
        row.processes === undefined ? '-' : String(row.processes),
        text(roundTripsOf(rows, row), 1),
      ]
    }),
  ])
}
