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
  probe: args => `for u in ${args.map(({ name }) => quote(name)).join(' ')}; do
  if command -v getent >/dev/null 2>&1; then e=$(getent passwd "$u"); else e=$(grep "^$u:" /etc/passwd); fi
  if [ -n "$e" ]; then printf '%s\\n%s\\n' "$e" "$(id "$u")"; else printf '\\n\\n'; fi
done
echo .`,
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => {
      const [entry = '', ids = ''] = rows.slice(index * 2, index * 2 + 2)
      if (entry === '') return { type: 'absent' }
      const [[group = ''] = [], groups = []] = [namesIn(ids, 'gid'), namesIn(ids, 'groups')]
      const [, , uid, gid, comment = '', home = '', shell = ''] = entry.split(':')
      return {
        type: 'user',
        uid: Number(uid),
        gid: Number(gid),
        group,
        groups: groups.filter(name => name !== group),
        comment,
        home,
        shell,
      }
    })
  },
})

/** Of `uid=1(a) gid=2(b) groups=2(b),3(c)`, as `id` says it; a group that has no name is its number. */
const namesIn = (ids: string, field: 'gid' | 'groups'): readonly string[] =>
  [...(ids.split(`${field}=`)[1] ?? '').matchAll(/(\d+)(?:\(([^)]*)\))?(,|$| )/g)]
    .slice(0, field === 'gid' ? 1 : undefined)
    .map(([, number = '', name]) => name ?? number)
