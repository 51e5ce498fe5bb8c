import type { FactRequest } from '../facts/index.ts'
import { type CheckArgs, check, checkCall, eachMatch, glob, within } from '../facts/index.ts'
import { blob, lines, quote, raw, type Shell, sh } from '../shell/index.ts'
import { envProblems, pathProblems, secondsProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

export interface CommandArgs {
  /** A program and its arguments, or shell text for the host's `sh`. */
  readonly run: string | readonly string[]
  /** Absolute. */
  readonly cwd?: string
  /** Set in the environment, never in an argument list. */
  readonly env?: Readonly<Record<string, string>>
  /** What the command reads; never in an argument list. */
  readonly stdin?: string | Uint8Array
  /** Seconds; none by default. The command is then ended, and the task fails. */
  readonly timeout?: number
  /** Not run when a path like this is there; a pattern of the shell. The command has to make it. */
  readonly creates?: string
  /** Not run when no path like this is there. The command has to remove it. */
  readonly removes?: string
  /** Not run when this succeeds. It only looks: it also runs in check mode. The command has to make it succeed. */
  readonly unless?: string | readonly string[]
  /** Not run when this fails. It only looks. The command has to make it fail. */
  readonly onlyIf?: string | readonly string[]
  /** For the operator, in place of what the conditions are: why it has something to do where they say that it has. */
  readonly why?: string
  /** false: it changes nothing, does not count as a change and notifies nobody. */
  readonly changed?: false
  readonly secret?: boolean
}

/**
 * A command. With `creates`, `removes`, `unless` or `onlyIf` it runs only when it has something to do, and the verify
 * proves that it has done it. Without one it runs every time, and counts as a change every time.
 *
 * Facts: the conditions, looked at by the probe and again right before it runs. Errors: an exit code other than 0; its
 * output is shown. Source: Ansible's `command` and `shell`.
 */
export const command = defineTask<CommandArgs>({
  name: 'command',
  title: args => `command ${args.secret ? '(secret)' : short(args.run)}`,
  check: args => [
    ...(args.run.length === 0 || args.run[0] === '' ? ['run: is empty'] : []),
    ...(['cwd', 'creates', 'removes'] as const).flatMap(name => {
      const path = args[name]
      return path === undefined ? [] : pathProblems(name, path)
    }),
    ...secondsProblems('timeout', args.timeout),
    ...envProblems(args.env),
    ...whyProblems(args),
  ],
  unseen: ['env', 'stdin'],
  facts: args => [
    ...(['creates', 'removes'] as const).flatMap((name): readonly FactRequest[] => {
      const pattern = args[name]
      return pattern === undefined ? [] : [glob({ pattern })]
    }),
    ...(['unless', 'onlyIf'] as const).flatMap((name): readonly FactRequest[] => {
      const run = args[name]
      return run === undefined ? [] : [check(condition(args, run))]
    }),
  ],
  plan: (args, facts): Change | undefined => {
    const { creates, removes, unless, onlyIf, why: said } = args
    const there = (pattern: string): boolean => facts.get(glob({ pattern })).matches.length > 0
    const holds = (run: string | readonly string[]): boolean => facts.get(check(condition(args, run))).exitCode === 0
    if (creates !== undefined && there(creates)) return undefined
    if (removes !== undefined && !there(removes)) return undefined
    if (unless !== undefined && holds(unless)) return undefined
    if (onlyIf !== undefined && !holds(onlyIf)) return undefined
    const why = [
      ...(creates === undefined ? [] : [`${creates} does not exist`]),
      ...(removes === undefined ? [] : [`${removes} exists`]),
      ...(unless === undefined ? [] : [`${named(args, unless)} fails`]),
      ...(onlyIf === undefined ? [] : [`${named(args, onlyIf)} succeeds`]),
    ]
    return {
      summary: said ?? (why.length > 0 ? why.join(', ') : 'runs every time'),
      apply: script(args),
      effect: args.changed === false ? 'wait' : why.length > 0 ? 'change' : 'action',
    }
  },
})

function whyProblems({ why, creates, removes, unless, onlyIf }: CommandArgs): readonly string[] {
  if (why === undefined) return []
  if (why.trim() === '') return ['why: is empty']
  const runsEveryTime = [creates, removes, unless, onlyIf].every(one => one === undefined)
  return runsEveryTime ? ['why: is of a command that has a condition'] : []
}

const condition = ({ cwd, env }: CommandArgs, run: string | readonly string[]): CheckArgs => ({
  run,
  ...(cwd === undefined ? {} : { cwd }),
  ...(env === undefined ? {} : { env }),
})

function script(args: CommandArgs): Shell {
  const { run, cwd, env = {}, stdin, timeout, creates, removes, unless, onlyIf } = args
  const words = typeof run === 'string' ? ['sh', '-c', run] : run
  return lines([
    raw(within),
    // An earlier change may have done what this is for.
    ...(creates === undefined ? [] : [raw(eachMatch(creates, 'exit 0'))]),
    ...(removes === undefined ? [] : [raw(`found=\n${eachMatch(removes, 'found=1')}\n[ -n "$found" ] || exit 0`)]),
    ...(unless === undefined ? [] : [raw(`if ${checkCall(condition(args, unless))} >/dev/null 2>&1; then exit 0; fi`)]),
    ...(onlyIf === undefined
      ? []
      : [raw(`if ! ${checkCall(condition(args, onlyIf))} >/dev/null 2>&1; then exit 0; fi`)]),
    ...Object.entries(env).map(([name, value]) => raw(`export ${name}=${quote(value)}`)),
    ...(stdin === undefined ? [] : [sh`exec <${blob(stdin)}`]),
    ...(cwd === undefined ? [] : [sh`cd ${cwd}`]),
    sh`${timeout === undefined ? raw('') : sh`within ${timeout} `}${words}`,
  ])
}

/** A condition of one line says itself what it is about. */
function named({ secret }: CommandArgs, run: string | readonly string[]): string {
  const text = typeof run === 'string' ? run.trim() : run.join(' ')
  return secret || text.includes('\n') ? 'its condition' : `\`${text}\``
}

/** Its first line. Not cut: half of a secret would not be recognised as one, and so not hidden. */
const short = (run: string | readonly string[]): string =>
  typeof run === 'string' ? (run.trim().split('\n')[0] ?? '') : run.join(' ')
