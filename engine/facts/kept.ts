import { decodeName } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf, quoted } from './output.ts'

export interface KeptArgs {
  /** A run's name, and the number of a play of it. */
  readonly run: string
  readonly play: number
}

/**
 * What a host keeps of what a play of a run has replaced there. `foreign`: somebody else than root (or this user) may
 * have had a say in what is kept, so nothing of it is believed.
 */
export type KeptFact =
  | { readonly type: 'none' }
  | { readonly type: 'kept'; readonly paths: readonly KeptPath[] }
  | { readonly type: 'foreign'; readonly path: string }

export interface KeptPath {
  readonly path: string
  /** The handlers that its changes notified, by their full names. */
  readonly owes: readonly string[]
  /** Nothing of it is to be shown. */
  readonly secret: boolean
  /** Before the play; undefined where what was kept is not there any more. */
  readonly before: Standing | undefined
  /** As the play left it; undefined where the host went down before that was noted. */
  readonly left: Standing | undefined
  readonly now: Standing
  /** What the files hold, where none is a secret or large. */
  readonly contents?: { readonly before: Uint8Array; readonly now: Uint8Array }
}

/** What is at a path, as far as two can be told from each other. Links are not followed. */
export type Standing =
  | { readonly type: 'absent' }
  | { readonly type: 'link'; readonly sha256: string }
  | {
      readonly type: 'file'
      readonly sha256: string
      readonly mode: string
      readonly uid: number
      readonly gid: number
    }
  | { readonly type: 'directory'; readonly mode: string; readonly uid: number; readonly gid: number }
  | { readonly type: 'other' }

export const isSame = (one: Standing, other: Standing): boolean => JSON.stringify(one) === JSON.stringify(other)

/** `rota_backup` of runtime.sh has written the list that is read here. */
export const kept = defineFact<KeptArgs, KeptFact>({
  name: 'kept',
  longest: 24 * 1024 * 1024,
  probe: args => [functions, ...args.map(({ run, play }) => `rota_kept_of ${run} ${play}`)].join('\n'),
  parse: (output, args) => {
    const parts = output === '' ? [] : output.split(/^of \S+ \d+$\n?/m).slice(1)
    if (parts.length !== args.length) throw new Error(`${args.length} lists were asked for, ${parts.length} came`)
    return parts.map(readPart)
  },
})

/** The name under which `rota_encode` of runtime.sh keeps a path. */
const nameOf = (path: string): string => path.replaceAll('%', '%25').replaceAll('/', '%2F')

// A path is looked at by the name that it is kept under, which holds no slash: whatever the list says, it is one of the
// folder. A copy that is gone must not be taken for "there was none".
const functions = `rota_kept_of() {
  printf 'of %s %s\\n' "$1" "$2"
  rota_dir=$ROTA_STATE/backup/$1/$2
  if [ ! -e "$rota_dir/list" ] && [ ! -L "$rota_dir/list" ]; then return 0; fi
  for rota_file in "$ROTA_STATE" "$ROTA_STATE/backup" "$ROTA_STATE/backup/$1" "$rota_dir" "$rota_dir/absent" "$rota_dir/list"; do
    if [ -L "$rota_file" ] || [ ! -O "$rota_file" ]; then printf 'foreign %s\\n' "$rota_file"; return 0; fi
    case $(stat -c %a "$rota_file") in
      *[2367] | *[2367]?) printf 'foreign %s\\n' "$rota_file"; return 0 ;;
    esac
  done
  set --
  while IFS= read -r rota_text || [ -n "$rota_text" ]; do
    printf '%s\\n' "$rota_text"
    case $rota_text in 'kept '*/*) ;; *) continue ;; esac
    rota_value=/\${rota_text#*/}
    case $rota_value/ in */../* | */./* | *//*) continue ;; esac
    set -- "$@" "$rota_value"
  done <"$rota_dir/list"
  echo .
  (cd "$rota_dir" && rota_copies "$@") 2>/dev/null
  echo .
  [ $# = 0 ] || rota_states "$@" 2>/dev/null
  echo .
  rota_most=4194304
  while IFS= read -r rota_text; do
    case $rota_text in 'kept secret'*) continue ;; 'kept '*/*) ;; *) continue ;; esac
    rota_value=/\${rota_text#*/}
    rota_encode "$rota_value"
    rota_holds before "$rota_dir/$rota_name"
    rota_holds now "$rota_value"
  done <"$rota_dir/list"
}
rota_copies() {
  for rota_value; do
    shift
    rota_encode "$rota_value"
    if [ -e "absent/$rota_name" ]; then printf 'gone ./%s\\n' "$rota_name"
    elif [ -e "./$rota_name" ] || [ -L "./$rota_name" ]; then set -- "$@" "./$rota_name"
    fi
  done
  [ $# = 0 ] || rota_states "$@"
}
rota_holds() {
  if [ -L "$2" ] || [ ! -f "$2" ]; then return 0; fi
  rota_size=$(wc -c <"$2")
  if [ "$rota_size" -gt 262144 ] || [ "$rota_size" -gt "$rota_most" ]; then return 0; fi
  rota_most=$((rota_most - rota_size))
  printf '%s %s\\n' "$1" "$rota_value"
  (rota_read "$2" 2>/dev/null) | base64
  echo .
}`

