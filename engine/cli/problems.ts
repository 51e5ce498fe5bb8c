import { formatOrigin, type Problem } from '../inventory/index.ts'

/** All that is wrong, one after another, to stderr: where, what, what to do; at the end what that means. */
export function printProblems(problems: readonly Problem[], end = 'no host was touched'): void {
  const red = (text: string) => (process.stderr.isTTY ? `\x1b[31m${text}\x1b[39m` : text)
  for (const { message, origin, hint } of problems) {
    const where = origin ? `${formatOrigin(origin)}: ` : ''
    process.stderr.write(`${red('error')} ${where}${message}\n${hint ? `      ${hint}\n` : ''}`)
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  process.stderr.write(`${count}${end && `; ${end}`}\n`)
}
