import type { Shell } from '../shell/index.ts'
export interface ApplyProgram {
  /** Names the folder for replaced files, with the play's number: /var/lib/rota/backup/<run>/<play>. */
  readonly run: string
  /** Default 0. */
  readonly play?: number
  /** A run whose replaced files are put back: they stay, however old they are. */
  readonly uses?: string
  readonly items: readonly ApplyItem[]
  /** Runs to its end also after the channel was told to stop. */
  readonly finishing?: boolean
}

export interface ApplyItem {
  /** Unique in the program; events carry it. */
  readonly id: number
  readonly script: Shell
  /** Handlers this change owes: written to pending/ before the script runs. Names are `role/handler`. */
  readonly owes: readonly string[]
  /** Bytes that the script may print, where that is not as usual (1 MiB): what is longer is cut in its middle. */
  readonly output?: number
  /**
   * This item is the handler of that name: once it has succeeded it is taken from pending/, before anything but another
   * handler runs.
   */
  readonly pays?: string
  /** It changes nothing and only waits: on the host it ends when the control machine is gone. */
  readonly waits?: boolean
}

export interface RunCommand {
  readonly script: Shell
  readonly stdin?: Uint8Array | string
  /** Seconds; none by default. */
  readonly timeout?: number
}
