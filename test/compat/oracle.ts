import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Answer {
  readonly out?: string
  readonly error?: string
}

export interface Command {
  /** Arguments of ansible-inventory, or of another tool. */
  readonly args: readonly string[]
  readonly tool?: 'inventory' | 'vault' | 'playbook' | 'config'
  readonly cwd: string
}

export interface Selection {
  readonly sources: readonly string[]
  readonly cwd: string
  readonly patterns: readonly (readonly [pattern: string, limit: string | null])[]
}

/** The Python that ansible-inventory itself runs under; undefined when it is not installed. */
function findPython(): string | undefined {
  try {
    const path = execFileSync('sh', ['-c', 'command -v ansible-inventory'], { encoding: 'utf8' }).trim()
    return /^#!\s*(\S+)/.exec(readFileSync(path, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

export const python = findPython()

function ask(questions: readonly object[]): unknown[] {
  if (python === undefined) throw new Error('ansible-core is not installed: apt-get install ansible-core')
  const script = fileURLToPath(new URL('oracle.py', import.meta.url))
  const input = JSON.stringify(questions)
  return JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8', maxBuffer: 1 << 28 }))
}

/** What ansible-inventory prints, or why it stops, for each. */
export function askCommands(commands: readonly Command[]): readonly Answer[] {
  return ask(commands) as Answer[]
}

/** The hosts of each pattern; null where Ansible refuses. */
export function askSelections(selections: readonly Selection[]): readonly (readonly (readonly string[] | null)[])[] {
  return (ask(selections) as { hosts: (string[] | null)[] }[]).map(answer => answer.hosts)
}

/** What Ansible's Templar makes of each template, as JSON; null where it refuses. */
export function askTemplates(
  variables: Readonly<Record<string, unknown>>,
  templates: readonly string[],
): readonly (string | null)[] {
  const [answer] = ask([{ variables, templates }]) as { values: (string | null)[] }[]
  return answer?.values ?? []
}
