// @ts-check
/** @import { LabInfo, LabOptions } from './types.ts' */
import { $ } from 'zx'
import { ensureCommands } from './apt.mjs'
import { engineAnswers, ensureEngine, hostsHaveTheirShare } from './engine.mjs'
import { containerName, listContainers, removeHosts, startHosts } from './hosts.mjs'
import { ensureDnfImage, ensureImage, ensureNewerImage, ensurePythonImage } from './image.mjs'
import { hostsIni } from './inventory.mjs'
import { ensureKube, kubeDir, kubeVersions } from './kube.mjs'
import { inventoryFiles } from './kubespray/inventory.mjs'
import { layoutRelease } from './kubespray/releases.mjs'
import { makeCluster } from './kubespray/up.mjs'
import { ensureNetwork, removeNetwork } from './network.mjs'
import { defaultSizes, planHosts, refuseUnknown, vipOf } from './plan.mjs'
import { checkLogins, readyHosts, sshArgs, writeKnownHosts } from './ready.mjs'
import { LabError, say } from './say.mjs'
import { ensureSecrets, labFiles, readState, removeState, writeInventory, writeState } from './state.mjs'

export { stopEngine } from './engine.mjs'
export * from './inventory.mjs'
export { ensureKube, kubeVersions } from './kube.mjs'
export { LabError } from './say.mjs'

/** What every lab is made of and takes minutes the first time on a machine: engine, image of a host, Kubernetes. */
export async function ensureParts() {
  await ensureEngine()
  await ensureImage()
  await ensureKube()
}

/**
 * Brings a lab up: engine, image, network, hosts, inventory, Kubernetes binaries. What is there already is kept, so
 * running it again only adds what is missing and writes the inventory anew.
 * @param {LabOptions} [options]
 */
export async function labUp(options = {}) {
  const { name = 'lab', kube = true, keepMounts = ['node-1'], dnf = [], newer = [], python = false, ...rest } = options
  const { layout, runtime = 'docker', runtimes = {}, ...sizes } = rest
  const release = layout === undefined ? undefined : layoutRelease(layout)
  const files = labFiles(name)
  await ensureCommands({ ip: 'iproute2', ssh: 'openssh-client', 'ssh-keygen': 'openssh-client', flock: 'util-linux' })
  await ensureEngine()
  const [image, secrets] = await Promise.all([python ? ensurePythonImage() : ensureImage(), ensureSecrets(files)])
  const subnet = await ensureNetwork(name)
  const hosts = planHosts({ ...defaultSizes, ...sizes }, subnet)
  refuseUnknown(hosts, Object.keys(runtimes))
  const started = Date.now()
  const dnfImage = dnf.length > 0 ? await ensureDnfImage() : image
  const newerImage = newer.length > 0 ? await ensureNewerImage() : image
  /** @param {{ readonly name: string }} host */
  const imageOf = host => (dnf.includes(host.name) ? dnfImage : newer.includes(host.name) ? newerImage : image)
  const fresh = await startHosts(name, imageOf, hosts, keepMounts)
  await hostsHaveTheirShare()
  const ready = await readyHosts(name, hosts, secrets)
  await writeKnownHosts(files.knownHosts, ready)
  await checkLogins(files, hosts)
  say(`${hosts.length} hosts ready, ${fresh.length} of them started (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  const vip = vipOf(subnet)
  const [kubeVersion = ''] = kubeVersions()
  const { key, knownHosts } = files
  const values = { name, hosts, vip, key, knownHosts, kubeVersion, kubeBinCache: kubeDir(), runtime, runtimes }
  await writeInventory(files, release === undefined ? { 'hosts.ini': hostsIni(values) } : inventoryFiles(values))
  await writeState(files, { name, subnet, vip, image, hosts })
  if (kube) await ensureKube()
  const lab = await labInfo(name)
  const runtimeOf = (/** @type {string} */ host) => runtimes[host] ?? runtime
  if (release !== undefined) await makeCluster(lab, { release, runtimeOf, versions: kubeVersions() })
  return lab
}

/** Removes a lab's hosts, network, inventory and state. The cache (image, Kubernetes, prober) stays. */
export async function labDown({ name = 'lab' } = {}) {
  const files = labFiles(name)
  const engine = await engineAnswers()
  const removed = engine ? await removeHosts(name) : []
  if (engine) await removeNetwork(name)
  else say('no Docker engine answers: there can be no host running')
  await removeState(files)
  return removed
}

/**
 * What is known about a lab that is up: addresses, files, and for each host its container.
 * @returns {Promise<LabInfo>}
 */
export async function labInfo(name = 'lab') {
  const files = labFiles(name)
  const state = await readState(files)
  if (!state)
    throw new LabError(`there is no lab "${name}"; npx zx scripts/lab.mjs up${name === 'lab' ? '' : ` --name ${name}`}`)
  const hosts = state.hosts.map(host => ({ ...host, container: containerName(name, host.name) }))
  return { ...state, hosts, files, kubeDir: kubeDir() }
}

/** Each host with the state of its container and of its systemd. */
export async function labStatus(name = 'lab') {
  const info = await labInfo(name)
  const containers = (await engineAnswers()) ? await listContainers(name) : []
  const hosts = await Promise.all(
    info.hosts.map(async host => {
      const state = containers.find(container => container.host === host.name)?.state ?? 'missing'
      if (state !== 'running') return { ...host, state, systemd: '-' }
      const run = await $({ nothrow: true, quiet: true })`docker exec ${host.container} systemctl is-system-running`
      return { ...host, state, systemd: run.stdout.trim() || '?' }
    }),
  )
  return { ...info, hosts }
}

/**
 * The ssh command that logs in on a lab's host: `[...labSsh(info, 'master-1'), 'uptime']`.
 * @param {LabInfo} info
 * @param {string} host
 */
export function labSsh(info, host, user = 'root') {
  const found = info.hosts.find(({ name }) => name === host)
  if (!found) throw new LabError(`the lab has no host ${host}; it has ${info.hosts.map(({ name }) => name).join(', ')}`)
  return ['ssh', ...sshArgs(info.files), `${user}@${found.ip}`]
}
