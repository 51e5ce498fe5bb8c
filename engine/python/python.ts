/** Small pieces of Python's text rules, where JavaScript's differ. */

/** `str.splitlines()` also splits at vertical tab, form feed and the Unicode separators. */
export function splitLines(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the separators of str.splitlines
  if (!/[\r\v\f\x1c-\x1e\x85\u2028\u2029]/.test(text)) return splitPlain(text)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the same
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function splitPlain(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what str.isspace takes for space
const space = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** `str.strip()`. No expression finds the end of a text without looking at each run of spaces again and again. */
export function strip(text: string): string {
  let end = text.length
  while (end > 0 && isSpace(text, end - 1)) end -= 1
  return text.slice(end === 0 ? 0 : indentOf(text), end)
}

function isSpace(text: string, index: number): boolean {
  return !isInk(text.charCodeAt(index)) && space.test(text.charAt(index))
}

/** Surely no white space: a quick answer for nearly every line. */
function isInk(code: number): boolean {
  return code > 0x20 && code < 0x80
}

/** How many characters `str.strip()` takes off the front. */
export function indentOf(text: string): number {
  let start = 0
  while (start < text.length && isSpace(text, start)) start += 1
  return start
}

/** `int(text)`: undefined where Python raises. */
export function toInt(text: string): number | undefined {
  const trimmed = strip(text)
  return /^[+-]?[0-9]+(?:_[0-9]+)*$/.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined
}

/**
 * A number where JavaScript holds it exactly, else a bigint. `size` is a whole number without a sign, as JavaScript
 * writes it.
 */
export function exactInteger(size: string | number, isNegative: boolean): number | bigint {
  const short = Number(size)
  if (Number.isSafeInteger(short)) return isNegative && short > 0 ? -short : short
  return isNegative ? -BigInt(size) : BigInt(size)
}
