import type { FactRequest, Facts } from '../facts/index.ts'
import {
  type CheckArgs,
  check,
  checkCall,
  type HttpArgs,
  http,
  httpCall,
  httpPattern,
  type TcpArgs,
  tcp,
  tcpCall,
  tcpFunction,
  unixSocket,
  unixSocketCall,
  unixSocketFunction,
  within,
} from '../facts/index.ts'
import { raw, sh } from '../shell/index.ts'
import { pathProblems, secondsProblems } from './checks.ts'
import { type Change, defineTask } from './task.ts'

/** One of four things to wait for, seen from the host. */
export type WaitForArgs = WaitOptions &
  (
    | { /** TCP port, on 127.0.0.1 unless `host` is given. */ readonly port: number; readonly host?: string }
    | { /** Web server and what it has to answer. */ readonly http: HttpArgs }
    | { /** Path of a socket somebody has to listen on. */ readonly socket: string }
    | { /** Command that has to succeed. It only looks. */ readonly check: CheckArgs }
  )

export interface WaitOptions {
  /** Seconds; default 60. */
  readonly timeout?: number
  /** Seconds between two looks; default 1. */
  readonly interval?: number
  /** Wait until it does not hold any more (a port is closed). Default false. */
  readonly gone?: boolean
}

/**
 * Waits until a port can be connected to, a web server answers, a socket is listened on, or a command succeeds.
 *
 * Facts: the condition itself. Planned only when it does not hold at the probe, or when an earlier task of the stage
 * changes something. It is never a change. Errors: it does not hold in time; says what was seen last. Source: Ansible's
 * `wait_for` and `uri` with `until`.
 */
export const waitFor = defineTask<WaitForArgs>({
  name: 'waitFor',
  unseen: ['user', 'password', 'headers', 'contains', 'env'],
  title: args => `wait until ${subject(args)} ${args.gone ? 'is gone' : 'is there'}`,
  check: args => [
    ...secondsProblems('timeout', args.timeout),
    ...secondsProblems('interval', args.interval),
    ...('socket' in args ? pathProblems('socket', args.socket) : []),
    ...('port' in args && !(Number.isInteger(args.port) && args.port > 0 && args.port < 65536)
      ? [`port: ${args.port} is not a port`]
      : []),
    ...('http' in args && !/^https?:$/.test(protocolOf(args.http.url))
      ? [`http.url: ${args.http.url} is not an http(s) URL`]
      : []),
  ],
  facts: args => [request(args)],
  plan: (args, facts, context): Change | undefined => {
    const now = holds(args, facts)
    const fine = args.gone ? !now.holds : now.holds
    if (fine && !context.changed) return undefined
    const { timeout = 60, interval = 1, gone = false } = args
    return {
      summary: fine ? 'checked again after the changes' : `not yet${now.reason ? `: ${now.reason}` : ''}`,
      effect: 'wait',
      apply: sh`${raw(within)}
${raw(holdsFunction(args))}
end=$(( $(date +%s) + ${timeout} ))
while :; do
  if seen=$(subject_holds 2>&1); then held=yes; else held=no; fi
  [ "$held" != ${gone ? 'no' : 'yes'} ] || break
  if [ "$(date +%s)" -ge "$end" ]; then
    printf '%s\n' ${`not within ${timeout} s: ${subject(args)} ${gone ? 'is still there' : 'is not there'}`} "last seen: $seen" | head -c 4096 >&2
    exit 1
  fi
  sleep ${interval}
done`,
    }
  },
})

const subject = (args: WaitForArgs): string => {
  if ('port' in args) return `port ${args.port} on ${args.host ?? '127.0.0.1'}`
  if ('http' in args) return args.http.url
  if ('socket' in args) return args.socket
  return typeof args.check.run === 'string' ? args.check.run : args.check.run.join(' ')
}

const tcpArgs = ({ port, host }: { readonly port: number; readonly host?: string }): TcpArgs => ({
  port,
  ...(host === undefined ? {} : { host }),
})

function request(args: WaitForArgs): FactRequest {
  if ('port' in args) return tcp(tcpArgs(args))
  if ('http' in args) return http(args.http)
  if ('socket' in args) return unixSocket({ path: args.socket })
  return check(args.check)
}

interface Holds {
  readonly holds: boolean
  readonly reason?: string
}

function holds(args: WaitForArgs, facts: Facts): Holds {
  if ('port' in args) {
    const fact = facts.get(tcp(tcpArgs(args)))
    return fact.type === 'open' ? { holds: true } : { holds: false, reason: fact.reason }
  }
  if ('http' in args) {
    const fact = facts.get(http(args.http))
    return fact.type === 'answered'
      ? { holds: fact.expected, reason: `status ${fact.status}` }
      : { holds: false, reason: fact.reason }
  }
  if ('socket' in args) {
    const { type } = facts.get(unixSocket({ path: args.socket }))
    return { holds: type === 'listening', reason: type }
  }
  const { exitCode } = facts.get(check(args.check))
  return { holds: exitCode === 0, reason: `exit code ${exitCode}` }
}

/** Shell function `look`: succeeds when the condition holds, and prints what it sees. */
function holdsFunction(args: WaitForArgs): string {
  if ('port' in args) return `${tcpFunction}\nsubject_holds() { ${tcpCall(tcpArgs(args))}; }`
  if ('socket' in args) return `${unixSocketFunction}\nsubject_holds() { ${unixSocketCall({ path: args.socket })}; }`
  if ('check' in args) return `subject_holds() { ${checkCall(args.check)}; }`
  return `subject_holds() {
  a=$(${httpCall(args.http)})
  printf '%s\\n' "$a"
  case $a in ${httpPattern(args.http)}) return 0 ;; *) return 1 ;; esac
}`
}

function protocolOf(url: string): string {
  try {
    return new URL(url).protocol
  } catch {
    return ''
  }
}
