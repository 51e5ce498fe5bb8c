/** Names as an author or an operator writes them: `'a, b'`, or a list of which each item is one. */
export const namesIn = (given: string | readonly string[] | undefined): readonly string[] =>
  given === undefined ? none : split(given)

const split = (given: string | readonly string[]): readonly string[] =>
  (typeof given === 'string' ? given.split(',') : given).map(name => name.trim()).filter(Boolean)

/** Tags, also of a list: one with a comma in it could not be chosen by any `--tags`. */
export const tagsOf = (given: string | readonly string[] | undefined): readonly string[] =>
  given === undefined ? none : [given].flat().flatMap(namesIn)

// Most tasks have neither tags nor handlers: one list for all of a million.
const none: readonly string[] = Object.freeze([])
