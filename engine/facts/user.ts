import { quote } from '../program/shell.ts'
import { defineFact } from './fact.ts'

export interface UserArgs {
  readonly name: string
}

export type UserFact =
  | { readonly type: 'absent' }
  | {
      readonly type: 'user'
      readonly uid: number
      readonly gid: number
      /** Name of the primary group. */
      readonly group: string
      /** Supplementary groups, without the primary one. */
      readonly groups: readonly string[]
      readonly comment: string
      readonly home: string
      readonly shell: string
    }

/** Users, from the name service (`getent`) or /etc/passwd. */
export const user = defineFact<UserArgs, UserFact>({
  name: 'user',
  probe: args => `entry() {
  if command -v getent >/dev/null 2>&1; then getent passwd "$1"; else grep "^$1:" /etc/passwd; fi
}
for u in ${args.map(({ name }) => quote(name)).join(' ')}; do
  if e=$(entry "$u"); then printf '%s\\n%s\\n%s\\n' "$e" "$(id -gn "$u")" "$(id -Gn "$u")"; else printf '\\n\\n\\n'; fi
done
echo .`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const [entry = '', group = '', groups = ''] = rows.slice(index * 3, index * 3 + 3)
      if (entry === '') return { type: 'absent' }
      const [, , uid, gid, comment = '', home = '', shell = ''] = entry.split(':')
      return {
        type: 'user',
        uid: Number(uid),
        gid: Number(gid),
        group,
        groups: groups.split(' ').filter(name => name !== '' && name !== group),
        comment,
        home,
        shell,
      }
    })
  },
})
