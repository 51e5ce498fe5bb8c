import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf, quoted } from './output.ts'
import { type Ground, linkDistrust, openness, wayTo } from './way.ts'

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

export interface AbsentPath extends Place {
  readonly type: 'absent'
}

/** Where a path is. */
interface Place {
  /** Its physical path, where links are on the way to it. */
  readonly at?: string
  /** Why somebody else than root and this user may put something else there: `/home/ann belongs to ann`. */
  readonly exposed?: string
}

/**
 * Nobody can say what is there, or nobody should ask: a directory on the way may not be searched by this user, or is a
 * link that somebody else may have made.
 */
export interface UnknownPath {
  readonly type: 'unknown'
  /** With what to do about it. */
  readonly reason: string
}

interface Owned {
  readonly owner: string
  readonly group: string
  readonly uid: number
  readonly gid: number
}

export interface PathEntry extends Owned, Place {
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
  /** Why somebody else than root and this user may put things into the directory. */
  readonly open?: string
}

export interface PathLink extends Owned, Place {
  readonly type: 'link'
  /** As the link has it, relative or not; empty when that holds control characters. */
  readonly target: string
  /** Where it leads to in the end; empty when its directory does not exist, and when it is not followed. */
  readonly real: string
  /** Why it is not followed: somebody else may have made it. What it leads to then counts as absent. */
  readonly foreign?: string
  readonly to: AbsentPath | PathEntry
}

export type PathContent = { readonly base64: string } | { readonly missing: 'tooLarge' | 'same' }

/** What is at a path: one `stat` and one `sha256sum` for all of them. */
export const path = defineFact<PathArgs, PathFact>({
  name: 'path',
  probe,
  parse,
  lasting: fact => (fact.type === 'link' ? { ...fact, to: withoutTime(fact.to) } : withoutTime(fact)),
})

/** A directory is another in size and time whenever something comes into it. */
export const withoutTime = (fact: AbsentPath | UnknownPath | PathEntry): object => ({
  ...fact,
  modified: undefined,
  ...(fact.type === 'directory' ? { size: undefined } : {}),
})

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
printf 'w %s %s\\n' "\${ROTA_UID-$(id -u)}" "\${ROTA_GID-$(id -g)}"
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

/** All directories on the way to these paths, each once, those above first. */
const above = (paths: readonly string[]): readonly string[] => {
  const found = new Set(['/'])
  for (const path of paths)
    for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1))
      found.add(path.slice(0, slash))
  return [...found]
}

// A line is one path's alone: nothing is printed in which somebody else could have put a line feed. Names are those
// that were asked for, or physical ones that hold no control character. What exists is sorted out by builtins, so that
// `stat` is only started for what is there, with the directories above it: who may write there decides which links may
// be followed. `walk` is for the few that lead through one: it goes as the kernel does, always at a physical path, and
// prints what each link holds.
const existing = (paths: readonly string[]): string => `set --
more='' linked=''
for p in ${above(paths).map(quote).join(' ')}; do
  if [ -L "$p" ]; then linked=1; fi
  [ ! -e "$p" ] || set -- "$@" "$p"
done
take() { case $more$nl in *"$nl$1$nl"*) ;; *) more=$more$nl$1 ;; esac; }
walk() {
  q='' rest=\${1#/} hops=0
  while [ -n "$rest" ]; do
    part=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    case $part in '' | .) continue ;; ..) q=\${q%/*} && continue ;; esac
    q=$q/$part
    if [ -L "$q" ]; then
      # A process has another /proc/self than the one that resolved it.
      case $q in /proc/self | /proc/thread-self) [ ! -e "$1" ] || stat -L -c 'e ${fields}' "$1"; return ;; esac
      take "$q"
      t=$(readlink "$q"; echo .)
      t=\${t%"$nl".}
      hops=$((hops + 1))
      case $t in '' | *[[:cntrl:]]*) return ;; esac
      [ "$hops" -le 40 ] || return
      printf 'k %s\\nt %s\\n' "$q" "$t"
      case $t in /*) q= ;; *) q=\${q%/*} ;; esac
      rest=$t/$rest
    elif [ -e "$q" ]; then take "$q"
    else return
    fi
  done
}
for p in ${paths.map(quote).join(' ')}; do
  if [ -n "$linked" ] || [ -L "$p" ]; then walk "$p"; fi
  if [ -L "$p" ] || [ -e "$p" ]; then set -- "$@" "$p"
  else
    d=$p
    while d=\${d%/*}; [ -n "$d" ] && ! [ -e "$d" ]; do :; done
    if [ -n "$d" ] && [ -d "$d" ] && ! [ -x "$d" ]; then printf 'l %s\\nu %s\\n' "$p" "$d"; fi
  fi
done
if [ -n "$more" ]; then
  set -f
  IFS=$nl
  set -- "$@" $more
  set +f
  unset IFS
fi
stats=
[ $# = 0 ] || { stats=$nl$(stat -c 's ${fields}' "$@" 2>/dev/null); printf '%s\\n' "$stats"; }
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

// sha256sum counts in plain C. Where the processor has instructions for it, openssl takes a third of the time, so a
// file of ten million bytes is left to it, if it is there.
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
  if [ -n "$2" ]; then case $nl$sums$nl in *"$nl$2  $1$nl"*) printf 'same %s\\n' "$1"; return 0 ;; esac; fi
  if [ -n "$large" ]; then
    size_of "$1"
    if [ "$s" -gt ${largestContent} ]; then printf 'large %s\\n' "$1"; return 0; fi
  fi
  printf 'c %s\\n' "$1"; base64 < "$1"; echo .
}
${[...wanted].map(([path, unless]) => `content ${quote(path)} ${quote(unless)}`).join('\n')}`
}

