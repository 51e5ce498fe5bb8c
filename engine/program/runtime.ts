import { readFileSync } from 'node:fs'
import { quote } from '../shell/index.ts'

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
 * What the login may have left in the environment that changes what a shell or a command does: bash gives up waiting
 * after TMOUT, `cd` prints with CDPATH, tar and grep and gzip take options, ps and systemctl cut lines at COLUMNS,
 * coreutils quote and count otherwise.
 */
const leftByLogin = [
  'TMOUT CDPATH ENV BASH_ENV GLOBIGNORE PROMPT_COMMAND POSIXLY_CORRECT _POSIX2_VERSION',
  'GREP_OPTIONS GREP_COLOR GREP_COLORS CLICOLOR_FORCE LS_COLORS SYSTEMD_COLORS SYSTEMD_PAGER COLUMNS LINES LANGUAGE',
  'TAR_OPTIONS GZIP BZIP BZIP2 XZ_OPT XZ_DEFAULTS UNZIP UNZIPOPT',
  'BLOCK_SIZE BLOCKSIZE LS_BLOCK_SIZE DF_BLOCK_SIZE DU_BLOCK_SIZE QUOTING_STYLE TIME_STYLE',
  'VERSION_CONTROL SIMPLE_BACKUP_SUFFIX',
].join(' ')

/** Options may be on already: by SHELLOPTS, or `ansible_shell_executable: /bin/bash -e`. */
const plainShell = `set +aefuvxC; unset ${leftByLogin}
export LC_ALL=C PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/opt/bin"`

/**
 * The runtime as it is sent: a script for a shell that reads its stdin, and may read ahead: nothing must follow before
 * it has said hello. bash would read a pipe byte by byte, and dies when a text that it evaluates moves the stdin it
 * reads from: it begins anew, without the options and functions that it was given through its environment (nor are they
 * there for the shells that it starts), and is given the rest in one piece. BASH_VERSINFO is an array, so no other
 * shell can have been handed it. Half of it does nothing: both are compound commands, which a shell reads to their ends
 * first.
 */
export function runtimeText({ nonce, readOnly, stateDir, shell, owner, first }: Preamble): Buffer {
  const text = `{ ROTA_NONCE=${quote(nonce)} ROTA_READONLY=${readOnly ? 1 : "''"} ROTA_STATE=${quote(stateDir ?? '')}
ROTA_SHELL=${quote(shell.join(' '))} ROTA_OWNER=${quote(owner.replaceAll('\n', ' '))}
ROTA_FIRST=${quote(first)}
${runtime}}
`
  const rest = `eval "$(dd bs=${Buffer.byteLength(text)} count=1 iflag=fullblock 2>/dev/null)"`
  const anew = `export -n SHELLOPTS BASHOPTS TMOUT
if compgen -A function >/dev/null; then unset -f $(compgen -A function); fi
exec "$BASH" -c '${rest}'`
  return Buffer.from(
    `{ ${plainShell}\ncase \${BASH_VERSINFO-} in ?*) ${anew} ;; *) unset SHELLOPTS BASHOPTS ;; esac\n}\n${text}`,
  )
}

/** The words of a shell that reads the runtime from stdin. */
export const readingShell = (shell: readonly string[]): readonly string[] => [...shell, '-s']

/**
 * The same for one that begins behind a password, and says when it has got that far. It goes through the user's login
 * shell, which may be fish or csh, so it has no newline, backslash or exclamation mark.
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
