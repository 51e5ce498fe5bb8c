import { announcedShell, readingShell } from '../program/index.ts'
import { quote } from '../shell/index.ts'
import { becomeWords } from './become.ts'
import type { SshFiles } from './ssh.ts'
import { sshWords } from './ssh.ts'
import type { Connection } from './types.ts'

/** The process that gives a shell on the host. Holds no secret. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** `mark` is in the words, so it must not be a secret. */
export function commandFor({ host, transport, become, shell }: Connection, mark: string, files: SshFiles): Command {
  const inner = become?.password ? announcedShell(shell, mark) : readingShell(shell)
  const words = become === undefined ? inner : becomeWords(become, inner, mark)
  switch (transport.kind) {
    case 'local':
      return command(words)
    case 'docker':
    case 'podman': {
      if (transport.container.startsWith('-'))
        throw new Error(`${host}: not a name of a container: ${transport.container}`)
      const user = transport.user === undefined ? [] : ['--user', transport.user]
      return command([transport.kind, 'exec', '-i', ...user, transport.container, ...words])
    }
    case 'ssh':
      // `exec`: the login shell does not stay as a process between. Bourne shells, csh and fish know it.
      return command([...sshWords(transport, files), `exec ${words.map(quote).join(' ')}`])
  }
}

function command(words: readonly string[]): Command {
  const [file, ...args] = words
  if (file === undefined) throw new Error('the shell of a connection has no word')
  return { file, args }
}
