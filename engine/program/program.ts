import type { Blob } from './shell.ts'

/** Shell text for the runtime, and the content that it receives, in that order. */
export interface Program {
  readonly text: string
  readonly blobs: readonly Blob[]
}
