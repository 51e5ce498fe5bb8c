import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'
import { endedLine } from './output.ts'
import { parallel } from './parallel.ts'
import { within } from './timeout.ts'

export interface CheckArgs {
  /**
   * A program and its arguments, or shell text for the host's `sh`. It must not change anything: it also runs in check
   * mode.
   */
  readonly run: string | readonly string[]
  /** Absolute. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Seconds; default 10. The exit code is then 124. */
  readonly timeout?: number
}

export interface CheckFact {
  readonly exitCode: number
  /** Without the line feeds at the end. */
  readonly stdout: string
  readonly stderr: string
}

/** Exit code and output of commands that only look; all run at the same time. */
export const check = defineFact<CheckArgs, CheckFact>({
  name: 'check',
  unseen: ['env'],
  // What a command prints may be another each time.
  lasting: ({ exitCode }) => exitCode,
  probe: args => `${within}\n${parallel(args.map(job))}`,
  parse: (output, args) => {
    const answers = endedLine(output).split('.\n')
    return args.map((_, index) => {
      const [code = '', rest = ''] = splitOnce(answers[index] ?? '', '\n')
      const [stdout, stderr] = rest.split(':\n')
      if (!/^\d{1,3}$/.test(code) || stderr === undefined) throw new Error('an answer of a check is missing')
      return { exitCode: Number(code), stdout: decode(stdout), stderr: decode(stderr) }
    })
  },
})

/** Shell text that runs the command in a subshell: its directory and environment hold for it alone. Needs `within`. */
export function checkCall({ run, cwd, env = {}, timeout = 10 }: CheckArgs): string {
  const words = typeof run === 'string' ? ['sh', '-c', run] : run
  return `(${cwd === undefined ? '' : ` cd ${quote(cwd)} &&`}${Object.entries(env)
    .map(([name, value]) => ` export ${name}=${quote(value)} &&`)
    .join('')} within ${timeout} ${words.map(quote).join(' ')})`
}

// Standard output goes through a variable inside the substitution that catches standard error, and out by descriptor 9.
const job = (args: CheckArgs): string => `{ e=$( { if o=$( ${checkCall(args)} 9>&-); then c=0; else c=$?; fi
printf '%s\\n' "$c" >&9; printf %s "$o" | head -c ${largest} | base64 >&9; echo : >&9; } 2>&1 </dev/null)
printf %s "$e" | head -c ${largest} | base64; echo .; } 9>&1`

const largest = 65536
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()
const splitOnce = (text: string, by: string): readonly [string, string?] => {
  const at = text.indexOf(by)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + by.length)]
}
