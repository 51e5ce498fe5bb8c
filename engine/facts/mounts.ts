import { quote } from '../shell/index.ts'
import { defineFact } from './fact.ts'

export interface MountsArgs {
  /** Absolute, without links on the way. */
  readonly path: string
}

export interface MountsFact {
  /** Something is mounted at the path itself (a container's /etc/hosts is a mount). */
  readonly here: boolean
  /** All that is mounted at the path itself, one upon the other; the last one is what is seen. */
  readonly at: readonly Mount[]
  /** Mount points below the path. */
  readonly below: readonly string[]
}

/** A mount as the kernel has it. */
export interface Mount {
  /** A device, `server:/export`, or a word (`tmpfs`). */
  readonly source: string
  readonly type: string
  /** `rw,nosuid,relatime`. */
  readonly options: readonly string[]
}

/** What is mounted at or below paths: one `grep` of /proc/self/mounts for all of them. */
export const mounts = defineFact<MountsArgs, MountsFact>({
  name: 'mounts',
  // Below, containers come and go.
  lasting: ({ here, at }) => ({ here, at }),
  probe: args =>
    `grep -F ${args.map(({ path }) => `-e ${quote(` ${escaped(path)}`)}`).join(' ')} /proc/self/mounts || :`,
  parse: (output, args) => {
    const found = output.split('\n').flatMap(line => {
      const [source = '', point, type = '', options = ''] = line.split(' ')
      return point === undefined
        ? []
        : [{ point, mount: { source: unescaped(source), type, options: options.split(',') } }]
    })
    return args.map(({ path }) => {
      const at = found.filter(({ point }) => point === escaped(path)).map(({ mount }) => mount)
      return {
        here: at.length > 0,
        at,
        below: found.filter(({ point }) => point.startsWith(`${escaped(path)}/`)).map(({ point }) => unescaped(point)),
      }
    })
  },
})

// The kernel writes these four characters of a path in octal (`man 5 fstab`).
const escaped = (path: string): string =>
  path.replace(/[ \t\n\\]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
