import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isFailure } from '../../engine/failure/index.ts'
import { raw } from '../../engine/shell/shell.ts'
import type { ShellChannel } from '../../engine/transport/channel.ts'
import { openChannel } from '../../engine/transport/channel.ts'
import type { ChannelOptions, Connection, Transport } from '../../engine/transport/types.ts'
import { inHost, type upLab } from './lab.ts'

export type Ssh = Extract<Transport, { kind: 'ssh' }>

/** Not the usual state directory: others may be at work on this lab. */
const stateDir = '/var/tmp/rota-logins'

/** Ways into the hosts of a lab, below playbooks. */
export function loginsOf({ hosts, files }: Awaited<ReturnType<typeof upLab>>) {
  const knownHosts = join(dirname(files.key), 'known_hosts')
  const addressOf = (host: string): string => hosts.find(({ name }) => name === host)?.ip ?? ''
  return {
    knownHosts,
    addressOf,
    password: () => readFileSync(join(dirname(files.key), 'operator-password'), 'utf8').trim(),
    /** A cold login with the lab's key. */
    over: (host: string, user: string, more: Partial<Connection> = {}, ssh: Partial<Ssh> = {}): Connection => ({
      host,
      shell: ['sh'],
      transport: {
        kind: 'ssh',
        address: addressOf(host),
        user,
        identityFile: files.key,
        executable: 'ssh',
        connectTimeout: 10,
        ...ssh,
        extraArgs: [
          ...(ssh.extraArgs ?? []),
          ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes'],
          ...['-o', `HostKeyAlias=${addressOf(host)}`, '-o', 'ControlPath=none'],
        ],
      },
      ...more,
    }),
  }
}

export async function using<T>(
  connection: Connection,
  use: (channel: ShellChannel) => Promise<T>,
  options: Partial<ChannelOptions> = {},
): Promise<T> {
  const channel = await openChannel(connection, { readOnly: false, stateDir, ...options })
  try {
    return await use(channel)
  } finally {
    await channel.close()
  }
}

export const whoami = (connection: Connection): Promise<string> =>
  using(connection, async channel => (await channel.run({ script: raw('id -un') })).stdout.trim(), { readOnly: true })

/** Why the host can't be used, and after how many seconds that was known. */
export async function refused(connection: Connection) {
  const begun = performance.now()
  try {
    await whoami(connection)
  } catch (error) {
    if (!isFailure(error, 'unreachable')) throw error
    const { obstacle: reason, hint = '' } = error.reason
    return { reason, message: error.message, hint, seconds: (performance.now() - begun) / 1000 }
  }
  throw new Error('the host was reached')
}

export const daemonPort = 2299

/** One more sshd on a host for the length of some work: the lab's own takes keys only. */
export async function withDaemon<T>(host: string, options: readonly string[], work: () => Promise<T>): Promise<T> {
  const pidFile = '/run/rota-logins-sshd.pid'
  const words = [`PidFile=${pidFile}`, 'UsePAM=yes', ...options].map(option => `-o '${option}'`).join(' ')
  await inHost(host, `mkdir -p /run/sshd; /usr/sbin/sshd -p ${daemonPort} ${words}; sleep 0.5`)
  try {
    return await work()
  } finally {
    await inHost(host, `kill "$(cat ${pidFile})"`)
  }
}

/** Makes a host so for the length of some work. */
export async function withHost<T>(host: string, make: string, undo: string, work: () => Promise<T>): Promise<T> {
  try {
    await inHost(host, make)
    return await work()
  } finally {
    await inHost(host, undo)
  }
}
