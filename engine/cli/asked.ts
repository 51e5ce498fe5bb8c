import { realpathSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { extraVarsIn } from '../inventory/index.ts'
import type { Asked, AskedFlag } from '../journal/index.ts'
import type { ReadyPlay } from '../plan/index.ts'
import type { Playbook } from '../playbook/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { texts } from '../values/index.ts'
import type { GivenFlag } from './flags.ts'
import { sum } from './made-of.ts'
import { rotaVersion } from './version.ts'

/** How a run was started, for its journal. */
export function askedOf(
  { file }: Playbook,
  given: readonly GivenFlag[],
  sources: readonly string[],
  plays: readonly ReadyPlay[],
  redactor: Redactor,
): Asked {
  const cwd = process.cwd()
  return {
    user: userName(),
    machine: hostname(),
    version: rotaVersion(),
    cwd,
    file,
    inventory: sources,
    marks: { cwd: placeMark(cwd), file: placeMark(file), inventory: inventoryMark(sources) },
    flags: given.filter(({ flag }) => !ofTheMoment.includes(flag)).map(one => askedFlag(one, redactor)),
    plays: plays.map(({ play, hosts }) => ({ play: play.name, hosts: hosts.length })),
  }
}

/** They say how much is told, who is asked, and which run is gone on with or taken back: the next one has its own. */
export const ofTheMoment: readonly string[] = [
  ...[
    '--verbose',
    '--json',
    '--profile',
    '--report',
    '--junit',
    '--notify',
    '--ask',
    '--confirm',
    '--plan-out',
    '--resume',
    '--resume-changed',
    '--rollback',
    '--force',
  ],
  ...['--list-hosts', '--list-tasks', '--list-tags', '--list-params'],
]

/** When the maintenance window ends is of one night: what is said anew takes the place of all of it. */
export const ofTheWindow: readonly string[] = ['--until', '--window-only']

export const placeMark = (path: string): string => sum(realPath(path))

export const inventoryMark = (sources: readonly string[]): string =>
  sum(JSON.stringify(sources.map(source => (source.includes(',') ? source : realPath(resolve(source))))))

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** In a container a user may have a number and no name. */
export function userName(): string {
  try {
    const { username } = userInfo()
    return process.env.SUDO_USER ? `${process.env.SUDO_USER} as ${username}` : username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

/** As it may be kept. */
export function askedFlag({ flag, value }: GivenFlag, redactor: Redactor): AskedFlag {
  if (value === undefined) return { flag }
  const isSecret = (text: string) => redactor.text(text) !== text
  if (flag !== extraVars || value.startsWith('@')) return isSecret(value) ? { flag, secret: [flag] } : { flag, value }
  const set = extraVarsIn(value)
  const hides = isSecret(value) || set.some(one => soundsSecret.test(one.name) || texts(one.value).some(isSecret))
  return hides ? { flag, secret: set.map(({ name }) => name) } : { flag, value }
}

export const extraVars = '--extra-vars'

/** Nobody has to read a variable of such a name for its value to be a secret. */
const soundsSecret = /pass$|_pass_|passw|passphrase|secret|token|credential|key$/i
