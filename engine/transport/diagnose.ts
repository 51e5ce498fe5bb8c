import type { Connection } from './types.ts'
import { UnreachableError } from './types.ts'

interface Symptom {
  readonly says: RegExp
  readonly reason: UnreachableError['reason']
  readonly hint?: string
}

/** What became of a shell that ended before it said hello. `said` is what it printed, stderr and stdout. */
export interface Ending {
  readonly said: string
  readonly exitCode: number | undefined
}

/** Names the reason of a connection that did not come up, from the words of ssh, docker, sudo, su, doas and the shell. */
export function diagnose({ host, transport, become, shell }: Connection, { said, exitCode }: Ending): UnreachableError {
  const symptom = symptoms.find(({ says }) => says.test(said))
  const text =
    said.trim() === '' ? `the shell on the host ended with exit code ${exitCode ?? 'unknown'}` : lastLines(said)
  if (symptom) return new UnreachableError(host, symptom.reason, text, symptom.hint)
  if (exitCode === 127 || exitCode === 126)
    return new UnreachableError(host, 'connect', text, `no shell could be started: ${shell.join(' ')}`)
  return new UnreachableError(host, become && transport.kind !== 'ssh' ? 'become' : 'connect', text)
}

const lastLines = (said: string): string => said.trim().split(/\r?\n/).slice(-6).join('\n')

// The first that matches: a refused key is named before the general words that ssh ends with.
const symptoms: readonly Symptom[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending \S+ key in/i,
    reason: 'host-key',
    hint: 'the host has another key than known_hosts says: if it was reinstalled, remove the old one with ssh-keygen -R HOST',
  },
  {
    says: /Host key verification failed|No \S+ host key is known/i,
    reason: 'host-key',
    hint: 'the host key is not known: check it and add it to known_hosts (ssh HOST once, or ssh-keyscan)',
  },
  {
    says: /Incorrect password|incorrect password attempt|Sorry, try again/i,
    reason: 'become',
    hint: 'the become password is wrong',
  },
  {
    says: /sudo: a password is required|sudo: interactive authentication is required|a terminal is required to (read|authenticate)/i,
    reason: 'become',
    hint: 'sudo wants a password: give it with -K, or allow NOPASSWD',
  },
  {
    says: /is not in the sudoers file|is not allowed to (execute|run)|may not run sudo/i,
    reason: 'become',
    hint: 'this user may not become the other one',
  },
  {
    says: /you must have a tty to run sudo/i,
    reason: 'become',
    hint: 'take "requiretty" out of sudoers for this user',
  },
  { says: /sudo: (unknown user|.*user .* not found)|su: user .* does not exist|su: unknown user/i, reason: 'become' },
  {
    says: /(sudo|su|doas): (command )?not found|exec: "?(sudo|su|doas)"?|(sudo|su|doas): No such file/i,
    reason: 'become',
    hint: 'choose another become method',
  },
  {
    says: /su: (Authentication failure|incorrect password|must be run from a terminal|Permission denied)/i,
    reason: 'become',
  },
  {
    says: /doas: (Operation not permitted|Authorization required|Authentication required|doas is not enabled)/i,
    reason: 'become',
    hint: 'doas needs a "permit nopass" rule: it reads a password from a terminal only',
  },
  {
    says: /Permission denied \([a-z,-]+\)|Too many authentication failures|No supported authentication methods|Permission denied, please try again/i,
    reason: 'authentication',
    hint: 'ssh was refused: check the user (-u), the key (--private-key, ssh-add) or the password (-k)',
  },
  {
    says: /UNPROTECTED PRIVATE KEY FILE|Load key .*: (bad permissions|error in libcrypto)/i,
    reason: 'authentication',
    hint: 'the private key can not be used',
  },
  {
    says: /account is currently not available|This account is .*nologin/i,
    reason: 'authentication',
    hint: 'this user has no shell',
  },
  { says: /timed out|timeout, server .* not responding/i, reason: 'timeout', hint: 'the host does not answer' },
  {
    says: /Connection (closed|reset) by remote host|kex_exchange_identification/i,
    reason: 'connect',
    hint: 'the host refuses more logins for now (MaxStartups?): try fewer forks',
  },
  {
    says: /Could not resolve hostname/i,
    reason: 'connect',
    hint: 'the name is not known: set ansible_host',
  },
  {
    says: /Connection refused/i,
    reason: 'connect',
    hint: 'nothing listens there: is sshd running, is the port right?',
  },
  {
    says: /Cannot connect to the Docker daemon|permission denied while trying to connect/i,
    reason: 'connect',
    hint: 'is the container engine running, and may this user use it?',
  },
  {
    says: /No such container|is not running|no container with name/i,
    reason: 'connect',
    hint: 'is the container running?',
  },
]
