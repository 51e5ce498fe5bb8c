import { stripVTControlCharacters } from 'node:util'

/** What a host printed may hold escapes that would act on the operator's terminal. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replace(/\p{Cc}/gu, character => ('\n\t'.includes(character) ? character : ''))
