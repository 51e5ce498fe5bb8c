import { execa } from 'execa'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { type PlaybookResult, runPlaybook } from '../lab.ts'
import type { LabFault } from './faults.ts'

/** The two states that runs go to, by turns. */
export type Version = 0 | 1
export const otherThan = (version: Version): Version => (version === 0 ? 1 : 0)

/** SHA-256 of files, by `host:path`. */
export type Sums = ReadonlyMap<string, string>

/** What is watched while a fault strikes, and what was wrong in the end. */
export interface Watch {
  readonly end: () => Promise<readonly string[]>
}

/** Hosts of a lab, a run that changes them, and what must hold whatever happens to it. */
export interface Scenario {
  /** Of what the names of its steps are about. */
  readonly title: string
  readonly lab: string
  readonly hosts: readonly string[]
  /** Those that are struck at; the others have nothing to fear. */
  readonly struck: readonly string[]
  /** Daemon that a run reloads, or starts anew, on a host. */
  readonly daemonOf: (host: string) => string
  /** Files that a run changes. */
  readonly filesOf: (host: string) => readonly string[]
  readonly run: (version: Version, options?: Parameters<typeof runPlaybook>[2]) => Promise<PlaybookResult>
  /** Goes on with the run whose journal is there, which did not end well. */
  readonly resume?: (state: string) => Promise<PlaybookResult>
  /** What a run does once only is undone. */
  readonly reset: () => Promise<unknown>
  readonly watch: (fault: LabFault) => Watch
  /** Once the struck host has been mended, before the next run. */
  readonly afterFault: () => Promise<readonly string[]>
  /** After the next run. */
  readonly afterNext: () => Promise<readonly string[]>
  readonly end: () => Promise<void>
}

export const containerOf = (lab: string, host: string): string => `rota-${lab}-${host}`

/** Runs a command in a host's container, beside Rota. */
export const shIn = async (lab: string, host: string, command: string): Promise<string> =>
  (await execa('docker', ['exec', containerOf(lab, host), 'sh', '-c', command])).stdout

/** Why a run ended as it did. */
export const whyOf = (events: readonly RunEvent[]): string =>
  events
    .flatMap(event => {
      if (event.kind === 'hostFinished' && event.message !== undefined) return [`${event.host}: ${event.message}`]
      return event.kind === 'task' && event.status === 'failed'
        ? [`${event.host}: ${event.task}: ${event.output ?? ''}`]
        : []
    })
    .join('; ')
    .slice(0, 1000)

/** What check-ha says of this inventory: what is wrong, or nothing. */
export async function checkHa(inventory: string): Promise<readonly string[]> {
  const { exitCode, events } = await runPlaybook('playbooks/check-ha.mjs', [], { inventory })
  const wrong = events.flatMap(event =>
    event.kind === 'check' && !event.ok ? [`${event.host ?? 'all'}: ${event.check}: ${event.saw}`] : [],
  )
  return exitCode === 0 ? [] : [`check-ha ended with ${exitCode}`, ...wrong, ...[whyOf(events)].filter(Boolean)]
}
