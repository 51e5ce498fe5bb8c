import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ShellChannel } from '../../../engine/transport/channel.ts'
import { openChannel } from '../../../engine/transport/channel.ts'
import type { ChannelOptions, Connection } from '../../../engine/transport/types.ts'

/** A directory for one test file, gone at its end. */
export function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'rota-test-'))
  process.on('exit', () => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The shells of this machine that the runtime has to work with; busybox with nothing but its own applets. */
export function shells(directory: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const name of ['dash', 'bash']) {
    const path = `/bin/${name}`
    if (existsSync(path)) found.set(name, [path])
  }
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find(path => existsSync(path))
  if (busybox) {
    const applets = join(directory, 'applets')
    mkdirSync(applets)
    for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
      symlinkSync(busybox, join(applets, applet))
    found.set('busybox', [join(applets, 'env'), `PATH=${applets}`, join(applets, 'sh')])
  }
  return found
}

export const local = (shell: readonly string[]): Connection => ({ host: 'here', transport: { kind: 'local' }, shell })

/** Opens a channel to this machine, gives it to `use`, and closes it. */
export async function withChannel<T>(
  shell: readonly string[],
  options: Partial<ChannelOptions> & { readonly stateDir: string },
  use: (channel: ShellChannel) => Promise<T>,
): Promise<T> {
  const channel = await openChannel(local(shell), { readOnly: false, ...options })
  try {
    return await use(channel)
  } finally {
    await channel.close()
  }
}
