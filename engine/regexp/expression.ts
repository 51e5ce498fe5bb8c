import type { Steps } from './match.ts'
/**
 * Regular expressions that others write: in templates, host patterns and edits of files. Python's `re`, which is what
 * they are written for, and bounded, whatever the pattern and the text: what was tried in vain is not tried again, so
 * that the time grows with the length of the text alone; a pattern that refers to its own groups, where that can't be,
 * ends at a limit. Nothing here knows of a host.
 */
export interface Regexp {
  /** Groups, without the whole match. */
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
  readonly isMultiline: boolean
  /** The first match, as `re.search`. */
  readonly search: (text: string, steps?: Steps) => Match | undefined
  /** The match at the begin of the text, as `re.match`. */
  readonly match: (text: string, steps?: Steps) => Match | undefined
  /** One match after the other, as `re.finditer`. */
  readonly all: (text: string, steps?: Steps) => Iterable<Match>
}

export interface Match {
  readonly start: number
  readonly end: number
  /** The whole match first; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[]
}
