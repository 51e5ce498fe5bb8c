import buffer from 'node:buffer'
import { inspect } from 'node:util'
import { printableLines } from '../journal/index.ts'
import { newRedactor, type Redactor } from '../secrets/index.ts'

/** What a command says, and what must not be seen in it. */
export interface Output {
  readonly redactor: Redactor
  /**
   * To stdout, for what has had its secrets taken out already: in a line of JSON they would be looked for in names and
   * numbers as well.
   */
  readonly write: (text: string) => void
}

export const plainOutput = (): Output => ({ redactor: newRedactor(), write: text => void process.stdout.write(text) })

/**
 * Takes secrets out of everything that this process writes to these streams from now on, whoever writes it: refusals,
 * usage, a role's `console.log`, the stack trace of an error that nobody has caught. Made before the first value is
 * read; a value is known as a secret the moment it is decrypted, before an error could be worded with it. It stays for
 * the life of the process.
 */
export function guardedOutput(streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]): Output {
  const redactor = newRedactor()
  // What is shown of an object (an error with the output of a process) would be cut, and half of a secret is not
  // recognised as one.
  buffer.INSPECT_MAX_BYTES = Number.POSITIVE_INFINITY
  inspect.defaultOptions.maxStringLength = Number.POSITIVE_INFINITY
  const write = process.stdout.write.bind(process.stdout)
  for (const stream of streams) guard(stream, redactor)
  // Node itself would print it past the streams.
  process.on('uncaughtException', error => {
    process.stderr.write(`${printableLines(inspect(error))}\n`)
    process.exit(1)
  })
  return { redactor, write: text => void write(text) }
}

function guard(stream: NodeJS.WriteStream, { text }: Redactor): void {
  const write: (chunk: string | Uint8Array, ...rest: never[]) => boolean = stream.write.bind(stream)
  stream.write = (chunk: string | Uint8Array, ...rest: never[]) => write(shown(chunk, text), ...rest)
}

function shown(chunk: string | Uint8Array, text: Redactor['text']): string | Uint8Array {
  if (typeof chunk === 'string') return text(chunk)
  const before = Buffer.from(chunk).toString()
  const after = text(before)
  // Bytes that are no text stay as they are.
  return after === before ? chunk : after
}
