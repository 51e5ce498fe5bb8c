import type { ShellValue } from '../program/shell.ts'

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

/** zx's `$`, on the other side of the channel: every interpolated value is quoted, a list becomes separate words. */
export type RemoteShell = (strings: TemplateStringsArray, ...values: readonly ShellValue[]) => RemoteCommand
