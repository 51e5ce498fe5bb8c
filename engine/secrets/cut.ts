/**
 * The end of a long text, in whole lines: half of a secret would not be recognised as one, and so not be hidden. Of a
 * line that is longer nothing is left.
 */
export function endOf(text: string, length: number): string {
  if (text.length <= length) return text
  const end = text.slice(-length - 1)
  const line = end.indexOf('\n')
  return line < 0 ? '' : end.slice(line + 1)
}

/** The beginning of one, the same way. */
export const beginningOf = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, text.lastIndexOf('\n', length - 1) + 1)
