import { expressionOf } from '../facts/index.ts'
import { raw, type Shell } from '../shell/index.ts'

/** The packages, as one regular expression of names. */
export const staysPattern = (globs: readonly string[]): string => globs.map(expressionOf).join('|')

/** `names` may be added behind it by the host. */
export const removesWhatStays = (names: string): string => `the upgrade would remove what has to stay: ${names}`

/**
 * Shell text that names the configuration files which somebody has changed, and for which a package has brought others
 * since `$ROTA_TMP/begun` was made.
 */
export const keptFiles = (named: string): Shell =>
  raw(`find /etc -xdev \\( ${named} \\) -cnewer "$ROTA_TMP/begun" 2>/dev/null | sed 's/^/${keptMark}/'`)

const keptMark = 'new beside the one that stays: '

const most = 20

/** What the operator is told of these files, from all that was said. */
export function keptFilesIn(output: string): readonly string[] {
  const paths = output.split('\n').flatMap(line => (line.startsWith(keptMark) ? [line.slice(keptMark.length)] : []))
  const more = paths.length > most ? [`and ${paths.length - most} more of them`] : []
  return [
    ...paths
      .slice(0, most)
      .map(path => `${path.replace(/\.[^.]*$/, '')} stays as it was: ${path} is the package's own`),
    ...more,
  ]
}
