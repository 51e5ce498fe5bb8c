import type { Blob } from '../shell/index.ts'
import { blob, quote, withBlobs } from '../shell/index.ts'
import { blobVariable, receiveLine, token } from './apply.ts'
import type { Program } from './program.ts'
import type { RunCommand } from './requests.ts'

/** One command of a step. Its stdin is a blob; it comes first, so that the runtime knows it by number. */
export function runText(request: number, { script, stdin, timeout }: RunCommand): Program {
  const first: readonly Blob[] = stdin === undefined ? [] : [blob(stdin)]
  const blobs = [...first, ...script.blobs]
  const text = withBlobs(script, index => blobVariable(index + first.length))
  return {
    text: [
      `rota_token=${token()}`,
      ...blobs.map(receiveLine),
      `rota_command ${request} ${quote(timeout ?? '')} ${first.length === 0 ? "''" : 1} ${quote(text)}`,
    ].join('\n'),
    blobs,
  }
}
