import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline/promises'

/** Asks a question on the terminal: Enter or yes goes on, no does not. Throws where there is no terminal to ask on. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const input = createReadStream('/dev/tty')
  const output = createWriteStream('/dev/tty')
  try {
    await new Promise((resolve, reject) => input.once('open', resolve).once('error', reject))
  } catch {
    throw new Error(`there is no terminal to ask on: ${question}`)
  }
  const terminal = createInterface({ input, output })
  try {
    const answer = await terminal.question(`${question} [Enter to go on, n to stop] `, { signal })
    return !/^n/i.test(answer.trim())
  } finally {
    terminal.close()
    input.destroy()
    output.destroy()
  }
}
