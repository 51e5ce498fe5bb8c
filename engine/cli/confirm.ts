import { openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReadStream, WriteStream } from 'node:tty'
import type { Confirmed } from '../rollout/index.ts'

/**
 * Asks a question on the terminal: yes goes on, and so does Enter unless the word is `needed`. No does not, nor does
 * the end of what is typed (Ctrl-D, a terminal that is gone). Throws where there is no terminal to ask on, and when the
 * run is interrupted meanwhile.
 */
export const confirm = (question: string, signal: AbortSignal, needed?: 'yes'): Promise<boolean> =>
  choose(`${question} [${needed ?? 'Enter'} to go on, n to stop] `, signal, answer => {
    if (answer === undefined || /^no?$/i.test(answer)) return false
    return (needed ? answer.toLowerCase() === needed : /^(y|yes)?$/i.test(answer)) || undefined
  })

/** The same before a batch: Enter is no answer, and `all` is one for those behind it, too. */
export const confirmNext = (question: string, signal: AbortSignal): Promise<Confirmed> =>
  choose(`${question} (yes/no/all) `, signal, (answer = 'no') =>
    (['yes', 'no', 'all'] as const).find(word => [word, word[0]].includes(answer.toLowerCase())),
  )

/** Asks until what is typed is an answer; it is undefined at the end of what is typed. */
async function choose<T>(
  question: string,
  signal: AbortSignal,
  read: (typed: string | undefined) => T | undefined,
): Promise<T> {
  const terminal = openTerminal()
  if (terminal === undefined) throw new Error(`there is no terminal to ask on: ${question}`)
  const { input, output } = terminal
  try {
    await forgetTypedAhead(input)
    for (;;) {
      signal.throwIfAborted()
      output.write(question)
      const typed = await readLine(input, signal)
      if (typed === undefined) output.write('\n')
      const answer = read(typed)
      if (answer !== undefined) return answer
    }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new Error(`interrupted, with a question open: ${question}`)
  } finally {
    input.destroy()
    output.destroy()
  }
}

/** Whether there is a terminal to ask on. */
export function canAsk(): boolean {
  const terminal = openTerminal()
  terminal?.input.destroy()
  terminal?.output.destroy()
  return terminal !== undefined
}

/** Two descriptors: each stream closes its own. */
function openTerminal(): { readonly input: ReadStream; readonly output: WriteStream } | undefined {
  try {
    return { input: new ReadStream(openSync('/dev/tty', 'r')), output: new WriteStream(openSync('/dev/tty', 'w')) }
  } catch {
    return undefined
  }
}

/**
 * An Enter pressed while the run went on is no answer to a question that nobody had seen. Outside of lines the terminal
 * hands out all that it has; Ctrl-C is then a byte, too.
 */
async function forgetTypedAhead(input: ReadStream): Promise<void> {
  const take = (typed: Buffer) => {
    if (typed.includes(3)) process.kill(process.pid, 'SIGINT')
  }
  input.setRawMode(true)
  input.on('data', take)
  await sleep(20)
  input.off('data', take)
  input.setRawMode(false)
}

/** Undefined at the end of what is typed. */
function readLine(input: ReadStream, signal: AbortSignal): Promise<string | undefined> {
  let text = ''
  input.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    const read = (part: string) => {
      text += part
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')).trim())
    }
    const end = () => resolve(undefined)
    input.on('data', read).once('end', end).once('error', end).resume()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
