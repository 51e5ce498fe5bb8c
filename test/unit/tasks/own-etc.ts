import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { ShellChannel } from '../../../engine/transport/channel.ts'
import { scratch, shells, withChannel } from '../program/shells.ts'

const base = scratch()

/** A host that has its mounts and its /etc for itself. */
export interface Host {
  readonly dir: string
  /** What is its /etc. */
  readonly etc: string
  readonly channel: ShellChannel
}

/** The shells of such hosts; none where this user may not mount. */
export const hostShells: ReadonlyMap<string, readonly string[]> =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0 ? shells(base) : new Map()

/** `prepare` fills the host's directory; each file of `programs` in there is in the place of that program. */
export async function onHost(
  shell: readonly string[],
  use: (host: Host) => Promise<void>,
  prepare: (host: Omit<Host, 'channel'>) => Readonly<Record<string, string>> = () => ({}),
): Promise<void> {
  const dir = mkdtempSync(join(base, 'host-'))
  const etc = join(dir, 'etc')
  mkdirSync(etc)
  const programs = prepare({ dir, etc })
  const mounts = [[etc, '/etc'], ...Object.entries(programs)].flat()
  const script = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"'
  await withChannel(
    ['unshare', '-m', 'sh', '-c', script, 'sh', ...mounts, '--', ...shell],
    { stateDir: join(dir, 'state') },
    channel => use({ dir, etc, channel }),
  )
}