/** What the answer says of a path that was asked for. */
interface Seen {
  denied?: string
  /** What it is where only its own process can say so. */
  own?: Entry
  unreadable?: true
  sha256?: string
  content?: PathContent
}

interface Entry extends Owned {
  readonly type: PathEntry['type'] | 'link'
  readonly mode: string
  readonly size: number
  readonly modified: number
}

function parse(output: string, args: readonly PathArgs[]): readonly PathFact[] {
  const asked = new Map(args.map(({ path }): [string, Seen] => [path, {}]))
  const entries = new Map<string, Entry>()
  const targets = new Map<string, string>()
  let me = { uid: 0, gid: 0 }
  let link = ''
  let denied: Seen = {}
  // What was not asked for is nobody's.
  const at = (name: string): Seen => asked.get(name) ?? {}
  const rows = output.split('\n')
  for (let row = 0; row < rows.length; row++) {
    const line = rows[row] ?? ''
    const space = line.indexOf(' ')
    const key = space < 0 ? line : line.slice(0, space)
    const rest = space < 0 ? '' : line.slice(space + 1)
    if (key === 'w') {
      const [uid, gid] = rest.split(' ')
      me = { uid: countOf(uid, 'who asks'), gid: countOf(gid, 'who asks') }
    } else if (key === 'k') link = rest
    else if (key === 't') targets.set(link, rest)
    else if (key === 'l') denied = at(rest)
    else if (key === 'u') denied.denied = rest
    else if (key === 'e') {
      const { name, entry } = readEntry(rest)
      at(name).own = entry
    } else if (key === 's') {
      const { name, entry } = readEntry(rest)
      entries.set(name, entry)
    } else if (key === 'n') at(rest).unreadable = true
    else if (key === 'h') {
      const end = rows.indexOf('.', row)
      if (end < 0) throw new Error('the checksums were cut short')
      for (const sum of rows.slice(row + 1, end).map(readSum)) if (sum) at(sum.name).sha256 = sum.hex
      row = end
    } else if (key === 'same') at(rest).content = { missing: 'same' }
    else if (key === 'large') at(rest).content = { missing: 'tooLarge' }
    else if (key === 'c') {
      const end = rows.indexOf('.', row)
      if (end < 0) throw new Error(`the content of ${quoted(rest)} was cut short`)
      at(rest).content = { base64: rows.slice(row + 1, end).join('') }
      row = end
    } else if (line !== '') throw new Error(`line ${row + 1} of the answer is none that is known`)
  }
  const ground = { at: (path: string) => entries.get(path), target: (path: string) => targets.get(path), ...me }
  return args.map(({ path }) => factOf(path, at(path), ground))
}

