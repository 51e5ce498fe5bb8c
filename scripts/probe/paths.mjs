// @ts-check
/** @import { LabInfo } from '../lab/types.ts' */
import { $ } from 'zx'
import { LabError } from '../lab/say.mjs'

/**
 * One way a client takes to the API: asked from this machine, or from inside a lab's host.
 * @typedef {{ name: string, url: string, container?: string }} Path
 */

/**
 * `name=URL` or, with a lab, `name@host=URL`.
 * @param {string} text
 */
export function parsePath(text) {
  const found = /^([^=@\s]+)(?:@([^=\s]+))?=(https?:\/\/\S+)$/.exec(text)
  if (!found) throw new LabError(`--path takes name=URL or name@host=URL, not: ${text}`)
  const [, name = '', host, url = ''] = found
  return host ? { name, host, url } : { name, url }
}

/**
 * What clients of a cluster in the lab use: each node its own proxy, and everyone else the VIP.
 * @param {LabInfo} info
 */
export function labPaths(info, { nodeUrl = 'https://127.0.0.1:6443', vipPort = 8443 } = {}) {
  const nodes = info.hosts.filter(host => host.group === 'node')
  return [
    ...nodes.map(({ name, container }) => ({ name, container, url: nodeUrl })),
    { name: 'vip', url: `https://${info.vip}:${vipPort}` },
  ]
}

/**
 * The command that runs the agent where the path starts: a container's network is entered, nothing is copied into it.
 * @param {Path} path
 * @param {string} binary
 * @returns {Promise<[string, ...string[]]>}
 */
export async function agentCommand(path, binary) {
  if (!path.container) return [binary]
  const pid = (
    await $({ nothrow: true, quiet: true })`docker inspect -f {{.State.Pid}} ${path.container}`
  ).stdout.trim()
  if (!/^[1-9]\d*$/.test(pid)) throw new LabError(`path ${path.name}: the container ${path.container} does not run`)
  return ['nsenter', '-t', pid, '-n', binary]
}
