import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'

export interface ToolArgs {
  /** Name of a program. */
  readonly name: string
}

export interface ToolFact {
  readonly path?: string
}

/** Whether programs are installed, and where: no process at all. */
export const tool = defineFact<ToolArgs, ToolFact>({
  name: 'tool',
  probe: args => args.map(({ name }) => `command -v ${quote(name)} || echo`).join('\n'),
  parse: (output, args) => {
    const rows = output.split('\n')
    return args.map((_, index) => (rows[index] ? { path: rows[index] } : {}))
  },
})
