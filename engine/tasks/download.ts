import { posix } from 'node:path'
import { followed, type PathFact, path as pathFact, within } from '../facts/index.ts'
import { lines, raw, sh } from '../shell/index.ts'
import { besides } from './besides.ts'
import { fourDigits, modeProblems, ownerProblems, pathProblems, secondsProblems } from './checks.ts'
import { type Owned, ownedDifferences, ownWords } from './owned.ts'
import { isKept, isKeptDirectory, keptWord, linkProblem, placeOf } from './place.ts'
import { type Change, defineTask } from './task.ts'

export interface DownloadArgs extends Owned {
  /** http(s); several are mirrors of one file, tried in order. */
  readonly url: string | readonly string[]
  /** Absolute. */
  readonly path: string
  /**
   * Checksum (hex) that the file must have. `published`: the one that is published beside it (`URL.sha256`, by https
   * alone). Of it, and of one that is `unchecked`, what is there is right: it is fetched once.
   */
  readonly sha256: string
  /** Of who fetches it: `https_proxy`. */
  readonly environment?: Readonly<Record<string, string>>
  /** Seconds for one attempt; default 600. */
  readonly timeout?: number
}

/**
 * A file fetched by the host itself, with curl or wget, to a name beside its place that nobody else can make or use,
 * and renamed into it once its checksum is right. Without a checksum a redirect from https to http is not followed. A
 * new file gets 0644. The environment's proxies are used.
 *
 * Facts: one path with its checksum. A change: checksum, mode or owner differ. Errors: no mirror gives the file, or a
 * wrong one. Source: Ansible's `get_url`.
 */
export const download = defineTask<DownloadArgs>({
  name: 'download',
  title: args => `download ${args.path}`,
  unseen: ['environment'],
  check: args => [
    ...pathProblems('path', args.path),
    ...modeProblems(args.mode),
    ...ownerProblems(args),
    ...secondsProblems('timeout', args.timeout),
    ...urlsOf(args).flatMap(url =>
      /^https?:\/\/[^\s]+$/.test(url) ? [] : [`url: ${JSON.stringify(url)} is not an http(s) URL`],
    ),
    ...(urlsOf(args).length === 0 ? ['url: is empty'] : []),
    ...(isOnce(args) || /^[0-9a-f]{64}$/.test(args.sha256)
      ? []
      : ["sha256: must be 64 hex digits in small letters, 'published' or 'unchecked'"]),
    ...(args.sha256 === 'published' && urlsOf(args).some(url => !/^https:/i.test(url))
      ? ['sha256: a checksum that is published proves nothing where it comes by http']
      : []),
    ...Object.keys(args.environment ?? {}).flatMap(name =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [] : [`environment: ${JSON.stringify(name)} is no name of a variable`],
    ),
  ],
  facts: args => [factOf(args), pathFact({ path: posix.dirname(args.path) })],
  plan: (args, facts, context): Change | undefined => {
    const fact: PathFact = facts.get(factOf(args))
    const entry = followed(fact)
    const refuse = (refused: string): Change => ({ summary: 'cannot be written', apply: raw(':'), refused })
    if (entry.type === 'unknown') return refuse(entry.reason)
    if (entry.type !== 'absent' && entry.type !== 'file') return refuse(`${args.path} is a ${entry.type}, not a file`)
    const folder = facts.get(pathFact({ path: posix.dirname(args.path) }))
    const parent = followed(folder)
    if (parent.type === 'unknown') return refuse(parent.reason)
    if (parent.type === 'absent' && !context.changed)
      return refuse(`the directory ${posix.dirname(args.path)} does not exist`)
    const place = placeOf(args.path, fact, true)
    const kept = fact.type === 'link' && fact.real !== '' ? isKept(fact.to) : isKept(fact) && isKeptDirectory(folder)
    const differences = entry.type === 'file' ? ownedDifferences(entry, args) : []
    const right = entry.type === 'file' && (isOnce(args) || entry.sha256 === args.sha256)
    if (right && differences.length === 0) return undefined
    // A name that somebody else can lead elsewhere gets no owner and no mode: the file is fetched again.
    if (right && kept)
      return { summary: differences.join(', '), apply: sh`rota_own_file ${place} ${ownWords(args)} ${keptWord(kept)}` }
    const there = entry.type === 'file' ? entry : undefined
    const mode = fourDigits(args.mode ?? there?.mode ?? '0644')
    return {
      summary:
        linkProblem(args.path, fact) ??
        (there === undefined ? 'does not exist' : right ? differences.join(', ') : 'checksum differs'),
      apply: lines([
        sh`rota_follow ${place} ${keptWord(kept)}`,
        raw(besides),
        sh`sum=${args.sha256}`,
        ...Object.entries(args.environment ?? {}).map(([name, value]) => sh`export ${`${name}=${value}`}`),
        raw(fetchFunction(args.timeout ?? 600)),
        sh`for url in ${urlsOf(args)}; do
  if expect "$url" && fetch "$url" && right; then
    rota_put "$new" "$to" ${mode} ${args.owner ?? there?.uid ?? ''} ${args.group ?? there?.gid ?? ''}
    exit 0
  fi
done
echo 'no URL gave the file' >&2
exit 1`,
      ]),
    }
  },
})

const isOnce = ({ sha256 }: DownloadArgs): boolean => sha256 === 'unchecked' || sha256 === 'published'
const urlsOf = (args: DownloadArgs): readonly string[] => [args.url].flat()
const factOf = (args: DownloadArgs) => pathFact({ path: args.path, sha256: true })

// Busybox's wget falls over its own -T in Debian 12, hence `within`. What no checksum vouches for is believed because
// of https: a redirect must not lead out of it. wget can't be told so, and follows none then; busybox's does not know
// the option and gives up.
const fetchFunction = (timeout: number): string => `${within}
fetch() {
  only=
  case $vouched$1 in [hH][tT][tT][pP][sS]:*) only=1 ;; esac
  if command -v curl >/dev/null 2>&1; then curl -gfsSL \${only:+--proto-redir =https} --retry 2 --connect-timeout 15 --max-time ${timeout} -o "$new" -- "$1"
  elif command -v wget >/dev/null 2>&1; then
    within ${timeout} wget -q \${only:+--max-redirect=0} -O "$new" "$1" || {
      printf 'wget could not fetch %s%s\\n' "$1" "\${only:+ (a redirect is only followed by curl, which can be told to stay with https)}" >&2
      return 1
    }
  else echo 'neither curl nor wget is installed' >&2; return 1; fi
}
# What the file must come to is fetched to where it will be, before it.
expect() {
  want=$sum vouched=1
  case $sum in unchecked) vouched= ; return 0 ;; published) vouched= ;; *) return 0 ;; esac
  fetch "$1.sha256" || return 1
  read -r want rest < "$new" || :
  case $want in *[!0-9a-f]*) want= ;; esac
  [ "\${#want}" -eq 64 ] || { printf '%s.sha256 holds no checksum\\n' "$1" >&2; return 1; }
  vouched=1
}
right() {
  [ "$sum" != unchecked ] || return 0
  got=$(sha256sum < "$new")
  got=\${got%% *}
  [ "$got" = "$want" ] || { printf '%s has the checksum %s, not %s\\n' "$url" "$got" "$want" >&2; return 1; }
}`
