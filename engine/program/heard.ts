/** Characters of a line, and of all lines, that are kept of what nobody has asked for. */
const longestLine = 500
const longestText = 16_384

/**
 * The end of what was said beside the frames, for messages and to find out what went wrong: patterns are looked for in it, which must not
 * take a host's word for how long that may last.
 */
export const heardOf = (text: string): string =>
  text
    .slice(-longestText)
    .split('\n')
    .map(line => line.slice(-longestLine))
    .join('\n')
