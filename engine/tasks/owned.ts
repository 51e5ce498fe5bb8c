import type { PathEntry } from '../facts/index.ts'
import { fourDigits } from './checks.ts'

/** Who owns a path and who may use it; what is left out stays as it is. */
export interface Owned {
  /** Octal, in quotes: `'0644'`. */
  readonly mode?: string
  /** Name or number. */
  readonly owner?: string
  readonly group?: string
}

/** How an entry differs from what is wanted: `mode 0644 → 0600`. */
export function ownedDifferences(entry: PathEntry, wanted: Owned): readonly string[] {
  const { mode, owner, group } = wanted
  return [
    ...(mode === undefined || fourDigits(mode) === entry.mode ? [] : [`mode ${entry.mode} → ${fourDigits(mode)}`]),
    ...(owner === undefined || owner === entry.owner || owner === String(entry.uid)
      ? []
      : [`owner ${entry.owner} → ${owner}`]),
    ...(group === undefined || group === entry.group || group === String(entry.gid)
      ? []
      : [`group ${entry.group} → ${group}`]),
  ]
}

/** Mode, owner and group as the functions of runtime.sh take them: empty is left as it is. */
export const ownWords = ({ mode, owner, group }: Owned): readonly [string, string, string] => [
  mode === undefined ? '' : fourDigits(mode),
  owner ?? '',
  group ?? '',
]
