import { createHash } from 'node:crypto'
import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf, endedLine, quoted } from './output.ts'
import { type AbsentPath, type PathEntry, withoutTime } from './path.ts'

export interface AuthorizedKeysArgs {
  readonly user: string
}

/** The keys that may log in as a user, or why nobody can say. */
export type AuthorizedKeysFact =
  | { readonly type: 'noUser' }
  | { readonly type: 'unknown'; readonly reason: string }
  | {
      readonly type: 'home'
      /** Physical path of `~/.ssh`. */
      readonly path: string
      readonly uid: number
      readonly gid: number
      readonly folder: AbsentPath | PathEntry
      /** `authorized_keys` in it, with its content (at most 1 MiB). */
      readonly file: AbsentPath | PathEntry
    }

/**
 * Users' `~/.ssh/authorized_keys`. Below the home directory, where the user may put what he likes, no link is followed
 * and no file is read that has a second name: it might be one that only root may read.
 */
export const authorizedKeys = defineFact<AuthorizedKeysArgs, AuthorizedKeysFact>({
  name: 'authorizedKeys',
  lasting: fact =>
    fact.type === 'home' ? { ...fact, folder: withoutTime(fact.folder), file: withoutTime(fact.file) } : fact,
  probe: args =>
    `${functions}\n${args.map(({ user }) => `{ authorized_keys_of ${quote(user)}; } | base64; echo .`).join('\n')}`,
  parse: (output, args) => {
    const answers = endedLine(output).split('.\n')
    return args.map(({ user }, index) => {
      const answer = answers[index]
      if (answer === undefined || index >= answers.length - 1)
        throw new Error('an answer about authorized keys is missing')
      return readAnswer(user, Buffer.from(answer, 'base64').toString())
    })
  },
})

const largest = 1024 * 1024

// In a subshell: it goes elsewhere. What is read is what was opened, and looked at once it was open.
const functions = `authorized_keys_of() (
  if command -v getent >/dev/null 2>&1; then e=$(getent passwd "$1"); else e=$(awk -F: -v "u=$1" '$1 == u { print; exit }' /etc/passwd); fi
  case $e in
    '') echo noUser; exit ;;
    *[[:cntrl:]]*) echo 'unknown the name service says of it what holds a control character'; exit ;;
  esac
  e=\${e#*:*:} uid=\${e%%:*}
  e=\${e#*:} gid=\${e%%:*}
  e=\${e#*:*:} home=\${e%%:*}
  case $home in /*) ;; *) echo 'unknown its home directory is no absolute path'; exit ;; esac
  cd -P "$home" 2>/dev/null || { printf 'unknown its home directory %s can not be entered\\n' "$home"; exit; }
  home=\${PWD%/}
  case $home in *[[:cntrl:]]*) echo 'unknown its home directory holds a control character'; exit ;; esac
  printf 'home %s %s %s\\n' "$uid" "$gid" "$home/.ssh"
  if [ -L .ssh ]; then printf 'unknown %s is a link, which is not followed\\n' "$home/.ssh"; exit; fi
  [ -e .ssh ] || exit
  if ! cd -P ./.ssh 2>/dev/null || [ "$PWD" != "$home/.ssh" ]; then
    printf 'unknown %s can not be entered\\n' "$home/.ssh"
    exit
  fi
  printf 'folder %s\\n' "$(stat -c '%f|%u|%g|%U|%G|%s' .)"
  f=$PWD/authorized_keys
  if [ -L authorized_keys ]; then printf 'unknown %s is a link, which is not followed\\n' "$f"; exit; fi
  [ -e authorized_keys ] || exit
  if ! [ -f authorized_keys ] || ! [ -r authorized_keys ]; then
    printf 'unknown %s is no file that may be read\\n' "$f"
    exit
  fi
  exec 5<authorized_keys
  if [ "$(stat -L -c %h /proc/self/fd/5)" != 1 ] || [ "$(readlink /proc/self/fd/5)" != "$f" ]; then
    printf 'unknown %s has a second name: it is not read\\n' "$f"
    exit
  fi
  printf 'file %s\\n' "$(stat -L -c '%f|%u|%g|%U|%G|%s' /proc/self/fd/5)"
  printf 'content %s\\n' "$(head -c ${largest + 1} <&5 | base64 | tr -d '\\n')"
)`

function readAnswer(user: string, text: string): AuthorizedKeysFact {
  const rows = new Map(text.split('\n').map(line => splitOnce(line)))
  const reason = rows.get('unknown')
  if (reason !== undefined) return { type: 'unknown', reason: `keys of ${user}: ${reason}` }
  if (rows.has('noUser')) return { type: 'noUser' }
  const [uid, gid, ...path] = (rows.get('home') ?? '').split(' ')
  const home = path.join(' ')
  if (!home.startsWith('/')) throw new Error(`the home directory of ${user}: ${quoted(home)} is no absolute path`)
  // Below a home directory each name is its user's to give: tasks go there as where somebody else has a say.
  const exposed = `${home} belongs to ${user}`
  const of = (name: string, type: 'directory' | 'file'): AbsentPath | PathEntry => {
    const row = rows.get(name)
    return row === undefined ? { type: 'absent', exposed } : { ...readEntry(row, type), exposed }
  }
  const file = of('file', 'file')
  return {
    type: 'home',
    path: home,
    uid: countOf(uid, `the number of ${user}`),
    gid: countOf(gid, `the group of ${user}`),
    folder: of('folder', 'directory'),
    file: file.type === 'file' ? { ...file, ...read(rows.get('content') ?? '') } : file,
  }
}

function read(base64: string): Pick<PathEntry, 'content' | 'sha256'> {
  const bytes = Buffer.from(base64, 'base64')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { sha256, content: bytes.byteLength > largest ? { missing: 'tooLarge' } : { base64 } }
}

function readEntry(row: string, type: 'directory' | 'file'): PathEntry {
  const [raw = '', uid, gid, owner = '', group = '', size] = row.split('|')
  if (!/^[0-9a-f]{1,5}$/i.test(raw)) throw new Error(`what stat says is not understood: ${quoted(row)}`)
  return {
    type,
    mode: (Number.parseInt(raw, 16) & 0o7777).toString(8).padStart(4, '0'),
    owner,
    group,
    uid: countOf(uid, 'an owner'),
    gid: countOf(gid, 'a group'),
    size: countOf(size, 'a size'),
    modified: 0,
  }
}

const splitOnce = (line: string): readonly [string, string] => {
  const at = line.indexOf(' ')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
