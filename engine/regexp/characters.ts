import type { OneOf } from './tree.ts'

/** Python's classes: of all of Unicode unless `(?a)` says otherwise. */
const classes: Readonly<Record<string, readonly [unicode: RegExp, ascii: RegExp]>> = {
  d: [/\p{Nd}/u, /[0-9]/],
  w: [/[\p{L}\p{N}_]/u, /[A-Za-z0-9_]/],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python's space has them, and no byte order mark
  s: [/[\x1c-\x1f\x85]|(?!\ufeff)\s/u, /[ \t-\r]/],
}

/** `\d`, `\W` and so on; undefined for any other letter. */
export function classOf(letter: string, isAscii: boolean): OneOf | undefined {
  const pattern = classes[letter.toLowerCase()]?.[isAscii ? 1 : 0]
  if (pattern === undefined) return undefined
  const isNegative = letter !== letter.toLowerCase()
  return quick(code => pattern.test(String.fromCodePoint(code)) !== isNegative)
}

export const isWord: OneOf = quick(classOf('w', false) ?? (() => false))
export const isAsciiWord: OneOf = quick(classOf('w', true) ?? (() => false))

/** The answers for ASCII worked out beforehand. */
export function quick(test: OneOf): OneOf {
  const known = Uint8Array.from({ length: 128 }, (_, code) => (test(code) ? 1 : 0))
  return code => (code < 128 ? known[code] === 1 : test(code))
}

/** The character and the others that are the same without regard to case: the Kelvin sign is a k, and so is K. */
export function variants(code: number): readonly number[] {
  const found = new Set([code])
  for (const each of found) {
    const char = String.fromCodePoint(each)
    for (const other of [char.toLowerCase(), char.toUpperCase()]) found.add(one(other) ?? each)
  }
  return [...found]
}

function one(text: string): number | undefined {
  const code = text.codePointAt(0)
  return code !== undefined && text.length === (code > 0xffff ? 2 : 1) ? code : undefined
}

/** Python's IGNORECASE; with `(?a)` only ASCII letters have two cases. */
export function ignoringCase(test: OneOf, isAscii: boolean): OneOf {
  return quick(code =>
    variants(code).some(each => (isAscii && (each > 127 || code > 127) ? each === code : true) && test(each)),
  )
}
