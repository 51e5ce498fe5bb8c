import { check } from '../facts/index.ts'
import type { Origin } from '../failure/index.ts'
import { type BatchGate, batchGate, type GateTimes } from './batch-gate.ts'
import { holds } from './verdict.ts'

/** A command that must end with 0, and where it is run. */
export interface CommandGateOptions extends GateTimes {
  readonly name?: string
  /**
   * A program and its arguments, or text for the host's `sh`. It only looks: it is run again and again. It holds where
   * it ends with 0.
   */
  readonly run: string | readonly string[]
  /** Name of the host that it is run on, and no other; default: each host of the batch. */
  readonly host?: string
  /** Seconds that it may take; default 10. */
  readonly limit?: number
  /** Where it is said; default: the playbook. */
  readonly origin?: Origin
}

/** After each batch a command ends with 0: on each host of the batch, or on one host that is named. */
export function commandGate({ run, host, limit = 10, ...options }: CommandGateOptions): BatchGate {
  const text = typeof run === 'string' ? run : run.join(' ')
  const shown = shortened(text)
  const expected = `\`${shown}\` ends with 0 on ${host ?? 'each host'}`
  return batchGate({
    name: shown,
    maker: commandGate,
    ...options,
    expected,
    ...(host === undefined ? {} : { host }),
    seen: [text],
    look: async ({ hosts, probe }) => {
      const names = host === undefined ? hosts.map(({ name }) => name) : [host]
      const wanted = { said: check({ run, timeout: limit }) }
      const verdicts = await Promise.all(names.map(async name => verdictOf(name, (await probe(name, wanted)).said)))
      const failed = verdicts.flatMap(saw => saw ?? [])
      return failed.length === 0 ? holds : { ok: false, expected, saw: failed.join('; ') }
    },
  })

  function verdictOf(
    name: string,
    { exitCode, stdout, stderr }: { readonly exitCode: number; readonly stdout: string; readonly stderr: string },
  ): string | undefined {
    if (exitCode === 0) return undefined
    const how = exitCode === 124 ? `did not end within ${limit} s` : `ended with ${exitCode}`
    const said = lastLine(stderr) || lastLine(stdout)
    return `on ${name} it ${how}${said === '' ? '' : `: ${said}`}`
  }
}

/** Of a text of many lines the first one. */
function shortened(text: string): string {
  const [first = '', ...more] = text.trim().split('\n')
  return first.length > 100 || more.length > 0 ? `${first.slice(0, 100)}…` : first
}

const lastLine = (text: string): string => (text.trim().split('\n').at(-1) ?? '').slice(-300)
