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

/**
 * Who asks, in a URL: `user:password` before the `@`. A password may hold what must be escaped there, so what follows a
 * colon and is no port is of it, too.
 */
const user = /(?<=[a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#]*|[^\s/?#@:[\]]*:(?!\d*(?:[/?#]|$))\S*)(?=@)/gi

/** Text in which no URL tells who asks, also such as is no good URL. */
export const withoutUsers = (text: string): string => text.replace(user, '…')

/** The passwords of the URLs in a text, as they are written and as they are meant. */
export function passwordsIn(text: string): readonly string[] {
  const written = [...text.matchAll(user)].flatMap(([found]) => /:(.+)$/.exec(found)?.[1] ?? [])
  return [...new Set(written.flatMap(password => [password, unescaped(password)]))]
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A value as it is shown in a problem: on one line, whatever is in it, and without who asks in a URL. */
export const shownValue = (value: unknown): string =>
  withoutControl(typeof value === 'bigint' ? String(value) : (JSON.stringify(value, withoutUsersIn) ?? String(value)))

function withoutUsersIn(_: string, value: unknown): unknown {
  if (typeof value === 'string') return withoutUsers(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [withoutUsers(key), part]))
}
