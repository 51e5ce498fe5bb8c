// @ts-check
/** @import { Host, LabFiles, Secrets } from './types.ts' */
import { $, sleep } from 'zx'
import { containerName } from './hosts.mjs'
import { LabError, say } from './say.mjs'
import { write } from './state.mjs'

/**
 * What a host gets after its first boot: the lab's key for root, deploy and operator, and operator's sudo password. The
 * script travels over stdin, so the password is in no argument list.
 * @param {Secrets} secrets
 */
const provision = ({ publicKey, operatorPassword }) => `set -eu
for user in root deploy operator; do
  home=$(getent passwd "$user" | cut -d: -f6)
  install -d -m 0700 -o "$user" -g "$(id -g "$user")" "$home/.ssh"
  printf '%s\\n' '${publicKey}' >"$home/.ssh/authorized_keys"
  chown "$user" "$home/.ssh/authorized_keys"
done
printf '%s\\n' 'operator:${operatorPassword}' | chpasswd
`

/**
 * Waits for systemd and sshd of each host, lets the lab's key in and returns each host's public host key.
 * @param {string} lab
 * @param {readonly Host[]} hosts
 * @param {Secrets} secrets
 */
export async function readyHosts(lab, hosts, secrets) {
  return Promise.all(
    hosts.map(async host => {
      const container = containerName(lab, host.name)
      await booted(host.name, container)
      await $({ quiet: true, input: provision(secrets) })`docker exec -i ${container} sh -s`
      const hostKey = (await $({ quiet: true })`docker exec ${container} cat /etc/ssh/ssh_host_ed25519_key.pub`).stdout
      return { ...host, hostKey: hostKey.trim().split(' ').slice(0, 2).join(' ') }
    }),
  )
}

/**
 * The keys were read from inside the hosts, so nothing has to be trusted on first use.
 * @param {string} file
 * @param {readonly (Host & { hostKey: string })[]} hosts
 */
export const writeKnownHosts = (file, hosts) =>
  write(file, hosts.map(host => `${host.ip},${host.name} ${host.hostKey}\n`).join(''))

/** @param {string} name @param {string} container */
async function booted(name, container) {
  let state = ''
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(150)) {
    state = (
      await $({ nothrow: true, quiet: true })`docker exec ${container} timeout 20 systemctl is-system-running --wait`
    ).stdout.trim()
    if (state === 'running' || state === 'degraded') break
  }
  if (state === 'degraded') {
    const failed = await $({
      nothrow: true,
      quiet: true,
    })`docker exec ${container} systemctl --failed --plain --no-legend`
    say(
      `${name} is degraded: ${failed.stdout
        .trim()
        .split('\n')
        .map(line => line.split(' ')[0])
        .join(', ')}`,
    )
  } else if (state !== 'running') {
    throw new LabError(`${name} did not boot within 90 s (systemd says "${state}"); see: docker logs ${container}`)
  }
}

/** @param {LabFiles} files */
export const sshArgs = files => [
  ...['-F', 'none', '-i', files.key, '-o', 'IdentitiesOnly=yes', '-o', `UserKnownHostsFile=${files.knownHosts}`],
  ...['-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5'],
]

/**
 * A login is the proof that sshd, key and host key agree.
 * @param {LabFiles} files
 * @param {readonly Host[]} hosts
 */
export async function checkLogins(files, hosts) {
  const fails = await Promise.all(
    hosts.map(async host => {
      const run = await $({ nothrow: true, quiet: true })`ssh ${sshArgs(files)} root@${host.ip} true </dev/null`
      return run.ok ? [] : [`${host.name}: ${run.stderr.trim()}`]
    }),
  )
  if (fails.flat().length > 0) throw new LabError(`ssh does not get in:\n${fails.flat().join('\n')}`)
}
