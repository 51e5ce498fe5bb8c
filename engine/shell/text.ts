/**
 * What no value has that shall stand on one line: control characters, the line and paragraph separators of Unicode,
 * signs that turn the direction of writing (a value would look like another), and halves of a character.
 */
const control = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u
const everyControl = new RegExp(control, 'gu')

export const hasControlCharacters = (text: string): boolean => control.test(text)

/** Text that shows each of them as `\uXXXX`, but for those that it may `keep`. */
export const withoutControl = (text: string, keep = ''): string =>
  text.replace(everyControl, character =>
    keep.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** A value as it is shown in a problem: on one line, whatever is in it. */
export const shownValue = (value: unknown): string =>
  withoutControl(typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value)))
