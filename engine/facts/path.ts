import { quote } from '../program/shell.ts'
import { defineFact } from './fact.ts'

export interface PathArgs {
  /** Absolute. */
  readonly path: string
  /** Ask for the checksum of a regular file. */
  readonly sha256?: boolean
  /** Ask for the content of a regular file of at most 1 MiB: always, or unless the file has this SHA-256 (hex). */
  readonly content?: boolean | { readonly unless: string }
}

/** What is at a path. A symbolic link is described itself, and `to` says what it leads to. */
export type PathFact = AbsentPath | UnknownPath | PathEntry | PathLink

export interface AbsentPath {
  readonly type: 'absent'
}

/** A directory on the way may not be searched by this user, so nobody can say what is there. */
export interface UnknownPath {
  readonly type: 'unknown'
  readonly reason: string
}

interface Owned {
  readonly owner: string
  readonly group: string
  readonly uid: number
  readonly gid: number
}

export interface PathEntry extends Owned {
  readonly type: 'file' | 'directory' | 'socket' | 'pipe' | 'device'
  /** Four octal digits: `0644`. */
  readonly mode: string
  /** Bytes. */
  readonly size: number
  /** Seconds since the epoch. */
  readonly modified: number
  /** This user may not read the file: neither checksum nor content are known. */
  readonly unreadable?: true
  readonly sha256?: string
  readonly content?: PathContent
}

export interface PathLink extends Owned {
  readonly type: 'link'
  /** As the link has it, relative or not. */
  readonly target: string
  /** Where it leads to in the end; empty when its directory does not exist. */
  readonly real: string
  readonly to: AbsentPath | PathEntry
}

export type PathContent = { readonly base64: string } | { readonly missing: 'tooLarge' | 'same' }

/** What is at a path: one `stat` and one `sha256sum` for all of them. */
export const path = defineFact<PathArgs, PathFact>({ name: 'path', probe, parse })

/** The thing at the end of a link, or the thing itself. */
export const followed = (fact: PathFact): AbsentPath | UnknownPath | PathEntry =>
  fact.type === 'link' ? fact.to : fact

/** Bytes of a file whose content was asked for and sent. */
export function bytesOf(fact: PathFact): Uint8Array | undefined {
  const entry = followed(fact)
  if (entry.type !== 'file' || entry.content === undefined || !('base64' in entry.content)) return undefined
  return Buffer.from(entry.content.base64, 'base64')
}

const largestContent = 1024 * 1024
// The size stands first: patterns of the shell find it there.
const fields = '%s|%f|%u|%g|%Y|%U|%G|%n'

function probe(args: readonly PathArgs[]): string {
  const all = [...new Set(args.map(item => item.path))]
  const newline = all.find(item => item.includes('\n'))
  if (newline !== undefined) throw new Error(`a path can't hold a line feed: ${JSON.stringify(newline)}`)
  const summed = [...new Set(args.filter(item => item.sha256 || item.content).map(item => item.path))]
  return `LC_ALL=C; export LC_ALL
nl='
'
${existing(all)}
${
  summed.length > 0
    ? `${large}
${checksums(summed)}`
    : ''
}
${contents(args)}
:`
}

