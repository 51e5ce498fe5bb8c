import { endOf } from '../secrets/index.ts'

/** Characters of a line, and of all lines, that are kept of what nobody has asked for. */
const longestLine = 1000
const longestText = 16_384

/**
 * The end of what was said beside the frames, for messages and to find out what went wrong. Patterns are looked for in
 * it, which must not take a host's word for how long that may last: of a line that is longer, its length is told.
 */
export const heardOf = (text: string): string =>
  endOf(text, longestText)
    .split('\n')
    .map(line => (line.length > longestLine ? `[a line of ${line.length} characters]` : line))
    .join('\n')
