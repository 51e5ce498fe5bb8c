import { readFileSync } from 'node:fs'
import { quote } from './shell.ts'

/** What the runtime is told before it starts. It comes over stdin, so nothing of it is seen in a list of processes. */
export interface Preamble {
  /** Marks the beginning of the frames, so that nothing that came before can be taken for one. */
  readonly nonce: string
  readonly readOnly: boolean
  /** Where Rota keeps its state on the host; the usual place when undefined. */
  readonly stateDir?: string | undefined
  readonly shell: readonly string[]
  /** Who holds the lock, for the one who finds it held. */
  readonly owner: string
  /** Text of the first program, which then needs no reading of its own; empty when none is known yet. */
  readonly first: string
}

const runtime = withoutComments(readFileSync(new URL('./runtime.sh', import.meta.url), 'utf8'))

/**
 * The runtime as it is sent: a script for a shell that reads its stdin, and may read ahead: nothing must follow before it has said hello.
 * bash would read a pipe byte by byte, and dies when a text that it evaluates moves the stdin it reads from: it begins anew, and is given
 * the rest in one piece. Half of it does nothing: both are compound commands, which a shell reads to their ends first.
 */
export function runtimeText({ nonce, readOnly, stateDir, shell, owner, first }: Preamble): Buffer {
  const text = `{ ROTA_NONCE=${quote(nonce)} ROTA_READONLY=${readOnly ? 1 : "''"} ROTA_STATE=${quote(stateDir ?? '')}
ROTA_SHELL=${quote(shell.join(' '))} ROTA_OWNER=${quote(owner.replaceAll('\n', ' '))}
ROTA_FIRST=${quote(first)}
${runtime}}
`
  const rest = `eval "$(dd bs=${Buffer.byteLength(text)} count=1 iflag=fullblock 2>/dev/null)"`
  return Buffer.from(`if command -v shopt >/dev/null; then exec "$BASH" -c '${rest}'; fi\n${text}`)
}

/** The words of a shell that reads the runtime from stdin. */
export const readingShell = (shell: readonly string[]): readonly string[] => [...shell, '-s']

/**
 * The same for one that begins behind a password, and says when it has got that far. It goes through the user's login shell, which may be
 * fish or csh, so it has no newline, backslash or exclamation mark.
 */
export const announcedShell = (shell: readonly string[], mark: string): readonly string[] => [
  ...shell,
  '-c',
  `echo ${readyMark(mark)}; exec ${readingShell(shell).map(quote).join(' ')}`,
]

/** What it says: the become password has been accepted. */
export const readyMark = (mark: string): string => `rota-ready-${mark}`

/** Lines that are nothing but a comment, and empty ones. */
function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*(#.*)?\n/gm, '')
}