function readPart(text: string): KeptFact {
  if (text === '') return { type: 'none' }
  const foreign = /^foreign (.*)$/m.exec(text)
  if (foreign && text.startsWith('foreign ')) return { type: 'foreign', path: foreign[1] ?? '' }
  const rows = text.split('\n')
  const [list, copies, here] = [sectionOf(rows), sectionOf(rows), sectionOf(rows)]
  const contents = contentsOf(rows)
  const found = readList(list)
  const before = standings(copies)
  const now = standings(here)
  return {
    type: 'kept',
    paths: [...found].map(([path, { owes, secret, left }]) => {
      const [was, is] = [contents.get(`before ${path}`), contents.get(`now ${path}`)]
      const name = `./${nameOf(path)}`
      const standing = now.get(path)
      if (standing === undefined) throw new Error(`nothing is said of ${quoted(path)}`)
      const [copy, present] = [before.get(name), standing]
      const holds = (content: Uint8Array | undefined, at: Standing | undefined) =>
        content ?? (at?.type === 'absent' && !secret ? new Uint8Array() : undefined)
      const [old, young] = [holds(was, copy), holds(is, present)]
      return {
        path,
        owes: [...owes],
        secret,
        before: copy,
        left,
        now: present,
        ...(old && young ? { contents: { before: old, now: young } } : {}),
      }
    }),
  }
}

/** Takes the rows up to one that is a full stop. */
function sectionOf(rows: string[]): readonly string[] {
  const end = rows.indexOf('.')
  if (end < 0) throw new Error('the answer was cut short')
  const section = rows.slice(0, end)
  rows.splice(0, end + 1)
  return section
}

function contentsOf(rows: string[]): ReadonlyMap<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>()
  while (rows.some(row => row !== '')) {
    const [head = '', ...lines] = sectionOf(rows)
    contents.set(head, Buffer.from(lines.join(''), 'base64'))
  }
  return contents
}

interface Listed {
  owes: Set<string>
  secret: boolean
  left: Standing | undefined
}

/**
 * `kept -,role%2Fhandler /etc/app.conf`, a line before each change; behind a request's changes what it has left. The
 * last line may have been cut short, by a host that went down: its change had not begun.
 */
function readList(rows: readonly string[]): ReadonlyMap<string, Listed> {
  const found = new Map<string, Listed>()
  let block: string[] = []
  const closeBlock = () => {
    for (const [path, standing] of standings(block)) {
      const known = found.get(path)
      if (known) known.left = standing
    }
    block = []
  }
  for (const [index, row] of rows.entries()) {
    if (!row.startsWith('kept ')) {
      block.push(row)
      continue
    }
    closeBlock()
    const match = /^kept (-|secret)((?:,[A-Za-z0-9._%-]+)*) (\/.*)$/.exec(row)
    const [, flag, owes = '', path = ''] = match ?? []
    if (!match || !isPlain(path)) {
      if (index === rows.length - 1 && !match) break
      throw new Error(`line ${index + 1} of its list is none that Rota writes: ${quoted(row)}`)
    }
    const known = found.get(path) ?? { owes: new Set<string>(), secret: false, left: undefined }
    known.left = undefined
    known.secret ||= flag === 'secret'
    for (const name of owes.split(',').filter(Boolean)) known.owes.add(decodeName(name))
    found.set(path, known)
  }
  closeBlock()
  return found
}

const isPlain = (path: string): boolean =>
  path
    .slice(1)
    .split('/')
    .every(part => part !== '' && part !== '.' && part !== '..')

/** What `rota_states` prints. */
function standings(rows: readonly string[]): ReadonlyMap<string, Standing> {
  const sums = new Map<string, string>()
  const found = new Map<string, Standing>()
  for (const row of rows) {
    const sum = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(row)
    const leads = /^leads ([0-9a-f]{64}) (.*)$/.exec(row)
    // GNU sha256sum doubles a backslash in a name, and marks the line.
    if (sum) sums.set(sum[1] ? (sum[3] ?? '').replaceAll('\\\\', '\\') : (sum[3] ?? ''), sum[2] ?? '')
    else if (leads) found.set(leads[2] ?? '', { type: 'link', sha256: leads[1] ?? '' })
  }
  for (const row of rows) {
    const gone = /^gone (.*)$/.exec(row)
    if (gone) found.set(gone[1] ?? '', { type: 'absent' })
    const stat = /^left ([0-9a-f]{1,5}) (\d+) (\d+) (.*)$/.exec(row)
    const [, raw = '0', uid, gid, path = ''] = stat ?? []
    if (!stat || found.has(path)) continue
    const bits = Number.parseInt(raw, 16)
    const sha256 = sums.get(path)
    const owned = {
      mode: (bits & 0o7777).toString(8).padStart(4, '0'),
      uid: countOf(uid, 'an owner'),
      gid: countOf(gid, 'a group'),
    }
    if (bits >> 12 === 8 && sha256 !== undefined) found.set(path, { type: 'file', sha256, ...owned })
    else if (bits >> 12 === 4) found.set(path, { type: 'directory', ...owned })
    else found.set(path, { type: 'other' })
  }
  return found
}
