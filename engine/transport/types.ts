import type { FactRequest, Facts } from '../facts/index.ts'
import type { ApplyProgram, RunCommand } from '../program/index.ts'

/**
 * How a host is reached and as whom: resolved from the inventory and the flags, once per host. Secrets are functions,
 * so that printing it is safe.
 */
export interface Connection {
  readonly host: string
  readonly transport: Transport
  readonly become?: Become
  /** Remote shell that runs the programs, as words: ['sh'] (default), ['busybox', 'sh'], ['/bin/bash']. */
  readonly shell: readonly string[]
}

export interface SshTransport {
  readonly kind: 'ssh'
  readonly address: string
  readonly port?: number
  readonly user?: string
  readonly identityFile?: string
  /** Words added to ssh's command line (ansible_ssh_common_args and _extra_args, split as a shell does). */
  readonly extraArgs: readonly string[]
  readonly executable: string
  /** Seconds. */
  readonly connectTimeout: number
  readonly password?: () => string
  /** For the hosts on the way to it (ProxyJump, ProxyCommand, `jump`). */
  readonly jumpPassword?: () => string
  /** The host that it is reached through. */
  readonly jump?: SshTransport
}

export type Transport =
  | SshTransport
  | { readonly kind: 'docker' | 'podman'; readonly container: string; readonly user?: string }
  | { readonly kind: 'local' }

export interface Become {
  readonly method: 'sudo' | 'su' | 'doas'
  readonly user: string
  readonly password?: () => string
}

/**
 * One shell on one host for a whole run. Requests are run one after another in the order they were made; they may be
 * pipelined.
 */
export interface Channel {
  readonly host: string
  /** Reads facts: ONE program for all of them. */
  readonly probe: (requests: readonly FactRequest[]) => Promise<Facts>
  /** Runs changes in order, stops at the first that fails. Events stream while it runs. */
  readonly apply: (program: ApplyProgram, onEvent: (event: ApplyEvent) => void) => Promise<ApplyResult>
  /** Runs one command of a step. */
  readonly run: (command: RunCommand, onOutput?: (chunk: string) => void) => Promise<RunResult>
  /** Programs sent and how many times we waited for the host: for the journal. */
  readonly stats: () => ChannelStats
  /** Ends the remote shell in an orderly way: what runs is finished, temporary files are removed. */
  readonly close: () => Promise<void>
}

export interface ChannelStats {
  readonly programs: number
  readonly roundTrips: number
  readonly bytesSent: number
  /** When the host's shell was ready, by `performance.now()`. */
  readonly readyAt?: number
}

export type ApplyEvent =
  | { readonly kind: 'started'; readonly id: number }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly exitCode: number
      readonly output: string /** Seconds. */
      readonly seconds: number
    }
  /** Not run, because an earlier item failed. */
  | { readonly kind: 'notRun'; readonly id: number }

export interface ApplyResult {
  readonly failed?: { readonly id: number; readonly exitCode: number; readonly output: string }
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface ChannelOptions {
  /** Check mode: nothing is written on the host, not even the lock. */
  readonly readOnly: boolean
  /**
   * Do not wait for the host when opening: the first request waits for both, and rejects when the host can't be
   * reached.
   */
  readonly eager?: boolean
  /** Absolute path of the state directory on the host, instead of /var/lib/rota or the user's own. */
  readonly stateDir?: string
  /** Ends the channel: what runs now is finished, nothing new is started. */
  readonly signal?: AbortSignal
}

export type OpenChannel = (connection: Connection, options: ChannelOptions) => Promise<Channel>
