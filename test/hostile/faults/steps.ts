import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** A moment in the life of a host: this has just been done there, and nothing goes on. */
export interface Step {
  readonly number: number
  readonly pid: number
  /** The host's own shell. */
  readonly shell: number
  readonly what: string
}

/**
 * The system calls that can change what another process sees: files, the lock, and what is said to others. What such a
 * host looks like at any moment, it looks like after one of them. The content that `cp` copies has no step of its own:
 * one that is cut short by SIGSTOP would be begun anew for ever.
 */
export const calls = [
  'open,openat,creat,write,writev,ftruncate,truncate',
  '?rename,?renameat,?renameat2,unlink,unlinkat,mkdir,?mkdirat,rmdir,symlink,symlinkat,link,linkat',
  'chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,flock',
].join(',')

/**
 * Follows a host by what strace writes to a pipe with a name, up to its end. Each process that has changed something
 * stands still until `at` is through.
 */
export async function follow(fifo: string, at: (step: Step) => Promise<void> | void): Promise<number> {
  const last = new Map<number, string>()
  let shell = 0
  let number = 0
  for await (const line of createInterface(createReadStream(fifo))) {
    const [, id = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const pid = Number(id)
    if (shell === 0) shell = pid
    if (said === '--- stopped by SIGSTOP ---') {
      const what = last.get(pid) ?? ''
      if (changes(what, pid === shell)) {
        number += 1
        await at({ number, pid, shell, what: short(what) })
      }
      signal(pid, 'SIGCONT')
    } else if (!said.startsWith('---'))
      last.set(pid, said.startsWith('<...') ? `${last.get(pid)} ${said}` : said.replace(/<unfinished \.\.\.>$/, ''))
  }
  return number
}

function changes(call: string, ofShell: boolean): boolean {
  if (!/ = \d/.test(call) || call.includes('</dev/null>')) return false
  // Nobody else reads what is in the private directory of a run; that it is there is a step.
  if (/\/tmp\/rota\.[0-9a-f]{32}\//.test(call)) return false
  if (/^(open|openat)\(/.test(call)) return /O_CREAT|O_TRUNC/.test(call)
  // What a command says to its parent is nobody else's.
  return !/^writev?\(\d+<pipe:/.test(call) || (ofShell && call.startsWith('write(1<'))
}

/** Without what differs from run to run. */
const short = (call: string): string =>
  call
    .replace(/rota[.-][0-9a-zA-Z]{8,}/g, 'rota-…')
    .replace(/pipe:\[\d+\]/g, 'pipe')
    .replace(/, 0x[0-9a-f]+|""\.\.\.|AT_FDCWD(<[^>]*>)?, /g, '')
    .replace(/ +/g, ' ')
    .slice(0, 160)

/** To a process, or with a negative number to its group; one that is gone needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
