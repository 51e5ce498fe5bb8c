import type { PathEntry } from '../facts/path.ts'
import { lines, type Shell, sh } from '../program/shell.ts'
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

/** The mode last: changing the owner clears set-user-id bits. */
export function own(path: string, { mode, owner, group }: Owned): Shell {
  const who = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
  return lines([
    ...(who === '' ? [] : [sh`chown ${who} ${path}`]),
    ...(mode === undefined ? [] : [sh`chmod ${fourDigits(mode)} ${path}`]),
  ])
}
