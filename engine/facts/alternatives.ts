import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine, quoted } from './output.ts'

export interface AlternativesArgs {
  /** Name of a group: `editor`. */
  readonly name: string
}

export type AlternativesFact =
  | { readonly type: 'unavailable' }
  | { readonly type: 'absent' }
  | {
      readonly type: 'group'
      /** `auto`: the choice of the highest priority is taken, whatever comes later. */
      readonly mode: 'auto' | 'manual'
      /** What the link leads to. */
      readonly current?: string
      /** The link itself, where it is told (Debian's program does, Red Hat's does not). */
      readonly link?: string
      readonly choices: readonly AlternativesChoice[]
    }

export interface AlternativesChoice {
  readonly path: string
  readonly priority: number
}

/** Groups of `update-alternatives`, by Debian's program or by Red Hat's: one process for each. */
export const alternatives = defineFact<AlternativesArgs, AlternativesFact>({
  name: 'alternatives',
  probe: args => `if command -v update-alternatives >/dev/null 2>&1; then
  for n in ${args.map(({ name }) => quote(name)).join(' ')}; do
    LC_ALL=C update-alternatives --display "$n" 2>/dev/null || :
    echo .
  done
else echo unavailable; fi`,
  parse: (output, args) => {
    if (output.trim() === 'unavailable') return args.map(() => ({ type: 'unavailable' }))
    const answers = endedLine(output).split(/^\.\n/m)
    return args.map(({ name }, index) => {
      const answer = answers[index]
      if (answer === undefined || index === answers.length - 1)
        throw new Error(`the answer about the alternatives of ${name} is missing`)
      return answer.trim() === '' ? { type: 'absent' } : readGroup(name, answer.split('\n'))
    })
  },
})

/**
 * `NAME - auto mode` or `NAME - status is auto.`, `  link currently points to PATH`, `  link NAME is PATH`, and for
 * each choice `PATH - priority 5` or `PATH - family F priority 5`.
 */
function readGroup(name: string, rows: readonly string[]): AlternativesFact {
  const [, mode] = / - (?:status is )?(auto|manual)\b/.exec(rows[0] ?? '') ?? []
  if (mode !== 'auto' && mode !== 'manual')
    throw new Error(`unexpected answer about the alternatives of ${name}: ${quoted(rows[0])}`)
  const after = (start: string): string | undefined =>
    rows.find(row => row.startsWith(start) && /^\/[^\s].*$/.test(row.slice(start.length)))?.slice(start.length)
  const current = after('  link currently points to ') ?? after(' link currently points to ')
  const link = after(`  link ${name} is `)
  return {
    type: 'group',
    mode,
    ...(current === undefined ? {} : { current }),
    ...(link === undefined ? {} : { link }),
    choices: rows.flatMap(row => {
      const [, path, priority] = /^(\/.*) - (?:family \S+ )?priority (-?\d{1,9})$/.exec(row) ?? []
      return path === undefined ? [] : [{ path, priority: Number(priority) }]
    }),
  }
}
