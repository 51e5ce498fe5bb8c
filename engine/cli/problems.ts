import { relative, resolve } from 'node:path'
import { formatOrigin, messageWithFinder, type Problem } from '../failure/index.ts'
import { continued, printable, printableLines } from '../journal/index.ts'
import { annotation } from '../report/index.ts'

/** All that is wrong, one after another, to stderr: where, what, what to do; at the end what that means. */
export function printProblems(problems: readonly Problem[], end = 'no host was touched'): void {
  const red = (text: string) => (process.stderr.isTTY ? `\x1b[31m${text}\x1b[39m` : text)
  for (const problem of problems) {
    const { origin, hint } = problem
    const where = origin ? `${printable(formatOrigin(origin))}: ` : ''
    say(`${red('error')} ${where}${printableLines(messageWithFinder(problem))}`)
    if (hint) say(`      ${printableLines(hint)}`)
    if (isOnGitHub()) process.stderr.write(`${annotationOf(problem)}\n`)
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  say(`${count}${end && `; ${end}`}`)
}

export const isOnGitHub = (): boolean => process.env.GITHUB_ACTIONS === 'true'

/** GitHub shows it at its line, where the file is one of the repository that is checked out. */
function annotationOf(problem: Problem): string {
  const { origin, hint } = problem
  const text = [messageWithFinder(problem), ...(hint ? [hint] : [])].map(printableLines).join('\n')
  if (origin === undefined) return annotation(text, {})
  const file = relative(process.env.GITHUB_WORKSPACE ?? '', resolve(origin.file))
  return annotation(text, { file: printable(file), line: String(origin.line), col: String(origin.column) })
}

/** What is no problem, to stderr: a line each. */
export function printNotes(texts: readonly string[], before = ''): void {
  for (const text of texts) say(`${before}${printableLines(text)}`)
}

const say = (text: string): void => void process.stderr.write(`${continued(text).join('\n')}\n`)
