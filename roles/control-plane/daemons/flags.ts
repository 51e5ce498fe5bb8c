import { atLeast } from '../../lib/version.ts'

export type FlagValue = string | number | boolean

/** A flag, and in which versions it exists (`1.24`: from this one on, or up to the one before). */
export type Flag = readonly [
  name: string,
  value: FlagValue | undefined,
  exists?: { readonly from?: string; readonly until?: string },
]

/**
 * `--name=value` for the flags that this version knows; extra ones replace those of the same name and are taken as they
 * are.
 */
export const flagWords = (...args: Parameters<typeof flagValues>): readonly string[] =>
  flagValues(...args).map(([name, value]) => `--${name}=${value}`)

/** The same as names and values. */
export function flagValues(
  version: string,
  flags: readonly Flag[],
  extra: Readonly<Record<string, unknown>> = {},
): readonly (readonly [name: string, value: string])[] {
  const known = flags.filter(
    ([name, value, exists = {}]) =>
      value !== undefined &&
      !(name in extra) &&
      (exists.from === undefined || atLeast(version, exists.from)) &&
      (exists.until === undefined || !atLeast(version, exists.until)),
  )
  return [...known.map(([name, value]) => [name, value] as const), ...Object.entries(extra)].map(([name, value]) => [
    name,
    String(value),
  ])
}

/**
 * A word of `ExecStart=`: `%` and `$` are doubled, for they mean something there; quoted where it needs it
 * (systemd.service(5)).
 */
export function unitWord(word: string): string {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[A-Za-z0-9_@%+=:,./$-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
