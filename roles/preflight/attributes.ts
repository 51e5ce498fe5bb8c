import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { list } from './list.ts'

/** Where files of the run go: directories themselves, and names in them as the shell's patterns have them. */
export interface Written {
  readonly dirs: readonly string[]
  readonly files: readonly (readonly [dir: string, pattern: string])[]
}

/**
 * No file that a run may replace has an attribute that keeps even root from it (`chattr +i`, `+a`). Somebody has meant
 * that: it is not taken away.
 */
export const filesMayBeReplaced = (written: Written): Check =>
  hostCheck({
    name: 'attributes of files',
    facts: { attributes: facts.command({ run: attributesText(written), timeout: 20 }) },
    verdict: ({ attributes }) => judgeAttributes(attributes.stdout),
  })

const attributesText = ({ dirs, files }: Written): string => `command -v lsattr >/dev/null || { echo none; exit 0; }
set --
for f in ${dirs.map(quote).join(' ')} ${files.map(([dir, pattern]) => `${quote(dir)}/${pattern}`).join(' ')}; do
  [ ! -L "$f" ] && [ -e "$f" ] && set -- "$@" "$f"
done
[ $# = 0 ] || lsattr -d "$@" 2>/dev/null | grep -E '^[^ ]*[ia]'
:`

export function judgeAttributes(stdout: string): Finding {
  const expected = 'files that may be replaced: chattr -i or -a, once whoever has set it agrees'
  if (stdout === 'none') return { ok: true, expected, saw: 'not looked at: the host has no lsattr' }
  const kept = stdout.split('\n').flatMap(line => {
    const [, attributes = '', path = ''] = /^([a-zA-Z-]+) +(\/.*)$/.exec(line) ?? []
    const what = attributes.includes('i') ? 'immutable' : attributes.includes('a') ? 'append-only' : undefined
    return what === undefined ? [] : [`${path} is ${what}`]
  })
  return kept.length > 0 ? { ok: false, expected, saw: list(kept) } : { ok: true, expected, saw: 'none in the way' }
}
