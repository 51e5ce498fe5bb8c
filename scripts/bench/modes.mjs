// @ts-check
/** @import { Tool } from './types.ts' */

/**
 * What a run finds and does. `before` is not measured.
 * @typedef {object} Mode
 * @property {string} name
 * @property {boolean} warm connections of an earlier run are there
 * @property {boolean} [fresh] nothing is on the hosts
 * @property {number} upstreams that the run asks for
 */

/** The usual number of upstreams; a change is one more. */
export const usual = 3

/** @type {readonly Mode[]} */
export const modes = [
  { name: 'first', warm: false, fresh: true, upstreams: usual },
  { name: 'none-cold', warm: false, upstreams: usual },
  { name: 'none-warm', warm: true, upstreams: usual },
  { name: 'change-cold', warm: false, upstreams: usual + 1 },
  { name: 'change-warm', warm: true, upstreams: usual + 1 },
]

/** Whether a mode says anything about a tool. @param {Tool} tool @param {Mode} mode */
export const applies = (tool, mode) =>
  tool.connectsOnly ? mode.name.startsWith('none') : !(mode.warm && tool.warm === undefined)
