import { quote } from '../shell/index.ts'
import type { Become } from './types.ts'

/** The words that run `inner` as another user. The locale is set so that a prompt can be recognised. */
export function becomeWords(
  { method, user, password }: Become,
  inner: readonly string[],
  mark: string,
): readonly string[] {
  switch (method) {
    case 'sudo':
      if (!password) return ['sudo', '-H', '-n', '-u', user, '--', ...inner]
      // Not -p, which would take the place of every question of PAM: a verification code could not be told from the
      // password. Not env: behind that of uutils sudo-rs finds no password.
      return ['sh', '-c', asking(mark), 'sh', 'sudo', '-H', '-S', '-u', user, '--', ...inner]
    case 'su':
      // The user's own shell may be nologin.
      return ['env', 'LC_ALL=C', 'su', '-s', '/bin/sh', '-c', inner.map(quote).join(' '), user]
    case 'doas':
      // doas reads a password from a terminal only.
      return ['doas', '-n', '-u', user, '--', ...inner]
  }
}

const asking = (mark: string): string => `export LC_ALL=C SUDO_PROMPT=${sudoPrompt(mark)}; exec "$@"`

export const sudoPrompt = (mark: string): string => `rota-${mark}-password:`
