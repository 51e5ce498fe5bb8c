import { createHash } from 'node:crypto'
import { createTwoFilesPatch } from 'diff'
import type { Paint } from './paint.ts'

/** A difference as it is shown of a host; where the very same was shown before, of which one. */
export type Diffs = (
  host: string,
  diff: TextDiff,
) => { readonly lines: readonly string[]; readonly seen?: undefined } | { readonly seen: string; readonly lines: [] }

export interface TextDiff {
  readonly path: string
  readonly before: string
  readonly after: string
}

/** What looks the same is shown for the first host alone. Of what was shown a checksum is kept. */
export function diffsOnce(paint: Paint): Diffs {
  const shown = new Map<string, string>()
  return (host, diff) => {
    const lines = diffLines(diff, paint)
    const sum = sumOf(lines)
    const first = shown.get(sum)
    if (first === undefined) {
      shown.set(sum, host)
      return { lines }
    }
    return { seen: first === host ? 'the same as before' : `the same as on ${first}`, lines: [] }
  }
}

/** Every one is shown, and noted where somebody keeps what was `seen`. */
export const everyDiff =
  (paint: Paint, seen?: Set<string>): Diffs =>
  (_, diff) => {
    const lines = diffLines(diff, paint)
    seen?.add(sumOf(lines))
    return { lines }
  }

/** Those that were seen before, in the plan, are not shown again. */
export const unseenDiffs =
  (seen: ReadonlySet<string>, others: Diffs, paint: Paint): Diffs =>
  (host, diff) =>
    seen.has(sumOf(diffLines(diff, paint))) ? { seen: 'as shown', lines: [] } : others(host, diff)

const sumOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('base64')

/** The lines coloured. */
export function diffLines(diff: TextDiff, paint: Paint): readonly string[] {
  return diffText(diff)
    .split('\n')
    .map(line =>
      line.startsWith('+')
        ? paint.green(line)
        : line.startsWith('-')
          ? paint.red(line)
          : line.startsWith('@@')
            ? paint.cyan(line)
            : line,
    )
}

/** A unified diff, three lines of context. */
export function diffText(
  { path, before, after }: TextDiff,
  [old, wanted]: readonly [string, string] = ['on the host', 'wanted'],
): string {
  const names = [`${path} (${old})`, `${path} (${wanted})`] as const
  const patch = createTwoFilesPatch(...names, before, after, undefined, undefined, { context: 3 })
  return patch.slice(patch.indexOf('\n') + 1).replace(/\n$/, '')
}
