import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { countOf } from './output.ts'

export interface GroupArgs {
  readonly name: string
}

export type GroupFact =
  | { readonly type: 'absent' }
  | { readonly type: 'group'; readonly gid: number; readonly members: readonly string[] }

/** Groups: one `getent`, or /etc/group. */
export const group = defineFact<GroupArgs, GroupFact>({
  name: 'group',
  probe: args =>
    `if command -v getent >/dev/null 2>&1; then getent group ${args.map(({ name }) => quote(name)).join(' ')}; else cat /etc/group; fi; :`,
  parse: (output, args) => {
    const rows = output.split('\n').map(row => row.split(':'))
    return args.map(({ name }) => {
      const row = rows.find(([each]) => each === name)
      if (row === undefined) return { type: 'absent' }
      return {
        type: 'group',
        gid: countOf(row[2], `the number of group ${name}`),
        members: (row[3] ?? '').split(',').filter(Boolean),
      }
    })
  },
})
