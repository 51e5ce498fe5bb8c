import { formatOrigin, type Problem } from '../inventory/index.ts'
import { withoutControl } from '../inventory/text.ts'

/** All that is wrong, one after another, to stderr: where, what, what to do; at the end what that means. */
export function printProblems(problems: readonly Problem[], end = 'no host was touched'): void {
  const red = (text: string) => (process.stderr.isTTY ? `\x1b[31m${text}\x1b[39m` : text)
  for (const { message, origin, hint } of problems) {
    const where = origin ? `${formatOrigin(origin)}: ` : ''
    // They quote what a file, a host or a name holds; a terminal would obey it.
    const said = withoutControl(`${where}${message}\n${hint ? `      ${hint}\n` : ''}`, '\n\t')
    process.stderr.write(`${red('error')} ${said}`)
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  process.stderr.write(`${count}${end && `; ${end}`}\n`)
}
