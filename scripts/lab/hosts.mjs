// @ts-check
/** @import { Host } from './types.ts' */
import { readFile, writeFile } from 'node:fs/promises'
import { $ } from 'zx'
import { networkName } from './network.mjs'
import { LabError, say } from './say.mjs'

/** @param {string} lab @param {string} host */
export const containerName = (lab, host) => `rota-${lab}-${host}`

/**
 * Every container of a lab, also a stopped one, by the label it was made with.
 * @param {string} lab
 */
export async function listContainers(lab) {
  const format = '{{.ID}} {{.State}} {{.Label "rota.host"}}'
  const listing = (await $({ quiet: true })`docker ps -a --no-trunc --filter label=rota.lab=${lab} --format ${format}`)
    .stdout
  return listing
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [id, state, host] = line.split(' ')
      return { id, state, host }
    })
}

/**
 * Creates or starts the container of each host that is not running, all at once; returns the names it touched.
 * @param {string} lab
 * @param {(host: Host) => string} imageOf
 * @param {readonly Host[]} hosts
 * @param {readonly string[]} keepMounts
 */
export async function startHosts(lab, imageOf, hosts, keepMounts) {
  const have = new Map((await listContainers(lab)).map(container => [container.host, container]))
  const down = hosts.filter(host => have.get(host.name)?.state !== 'running')
  await raiseInotifyLimit()
  await Promise.all(
    down.map(async host => {
      const old = have.get(host.name)
      const run = old
        ? $({ quiet: true, nothrow: true })`docker start ${old.id}`
        : create(lab, imageOf(host), host, keepMounts.includes(host.name))
      const done = await run
      if (!done.ok) throw new LabError(`${host.name} does not start: ${done.stderr.trim()}`)
    }),
  )
  return down.map(host => host.name)
}

/**
 * systemd as a container's first process. Its control groups must be its own (`--cgroupns=private`): with the machine's
 * folder mounted in, the hosts would share one /system.slice and stop each other's daemons. `--privileged` asks for
 * CAP_SYS_RESOURCE, which not every machine can give.
 * @param {string} lab
 * @param {string} image
 * @param {Host} host
 * @param {boolean} keepMounts
 */
function create(lab, image, host, keepMounts) {
  const options = [
    ['--label', `rota.lab=${lab}`, '--label', `rota.host=${host.name}`, '--hostname', host.name],
    ['--network', networkName(lab), '--ip', host.ip, '--env', `KEEP_MOUNTS=${keepMounts ? 1 : 0}`],
    ['--cap-add=ALL', '--cap-drop=SYS_RESOURCE', '--security-opt', 'seccomp=unconfined'],
    ['--security-opt', 'apparmor=unconfined', '--cgroupns=private', '--device', '/dev/kmsg'],
    ['--tmpfs', '/run', '--tmpfs', '/tmp:exec', '-v', '/var/lib/docker', '-v', '/var/lib/containerd'],
  ].flat()
  return $({ quiet: true, nothrow: true })`docker run -d --name ${containerName(lab, host.name)} ${options} ${image}`
}

/** @param {string} lab */
export async function removeHosts(lab) {
  const containers = await listContainers(lab)
  if (containers.length > 0) await $({ quiet: true })`docker rm -fv ${containers.map(container => container.id)}`
  return containers.map(container => container.host)
}

/**
 * Each systemd holds several inotify instances; Debian's limit of 128 for root ends at about 26 hosts of all labs
 * together.
 */
async function raiseInotifyLimit() {
  const file = '/proc/sys/fs/inotify/max_user_instances'
  const wanted = 4096
  if (Number(await readFile(file, 'utf8')) >= wanted) return
  say(`raising fs.inotify.max_user_instances to ${wanted}`)
  await writeFile(file, `${wanted}`).catch(error => say(`that failed (${error.message}); hosts may not boot`))
}
