import { type Obstacle, type Unreachable, unreachable } from '../failure/index.ts'
import { openQuestion } from './question.ts'
import type { Connection } from './types.ts'

interface Symptom {
  readonly says: RegExp
  readonly reason: Obstacle
  readonly hint?: string
}

/** What became of a shell that ended before it said hello. `said` is what it printed, stderr and stdout. */
export interface Ending {
  readonly said: string
  readonly exitCode: number | undefined
}

/**
 * Names the reason of a connection that did not come up, from the words of ssh, docker, sudo, su, doas and the shell.
 */
export function diagnose(connection: Connection, { said, exitCode }: Ending): Unreachable {
  const { host, transport, become, shell } = connection
  const symptom = symptomOf(connection, said)
  const text =
    said.trim() === '' ? `the shell on the host ended with exit code ${exitCode ?? 'unknown'}` : lastLines(said)
  if (symptom) return unreachable(host, symptom.reason, text, symptom.hint)
  if (exitCode === 127 || exitCode === 126)
    return unreachable(host, 'connect', text, `no shell could be started: ${shell.join(' ')}`)
  if (become && transport.kind !== 'ssh') return unreachable(host, 'become', text)
  // 255 is ssh itself; anything else is what the login ended with.
  if (transport.kind === 'ssh' && !become && exitCode !== undefined && exitCode !== 255)
    return unreachable(host, 'connect', text, noShell)
  return unreachable(host, 'connect', text)
}

const noShell =
  'the login takes no commands: is the login shell nologin, false or a restricted one, or does sshd force a command (ForceCommand, command= in authorized_keys)?'

/**
 * What is said of a host that lets nothing be heard any more before its shell has come up: `said` is what it printed
 * until then.
 */
export function unanswered(connection: Connection, said: string, seconds: number): Unreachable {
  const { host, become } = connection
  const symptom = symptomOf(connection, said)
  const question = openQuestion(said)
  const quoted = said.trim() === '' ? 'nothing was said' : `what was said: ${lastLines(said)}`
  const text = `no answer within ${seconds} s; ${quoted}`
  if (symptom) return unreachable(host, symptom.reason, text, symptom.hint)
  if (question === '') return unreachable(host, 'timeout', text, 'the host takes logins, but its shell does not start')
  return unreachable(
    host,
    become ? 'become' : 'authentication',
    text,
    `it asks ${JSON.stringify(question)}, which only a person can answer: let this user log in and become another without it`,
  )
}

const symptomOf = ({ become }: Connection, said: string): Symptom | undefined =>
  symptoms.find(({ says, reason }) => (reason !== 'become' || become !== undefined) && says.test(said))

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
    says: /sudo: (Account or password is expired|account validation failure)|su: (Authentication token is no longer valid|User account has expired)/i,
    reason: 'become',
    hint: 'the account or its password has expired: log in once by hand and change it, or let it expire no more (chage)',
  },
  {
    says: /password has expired|account has expired|You (must|are required to) change your password|Password change required/i,
    reason: 'authentication',
    hint: 'the account or its password has expired: log in once by hand and change it, or let it expire no more (chage)',
  },
  {
    says: /Incorrect password|incorrect password attempt|Sorry, try again|Authentication failed, try again/i,
    reason: 'become',
    hint: 'the become password is wrong',
  },
  {
    says: /sudo: a password is required|sudo(-rs)?: interactive authentication is required|a terminal is required to (read|authenticate)/i,
    reason: 'become',
    hint: 'a password is wanted: give it with -K, or allow NOPASSWD in sudoers',
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
    hint: 'su wants the password of the user it becomes: give it with -K',
  },
  {
    says: /doas: (Operation not permitted|Authorization required|Authentication required|doas is not enabled)/i,
    reason: 'become',
    hint: 'doas needs a "permit nopass" rule: it reads a password from a terminal only',
  },
  {
    says: /not answered: a host on the way asks/,
    reason: 'authentication',
    hint: 'a jump host is given a password of its own: --ask-jump-pass or ansible_jump_password; better a key (an ssh that a wrapper starts counts as one: let it exec)',
  },
  {
    says: /not answered: the host asks/,
    reason: 'authentication',
    hint: 'only a person can answer that: use a key that needs no second question, or log in before with a connection that stays (ControlMaster, ControlPath and ControlPersist in your ssh_config)',
  },
  {
    says: /Too many authentication failures/i,
    reason: 'authentication',
    hint: 'ssh offered more keys than the host lets one try (MaxAuthTries): name the right one with --private-key and set "IdentitiesOnly yes" in ssh_config, so that no other of the agent is offered',
  },
  {
    says: /Permission denied \([a-z,-]+\)|No supported authentication methods|Permission denied, please try again/i,
    reason: 'authentication',
    hint: 'ssh was refused: check the user (-u), the key (--private-key, ssh-add) or the password (-k; --ask-jump-pass for a jump host)',
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
  {
    says: /ControlPath too long|too long for Unix domain socket/i,
    reason: 'connect',
    hint: 'the ControlPath of your ssh_config is longer than the name of a socket may be: use %C in it, or leave it out and Rota has one of its own',
  },
  {
    says: /Cannot execute command-line and remote command/i,
    reason: 'connect',
    hint: 'take RemoteCommand out of the words that are given to ssh (ansible_ssh_common_args and its kin)',
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
