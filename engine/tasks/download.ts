import { posix } from 'node:path'
import { followed, type PathFact, path as pathFact } from '../facts/path.ts'
import { within } from '../facts/timeout.ts'
import { lines, raw, sh } from '../program/shell.ts'
import { fourDigits, modeProblems, ownerProblems, pathProblems, secondsProblems } from './checks.ts'
import { type Owned, own, ownedDifferences } from './owned.ts'
import { type Change, defineTask } from './task.ts'

export interface DownloadArgs extends Owned {
  /** http(s); several are mirrors of one file, tried in order. */
  readonly url: string | readonly string[]
  /** Absolute. */
  readonly path: string
  /** Checksum (hex) that the file must have; `unchecked`: it is fetched once, and never again while it is there. */
  readonly sha256: string
  /** Seconds for one attempt; default 600. */
  readonly timeout?: number
}

/**
 * A file fetched by the host itself, with curl or wget, beside its place, and renamed into it once its checksum is right.
 * A new file gets 0644. The environment's proxies are used.
 *
 * Facts: one path with its checksum. A change: checksum, mode or owner differ. Errors: no mirror gives the file, or a wrong one.
 * Source: Ansible's `get_url`.
 */
export const download = defineTask<DownloadArgs>({
  name: 'download',
  title: args => `download ${args.path}`,
  check: args => [
    ...pathProblems('path', args.path),
    ...modeProblems(args.mode),
    ...ownerProblems(args),
    ...secondsProblems('timeout', args.timeout),
    ...urlsOf(args).flatMap(url =>
      /^https?:\/\/[^\s]+$/.test(url) ? [] : [`url: ${JSON.stringify(url)} is not an http(s) URL`],
    ),
    ...(urlsOf(args).length === 0 ? ['url: is empty'] : []),
    ...(args.sha256 === 'unchecked' || /^[0-9a-f]{64}$/.test(args.sha256)
      ? []
      : ["sha256: must be 64 hex digits in small letters, or 'unchecked'"]),
  ],
  facts: args => [factOf(args), pathFact({ path: posix.dirname(args.path) })],
  plan: (args, facts, context): Change | undefined => {
    const fact: PathFact = facts.get(factOf(args))
    const entry = followed(fact)
    const refuse = (refused: string): Change => ({ summary: 'cannot be written', apply: raw(':'), refused })
    if (entry.type === 'unknown') return refuse(`${entry.reason}: use become`)
    if (entry.type !== 'absent' && entry.type !== 'file') return refuse(`${args.path} is a ${entry.type}, not a file`)
    const parent = followed(facts.get(pathFact({ path: posix.dirname(args.path) })))
    if (parent.type === 'absent' && !context.changed)
      return refuse(`the directory ${posix.dirname(args.path)} does not exist`)
    if (entry.type === 'file' && (args.sha256 === 'unchecked' || entry.sha256 === args.sha256)) {
      const differences = ownedDifferences(entry, args)
      return differences.length === 0 ? undefined : { summary: differences.join(', '), apply: own(args.path, args) }
    }
    const there = entry.type === 'file' ? entry : undefined
    const mode = fourDigits(args.mode ?? there?.mode ?? '0644')
    return {
      summary: there === undefined ? 'does not exist' : 'checksum differs',
      apply: lines([
        sh`new=${`${args.path}.rota-new`}
trap 'rm -f "$new"' EXIT
sum=${args.sha256}`,
        raw(fetchFunction(args.timeout ?? 600)),
        sh`for url in ${urlsOf(args)}; do
  if fetch "$url" && right; then
    rota_install "$new" ${args.path} ${mode} ${args.owner ?? there?.uid ?? ''} ${args.group ?? there?.gid ?? ''}
    exit 0
  fi
done
echo 'no URL gave the file' >&2
exit 1`,
      ]),
    }
  },
})

const urlsOf = (args: DownloadArgs): readonly string[] => [args.url].flat()
const factOf = (args: DownloadArgs) => pathFact({ path: args.path, sha256: true })

// Busybox's wget falls over its own -T in Debian 12, hence `within`.
const fetchFunction = (timeout: number): string => `${within}
fetch() {
  if command -v curl >/dev/null 2>&1; then curl -fsSL --retry 2 --connect-timeout 15 --max-time ${timeout} -o "$new" -- "$1"
  elif command -v wget >/dev/null 2>&1; then within ${timeout} wget -q -O "$new" "$1" || { printf 'wget could not fetch %s\\n' "$1" >&2; return 1; }
  else echo 'neither curl nor wget is installed' >&2; return 1; fi
}
right() {
  [ "$sum" != unchecked ] || return 0
  got=$(sha256sum < "$new")
  got=\${got%% *}
  [ "$got" = "$sum" ] || { printf '%s has the checksum %s, not %s\\n' "$url" "$got" "$sum" >&2; return 1; }
}`
