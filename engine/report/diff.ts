import { createTwoFilesPatch } from 'diff'
import type { Paint } from './paint.ts'

/** A unified diff, the lines coloured, three lines of context. */
export function diffLines(
  { path, before, after }: { readonly path: string; readonly before: string; readonly after: string },
  paint: Paint,
): readonly string[] {
  const patch = createTwoFilesPatch(`${path} (on the host)`, `${path} (wanted)`, before, after, undefined, undefined, {
    context: 3,
  })
  return patch
    .split('\n')
    .slice(1)
    .filter((line, index, all) => !(line === '' && index === all.length - 1))
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
