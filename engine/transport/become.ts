import { quote } from '../program/shell.ts'
import type { Become } from './types.ts'

/** The words that run `inner` as another user. */
export function becomeWords(
  { method, user, password }: Become,
  inner: readonly string[],
  mark: string,
): readonly string[] {
  switch (method) {
    case 'sudo':
      return ['sudo', '-H', ...(password ? ['-S', '-p', sudoPrompt(mark)] : ['-n']), '-u', user, '--', ...inner]
    case 'su':
      // The user's own shell may be nologin. The locale is set so that the prompt can be recognised.
      return ['env', 'LC_ALL=C', 'su', '-s', '/bin/sh', '-c', inner.map(quote).join(' '), user]
    case 'doas':
      // doas reads a password from a terminal only.
      return ['doas', '-n', '-u', user, '--', ...inner]
  }
}

/** How often `become` has asked for a password, told from what the process has said so far. */
export function promptsIn(said: string, { method }: Become, mark: string): number {
  switch (method) {
    case 'sudo':
      return said.split(sudoPrompt(mark)).length - 1
    case 'su':
      return said.match(/password: ?$/i) ? 1 : 0
    case 'doas':
      return 0
  }
}

const sudoPrompt = (mark: string): string => `rota-${mark}-password:`
