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

/** The runtime as it is sent: its length on a line, then the text. */
export function runtimeText({ nonce, readOnly, stateDir, shell, owner, first }: Preamble): Buffer {
  const text = `ROTA_NONCE=${quote(nonce)} ROTA_READONLY=${readOnly ? 1 : "''"} ROTA_STATE=${quote(stateDir ?? '')}
ROTA_SHELL=${quote(shell.join(' '))} ROTA_OWNER=${quote(owner.replaceAll('\n', ' '))}
ROTA_FIRST=${quote(first)}
${runtime}`
  return Buffer.from(`${Buffer.byteLength(text)}\n${text}`)
}

/**
 * The command of a remote shell: it reads the runtime from stdin. It goes through the user's login shell, which may be fish or csh, so it
 * has no newline, backslash, single quote or exclamation mark. `dd` reads exactly what belongs to the runtime.
 */
export const bootstrap = (mark: string): string =>
  `echo rota-ready-${mark}; read -r n; eval "$(dd bs=$n count=1 iflag=fullblock 2>/dev/null)"`

/** What `bootstrap` says when it begins to read: a become password has been accepted. */
export const readyMark = (mark: string): string => `rota-ready-${mark}`

/** Lines that are nothing but a comment, and empty ones. */
function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*(#.*)?\n/gm, '')
}
