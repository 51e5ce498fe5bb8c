// @ts-check
import { chalk } from 'zx'

/**
 * One line about what the lab is doing. It goes to stderr, so that stdout stays an answer that can be piped.
 * @param {string} text
 */
export const say = text => process.stderr.write(`${chalk.dim('lab:')} ${text}\n`)

/** A fault the operator can mend: printed as one message, without a stack. */
export class LabError extends Error {
  /** @override */
  name = 'LabError'
}
