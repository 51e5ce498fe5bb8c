import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf } from './output.ts'

export interface UserArgs {
  readonly name: string
  /** Ask for its groups, too: one process more for each user. */
  readonly groups?: boolean
}

export type UserFact =
  | { readonly type: 'absent' }
  | {
      readonly type: 'user'
      readonly uid: number
      /** Number of the primary group. */
      readonly gid: number
      readonly comment: string
      readonly home: string
      readonly shell: string
      /** Names of all its groups, where they were asked for; a group that has no name is its number. */
      readonly groups?: readonly string[]
    }

/**
 * Users, from the name service (`getent`) or /etc/passwd: two lines each, of which the second is empty where no groups
 * are asked for.
 */
export const user = defineFact<UserArgs, UserFact>({
  name: 'user',
  probe: args => `one_line() { case $1 in *[[:cntrl:]]*) echo '?' ;; *) printf '%s\\n' "$1" ;; esac; }
user_entry() {
  if command -v getent >/dev/null 2>&1; then one_line "$(getent passwd "$1")"; else one_line "$(awk -F: -v "u=$1" '$1 == u { print; exit }' /etc/passwd)"; fi
}
${args.map(({ name, groups }) => `user_entry ${quote(name)}; ${groups ? `one_line "$(id ${quote(name)} 2>/dev/null)"` : 'echo'}`).join('\n')}`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map(({ name, groups }, index) => {
      const [entry = '', ids = ''] = rows.slice(index * 2, index * 2 + 2)
      if (entry === '') return { type: 'absent' }
      if (entry === '?') throw new Error(`what the name service says of ${name} holds a control character`)
      const [, , uid, gid, comment = '', home = '', shell = ''] = entry.split(':')
      const more = groups ? { groups: groupsIn(ids) } : {}
      return {
        type: 'user',
        uid: countOf(uid, `the number of ${name}`),
        gid: countOf(gid, `the group of ${name}`),
        comment,
        home,
        shell,
        ...more,
      }
    })
  },
})

/** Of `uid=1(a) gid=2(b) groups=2(b),3(c)`, as `id` says it. */
const groupsIn = (ids: string): readonly string[] =>
  [...(ids.split('groups=')[1] ?? '').matchAll(/(\d+)(?:\(([^)]*)\))?(,|$| )/g)].map(
    ([, number = '', name]) => name ?? number,
  )
