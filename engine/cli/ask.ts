import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/**
 * Asks on the terminal, unseen. Asked at once, so that a run never stops half-way for it; the answer is kept out of
 * every dump.
 */
export const askSecret = (prompt: string): (() => string) => ask(prompt, false)

/** `isSeen`: what is typed is shown. */
export function ask(prompt: string, isSeen: boolean): () => string {
  const terminal = openTerminal()
  // As Python's getpass: without a terminal the answer is read from stdin.
  if (terminal === undefined) {
    process.stderr.write(prompt)
    const answer = readLine(0)
    return () => answer
  }
  try {
    writeSync(terminal, prompt)
    const stty = (...args: string[]) => execFileSync('stty', args, { stdio: [terminal, 'ignore', 'ignore'] })
    if (!isSeen) stty('-echo')
    try {
      const answer = readLine(terminal)
      return () => answer
    } finally {
      if (!isSeen) {
        stty('echo')
        writeSync(terminal, '\n')
      }
    }
  } finally {
    closeSync(terminal)
  }
}

function openTerminal(): number | undefined {
  try {
    return openSync('/dev/tty', 'r+')
  } catch {
    return undefined
  }
}

function readLine(fd: number): string {
  const bytes: number[] = []
  const one = Buffer.alloc(1)
  while (readSync(fd, one, 0, 1, null) === 1 && one[0] !== 10) bytes.push(one[0] ?? 0)
  return Buffer.from(bytes).toString('utf8')
}