// Busybox's `readlink -f` takes a relative link that leads nowhere for relative to the current directory, hence the `cd`. A shell finds
// out itself where a directory is. What a link holds is told by `stat`, in a line of its own: as it is, or in quotes (see `targetIn`).
// What exists is sorted out by builtins, so that `stat` and `readlink` are only started for what is there.
const existing = (paths: readonly string[]): string => `set --
targets=
for p in ${paths.map(quote).join(' ')}; do
  if [ -L "$p" ]; then
    targets="$nl"'t %N'
    r=$({ [ -d "$p" ] && cd -P "$p" && pwd; } 2>/dev/null || { cd "\${p%/*}/" && readlink -f "$p"; })
    printf 'l %s\\nr %s\\n' "$p" "$r"
    set -- "$@" "$p"
    case $r in
      # Where a process finds what it has open itself, it leads somewhere else than for the one that resolved it.
      /proc/*) [ ! -e "$p" ] || stat -L -c 'e ${fields}' "$p" ;;
      *) [ ! -e "$p" ] || set -- "$@" "$r" ;;
    esac
  elif [ -e "$p" ]; then set -- "$@" "$p"
  else
    d=$p
    while d=\${d%/*}; [ -n "$d" ] && ! [ -e "$d" ]; do :; done
    if [ -n "$d" ] && [ -d "$d" ] && ! [ -x "$d" ]; then printf 'l %s\\nu %s\\n' "$p" "$d"; fi
  fi
done
stats=
[ $# = 0 ] || { stats=$nl$(QUOTING_STYLE=literal stat -c 's ${fields}'"$targets" "$@" 2>/dev/null); printf '%s\\n' "$stats"; }
size_of() {
  if [ -L "$1" ]; then s=$(wc -c < "$1"); else s=\${stats%%"|$1$nl"*} s=\${s##*"$nl"s } s=\${s%%|*}; fi
}`

const checksums = (paths: readonly string[]): string => `set --
for p in ${paths.map(quote).join(' ')}; do
  if [ -f "$p" ]; then if [ -r "$p" ]; then set -- "$@" "$p"; else printf 'n %s\\n' "$p"; fi; fi
done
sums=
${largeSums}
[ $# = 0 ] || sums=$sums$(sha256sum "$@" 2>/dev/null)
[ -z "$sums" ] || printf 'h\\n%s\\n.\\n' "$sums"`

// Sizes are only looked up, which takes a shell long, where any is of seven digits at least.
const large = `case $stats in *"$nl"s\\ ${'[0-9]'.repeat(7)}*) large=1 ;; *) large= ;; esac`

// sha256sum counts in plain C. Where the processor has instructions for it, openssl takes a third of the time, so a file of ten million
// bytes is left to it, if it is there.
const largeSums = `if [ -n "$large" ] && command -v openssl >/dev/null; then
  for p; do
    shift
    size_of "$p"
    if [ "$s" -ge 10000000 ] && sum=$(openssl dgst -sha256 -r 2>/dev/null <"$p") && sum=\${sum%% *} && [ \${#sum} = 64 ]; then
      sums="$sums$sum  $p$nl"
    else set -- "$@" "$p"; fi
  done
fi`

function contents(args: readonly PathArgs[]): string {
  const wanted = new Map<string, string>()
  for (const { path, content } of args) {
    if (!content) continue
    const unless = content === true ? '' : content.unless
    // Two askers that know different versions of a file are both served by the content.
    wanted.set(path, wanted.has(path) && wanted.get(path) !== unless ? '' : unless)
  }
  if (wanted.size === 0) return ''
  return `content() {
  [ -f "$1" ] && [ -r "$1" ] || return 0
  if [ -n "$2" ]; then case $sums in *"$2  $1"*) printf 'same %s\\n' "$1"; return 0 ;; esac; fi
  if [ -n "$large" ]; then
    size_of "$1"
    if [ "$s" -gt ${largestContent} ]; then printf 'large %s\\n' "$1"; return 0; fi
  fi
  printf 'c %s\\n' "$1"; base64 < "$1"; echo .
}
${[...wanted].map(([path, unless]) => `content ${quote(path)} ${quote(unless)}`).join('\n')}`
}

interface Seen {
  entry?: Entry
  target?: string
  real?: string
  to?: Entry
  denied?: string
  unreadable?: true
  sha256?: string
  content?: PathContent
}

type Entry = Omit<PathEntry, 'type'> & { readonly type: PathEntry['type'] | 'link' }

