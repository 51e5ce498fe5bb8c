import { isIP } from 'node:net'

/** The channel captures what a probe prints with `$(…)`, which drops the line feeds at its end: this puts one back. */
export const endedLine = (output: string): string => (output === '' || output.endsWith('\n') ? output : `${output}\n`)

/**
 * What was said where something else was expected, as an error may have it: on one line, and not the whole of an
 * answer.
 */
export const quoted = (said: string | undefined): string =>
  said === undefined ? 'nothing' : JSON.stringify(said.length > 100 ? `${said.slice(0, 100)}…` : said)

// What a host says of itself may end in the configuration of others (as an address, or in a template): it must be what
// it is taken for.

/** A number that counts something, as programs print it. */
export function countOf(said: string | undefined, what: string): number {
  if (!/^\d{1,15}$/.test(said ?? '')) throw new Error(`${what}: ${quoted(said)} is no number`)
  return Number(said)
}

/** An address without a network or a zone. */
export function addressOf(said: string | undefined, what: string): string {
  if (isIP(said ?? '') === 0 || said?.includes('%')) throw new Error(`${what}: ${quoted(said)} is no address`)
  return said ?? ''
}

/**
 * A word of a system: a release, a version, a name of an interface. Nothing in it ends a line, a word or a quotation.
 */
export function wordOf(said: string | undefined, what: string): string {
  if (!/^[A-Za-z0-9_.+:@~/ ()-]{0,255}$/.test(said ?? '')) throw new Error(`${what}: ${quoted(said)} is no word`)
  return said ?? ''
}
