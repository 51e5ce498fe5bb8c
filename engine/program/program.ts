import type { Blob } from '../shell/index.ts'

/** Shell text for the runtime, and the content that it receives, in that order. */
export interface Program {
  readonly text: string
  readonly blobs: readonly Blob[]
}

/** One after another. */
export const joined = (programs: readonly Program[]): Program => ({
  text: programs.map(({ text }) => text).join('\n'),
  blobs: programs.flatMap(({ blobs }) => blobs),
})