function parse(output: string, args: readonly PathArgs[]): readonly PathFact[] {
  const seen = new Map<string, Seen>()
  const at = (name: string): Seen => {
    const known = seen.get(name) ?? {}
    seen.set(name, known)
    return known
  }
  const rows = output.split('\n')
  let link: Seen = {}
  let named = ''
  for (let row = 0; row < rows.length; row++) {
    const line = rows[row] ?? ''
    const space = line.indexOf(' ')
    const key = space < 0 ? line : line.slice(0, space)
    const rest = space < 0 ? '' : line.slice(space + 1)
    if (key === 'l') link = at(rest)
    else if (key === 'r') link.real = rest
    else if (key === 'u') link.denied = rest
    else if (key === 'e') link.to = readEntry(rest).entry
    else if (key === 's') {
      const { name, entry } = readEntry(rest)
      at(name).entry = entry
      named = name
    } else if (key === 't') at(named).target = targetIn(rest, named)
    else if (key === 'n') at(rest).unreadable = true
    else if (key === 'h') {
      const end = rows.indexOf('.', row)
      for (const sum of rows.slice(row + 1, end).map(readSum)) if (sum) at(sum.name).sha256 = sum.hex
      row = end
    } else if (key === 'same') at(rest).content = { missing: 'same' }
    else if (key === 'large') at(rest).content = { missing: 'tooLarge' }
    else if (key === 'c') {
      const end = rows.indexOf('.', row)
      if (end < 0) throw new Error(`the content of ${rest} was cut short`)
      at(rest).content = { base64: rows.slice(row + 1, end).join('') }
      row = end
    } else if (line !== '') throw new Error(`unexpected line in the answer about paths: ${line}`)
  }
  return args.map(({ path }) => factOf(seen.get(path), real => seen.get(real)?.entry))
}

function factOf(seen: Seen | undefined, entryAt: (path: string) => Entry | undefined): PathFact {
  if (seen?.denied !== undefined) return { type: 'unknown', reason: `${seen.denied} may not be searched by this user` }
  if (seen?.entry === undefined) return { type: 'absent' }
  const { unreadable, sha256, content, entry } = seen
  const more = {
    ...(unreadable ? { unreadable } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(content === undefined ? {} : { content }),
  }
  const { owner, group, uid, gid } = entry
  if (entry.type !== 'link') return { ...entry, type: entry.type, ...more }
  const to = seen.to ?? entryAt(seen.real ?? '')
  return {
    type: 'link',
    owner,
    group,
    uid,
    gid,
    target: seen.target ?? '',
    real: seen.real ?? '',
    to: to === undefined || to.type === 'link' ? { type: 'absent' } : { ...to, type: to.type, ...more },
  }
}

const types: Readonly<Record<number, Entry['type']>> = {
  1: 'pipe',
  2: 'device',
  4: 'directory',
  6: 'device',
  8: 'file',
  10: 'link',
  12: 'socket',
}

function readEntry(text: string): { readonly name: string; readonly entry: Entry } {
  const [size, raw = '', uid, gid, modified, owner = '', group = '', ...name] = text.split('|')
  const bits = Number.parseInt(raw, 16)
  const type = types[bits >> 12]
  if (type === undefined || name.length === 0) throw new Error(`unexpected answer of stat: ${text}`)
  return {
    name: name.join('|'),
    entry: {
      type,
      mode: (bits & 0o7777).toString(8).padStart(4, '0'),
      owner,
      group,
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      modified: Number(modified),
    },
  }
}

// `PATH -> TARGET` where QUOTING_STYLE is known, or each in quotes (busybox, and coreutils before it knew that, which also escapes quotes within).
// Of what is no link there is only the path.
function targetIn(text: string, path: string): string {
  const arrow = text.indexOf(' -> ', path.length)
  if (arrow < 0) return ''
  const target = text.slice(arrow + 4)
  return text.startsWith('/') ? target : target.slice(1, -1)
}

// GNU sha256sum marks a name that holds a backslash with one at the start of the line, and doubles it in the name.
function readSum(text: string): { readonly hex: string; readonly name: string } | undefined {
  const match = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(text)
  if (!match) return undefined
  const [, escaped, hex = '', name = ''] = match
  return { hex, name: escaped ? name.replaceAll('\\\\', '\\') : name }
}
