import { constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { asksForPassword } from './question.ts'

/** Answers what ssh asks. */
export interface Askpass {
  readonly env: Readonly<Record<string, string>>
  /** The ssh that goes to the host; every other one goes to a host on the way to it. */
  readonly startedAs: (pid: number | undefined) => void
  readonly end: () => Promise<void>
}

/** Who may be told what: the host, and the hosts on the way to it. */
export interface LoginPasswords {
  readonly host: (() => string) | undefined
  readonly jump: (() => string) | undefined
}

/** What askpass.sh tells. */
export interface Asked {
  /** The ssh that asks. */
  readonly pid: number
  /** ssh's SSH_ASKPASS_PROMPT: empty, `confirm` (yes or no) or `none` (a notice). */
  readonly kind: string
  readonly text: string
}

/**
 * The line that answers (see askpass.sh). A password goes only to the ssh, and so to the host, that it is for, and only
 * when that asks for one.
 */
export function answerTo({ pid, kind, text }: Asked, passwords: LoginPasswords, toHost: number | undefined): string {
  if (kind === 'none') return '-'
  const isHost = pid === toHost
  const password = isHost ? passwords.host : passwords.jump
  if (kind === '' && password && asksForPassword(text)) return `+${password()}`
  const shown = JSON.stringify(text.trim().slice(0, 300))
  return isHost ? `-not answered: the host asks ${shown}` : `?not answered: a host on the way asks ${shown}`
}

export async function offerPasswords(passwords: LoginPasswords): Promise<Askpass> {
  for (const password of [passwords.host, passwords.jump])
    if (password?.().includes('\n')) throw new Error('a password for ssh can hold no line break')
  const directory = await mkdtemp(join(tmpdir(), 'rota-askpass-'))
  const [question, answer] = [join(directory, 'question'), join(directory, 'answer')]
  await execa('mkfifo', ['-m', '600', question, answer])
  // Opened for both ways, so that nobody waits for the other to open it; what is not read is gone when it is closed.
  const mode = constants.O_RDWR | constants.O_NONBLOCK
  const answers = new Socket({ fd: openSync(answer, mode), readable: false, writable: true })
  const questions = new Socket({ fd: openSync(question, mode), readable: true, writable: false })
  let toHost: number | undefined
  let said = ''
  questions.setEncoding('utf8')
  questions.on('data', (chunk: string) => {
    const [rest = '', ...asked] = (said + chunk).split('\0').reverse()
    said = rest.slice(0, longestQuestion)
    for (const text of asked.reverse()) answers.write(`${answerTo(askedIn(text), passwords, toHost)}\n`)
  })
  for (const stream of [answers, questions]) stream.on('error', () => {})
  return {
    env: {
      SSH_ASKPASS: fileURLToPath(new URL('./askpass.sh', import.meta.url)),
      SSH_ASKPASS_REQUIRE: 'force',
      // Before OpenSSH 8.4 this is what makes ssh use it.
      DISPLAY: process.env.DISPLAY ?? ':0',
      ROTA_ASKPASS: directory,
      ROTA_PID: String(process.pid),
    },
    startedAs: pid => {
      toHost = pid
    },
    end: async () => {
      for (const stream of [answers, questions]) stream.destroy()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const longestQuestion = 65_536

function askedIn(said: string): Asked {
  const [pid = '', kind = '', ...text] = said.split('\n')
  return { pid: Number(pid), kind, text: text.join('\n') }
}
