import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'

export interface MountsArgs {
  /** Absolute, without links on the way. */
  readonly path: string
}

export interface MountsFact {
  /** Something is mounted at the path itself (a container's /etc/hosts is a mount). */
  readonly here: boolean
  /** Mount points below the path. */
  readonly below: readonly string[]
}

/** What is mounted at or below paths: one `grep` of /proc/self/mounts for all of them. */
export const mounts = defineFact<MountsArgs, MountsFact>({
  name: 'mounts',
  probe: args =>
    `grep -F ${args.map(({ path }) => `-e ${quote(` ${escaped(path)}`)}`).join(' ')} /proc/self/mounts || :`,
  parse: (output, args) => {
    const points = output.split('\n').flatMap(line => line.split(' ')[1] ?? [])
    return args.map(({ path }) => ({
      here: points.includes(escaped(path)),
      below: points.filter(point => point.startsWith(`${escaped(path)}/`)).map(unescaped),
    }))
  },
})

// The kernel writes these four characters of a path in octal (`man 5 fstab`).
const escaped = (path: string): string =>
  path.replace(/[ \t\n\\]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
