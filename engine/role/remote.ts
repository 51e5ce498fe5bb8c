import type { ShellValue } from '../shell/index.ts'

/** Output of a remote command. */
export interface RemoteOutput {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** A remote command under way; await it. A non-zero exit throws unless `nothrow`. */
export interface RemoteCommand extends Promise<RemoteOutput> {
  readonly nothrow: () => RemoteCommand
  readonly stdin: (content: Uint8Array | string) => RemoteCommand
  /** Seconds. */
  readonly timeout: (seconds: number) => RemoteCommand
  /** Its output is kept out of errors, journal and report. */
  readonly secret: () => RemoteCommand
  /** Trimmed stdout. */
  readonly text: () => Promise<string>
}

/**
 * zx's `$`, on the other side of the channel: every interpolated value is quoted, a list becomes separate words. As
 * with zx the first line that fails ends it, a variable that is not set is an error, and a pipe fails with any of its
 * parts where the host's shell can tell (dash before 0.5.13 can't). A secret among the words is refused: hand it over
 * by `.stdin(…)`, or as a file, `${blob(…)}`.
 */
export type RemoteShell = (strings: TemplateStringsArray, ...values: readonly ShellValue[]) => RemoteCommand