type Known = Omit<Ground, 'at'> & { readonly at: (path: string) => Entry | undefined }

function factOf(path: string, seen: Seen, ground: Known): PathFact {
  const { denied, own } = seen
  if (denied !== undefined) return { type: 'unknown', reason: `${denied} may not be searched by this user: use become` }
  const way = wayTo(path, ground)
  if (way.type === 'barred') return { type: 'unknown', reason: way.reason }
  const place = placed(path, way)
  const entry = ground.at(way.real) ?? own
  if (entry === undefined) return { type: 'absent', ...place }
  if (entry.type !== 'link') return { ...entryOf(entry, way.real, ground, seen), ...place }
  const { owner, group, uid, gid } = entry
  const target = ground.target(way.real) ?? ''
  const link = { type: 'link', owner, group, uid, gid, target, ...place } as const
  const foreign = linkDistrust(way.exposed, entry, ground)
  if (foreign !== undefined) return { ...link, real: '', foreign, to: { type: 'absent' } }
  return { ...link, ...ledTo(way.real, target, seen, ground) }
}

/** What a link that may be followed leads to. */
function ledTo(link: string, target: string, seen: Seen, ground: Known): Pick<PathLink, 'real' | 'foreign' | 'to'> {
  const absent = { real: '', to: { type: 'absent' } } as const
  if (target === '') return { ...absent, foreign: 'what it leads to holds control characters' }
  for (let next = from(link, target), links = 0; links < 40; links++) {
    const way = wayTo(next, ground)
    if (way.type === 'barred') return { ...absent, foreign: way.reason }
    const { real } = way
    const place = placed(real, way)
    const entry = ground.at(real) ?? seen.own
    if (entry?.type !== 'link') {
      const folder = ground.at(folderOf(real) || '/')
      if (entry === undefined) return { real: folder === undefined ? '' : real, to: { type: 'absent', ...place } }
      return { real, to: { ...entryOf(entry, real, ground, seen), ...place } }
    }
    const foreign = linkDistrust(way.exposed, entry, ground)
    if (foreign !== undefined) return { ...absent, foreign: `${real}: ${foreign}` }
    const further = ground.target(real)
    if (further === undefined) return absent
    next = from(real, further)
  }
  return absent
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
const from = (link: string, target: string): string => (target.startsWith('/') ? target : `${folderOf(link)}/${target}`)

const placed = (path: string, { real, exposed }: { readonly real: string; readonly exposed?: string }): Place => ({
  ...(real === path ? {} : { at: real }),
  ...(exposed === undefined ? {} : { exposed }),
})

function entryOf(entry: Entry, real: string, ground: Known, { unreadable, sha256, content }: Seen): PathEntry {
  const { type } = entry
  if (type === 'link') throw new Error(`${real} is a link`)
  const open = type === 'directory' ? openness(entry, ground) : undefined
  return {
    ...entry,
    type,
    ...(open === undefined ? {} : { open: `${real} ${open}` }),
    ...(unreadable ? { unreadable } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(content === undefined ? {} : { content }),
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
  const bits = /^[0-9a-f]{1,5}$/i.test(raw) ? Number.parseInt(raw, 16) : 0
  const type = types[bits >> 12]
  // A file may be older than the epoch.
  if (type === undefined || name.length === 0 || !/^-?\d{1,15}$/.test(modified ?? ''))
    throw new Error('what stat says is not understood')
  return {
    name: name.join('|'),
    entry: {
      type,
      mode: (bits & 0o7777).toString(8).padStart(4, '0'),
      owner,
      group,
      uid: countOf(uid, 'an owner'),
      gid: countOf(gid, 'a group'),
      size: countOf(size, 'a size'),
      modified: Number(modified),
    },
  }
}

// GNU sha256sum marks a name that holds a backslash with one at the start of the line, and doubles it in the name.
function readSum(text: string): { readonly hex: string; readonly name: string } | undefined {
  const match = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(text)
  if (!match) return undefined
  const [, escaped, hex = '', name = ''] = match
  return { hex, name: escaped ? name.replaceAll('\\\\', '\\') : name }
}
