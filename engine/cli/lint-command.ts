import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { formatProblem, refused } from '../failure/index.ts'
import { jsonEscaped, printable } from '../journal/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { type OwnPlaybook, playbooksIn } from './gather.ts'
import type { Finding } from './lint/findings.ts'
import { several } from './usage.ts'

interface Flags {
  readonly playbook: readonly string[]
  readonly json?: boolean
}

/** `rota lint`: an inventory, looked at without a host. `exit` is told the exit code. */
export const lintCommand = (own: OwnPlaybook, redactor: Redactor, exit: (code: number) => void): Command =>
  new Command('lint')
    .description(
      'check an inventory as a run would, without touching a host: values, misspelt names, what nobody reads, what wins over what',
    )
    .usage('[-p <playbook>] -i <source> [flags of the playbook]')
    .argument('[flags...]', 'flags of the playbook: -i, -e, -l, vaults')
    .option('-p, --playbook <file>', `whose roles read the inventory; may be repeated (${own.name})`, several, [])
    .option('--json', 'one JSON object for each finding')
    .allowUnknownOption()
    .addHelpText('after', '\nExit code 2: a run would be refused, or a variable looks misspelt.')
    .action(async (words: readonly string[], { playbook: files, json }: Flags) => {
      const playbooks = await playbooksOf(files, own)
      const { lint } = await import('./lint/lint.ts')
      const findings = await lint(playbooks, words, redactor)
      for (const finding of findings)
        process.stdout.write(`${json ? asJson(finding, redactor) : asLine(finding, redactor)}\n`)
      if (!json) process.stderr.write(`${counted(findings)}; no host was touched\n`)
      exit(findings.some(({ level }) => level === 'error') ? 2 : 0)
    })

/** Each once. Throws a refusal of a file that is none. */
export async function playbooksOf(files: readonly string[], { begin, file: usual }: OwnPlaybook) {
  const paths = files.length === 0 ? [usual] : [...new Set(files.map(file => resolve(file)))]
  const missing = paths.filter(path => !existsSync(path))
  if (missing.length > 0) throw refused(missing.map(path => ({ message: `there is no playbook ${path}` })))
  const playbooks = await playbooksIn(paths, begin)
  if (playbooks.length === 0) throw refused(paths.map(path => ({ message: `${path} is no playbook` })))
  return playbooks
}

const asLine = ({ level, problem }: Finding, { text }: Redactor): string =>
  `${level.padEnd(7)} ${printable(text(formatProblem(problem)))}`

function asJson({ level, kind, problem }: Finding, { text }: Redactor): string {
  const { message, foundBy, origin, hint } = problem
  return jsonEscaped(
    JSON.stringify({
      level,
      kind,
      message: text(message),
      ...(foundBy && { foundBy }),
      ...origin,
      ...(hint && { hint: text(hint) }),
    }),
  )
}

function counted(findings: readonly Finding[]): string {
  const count = (level: Finding['level'], word: string) => {
    const number = findings.filter(finding => finding.level === level).length
    return `${number} ${word}${number === 1 ? '' : 's'}`
  }
  return `${count('error', 'error')}, ${count('warning', 'warning')}, ${findings.filter(({ level }) => level === 'info').length} to know of`
}
