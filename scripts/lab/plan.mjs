// @ts-check
/** @import { Host, Kind, Runtime, Sizes } from './types.ts' */
import { LabError } from './say.mjs'

/** @type {Sizes} */
export const defaultSizes = { masters: 3, nodes: 5, spareMasters: 1, spareNodes: 1 }

const capacity = { master: 80, node: 140 }

/**
 * Every address follows from a host's number, so a lab that grows keeps the addresses it has.
 * @param {string} subnet
 * @param {number} last
 */
const address = (subnet, last) => subnet.replace(/\.0\/24$/, `.${last}`)

/** @param {string} subnet */
export const vipOf = subnet => address(subnet, 5)

/**
 * The hosts of a lab: spares go on with the numbers where the masters or nodes end.
 * @param {Sizes} sizes
 * @param {string} subnet a /24 such as 10.77.0.0/24
 * @returns {Host[]}
 */
export function planHosts(sizes, subnet) {
  return [
    ...row('master', sizes.masters, sizes.spareMasters, n => address(subnet, 10 + n)),
    ...row('node', sizes.nodes, sizes.spareNodes, n => address(subnet, 100 + n)),
  ]
}

/** @param {Kind} kind @param {number} count @param {number} spares @param {(n: number) => string} ip */
function row(kind, count, spares, ip) {
  if (count + spares > capacity[kind]) throw new LabError(`at most ${capacity[kind]} ${kind}s fit into a lab's subnet`)
  /** @type {(i: number) => Host} */
  const host = i => ({ name: `${kind}-${i + 1}`, ip: ip(i + 1), group: i < count ? kind : `spare-${kind}` })
  return Array.from({ length: count + spares }, (_, i) => host(i))
}

/** @param {readonly Pick<Host, 'name'>[]} hosts @param {readonly string[]} named */
export function refuseUnknown(hosts, named) {
  const unknown = named.filter(name => !hosts.some(host => host.name === name))
  if (unknown.length === 0) return
  throw new LabError(`the lab has no host ${unknown.join(', ')}; it has ${hosts.map(({ name }) => name).join(', ')}`)
}

export const runtimeNames = /** @type {const} */ (['docker', 'containerd'])

/**
 * What runs containers, as it is written on a command line: that of all hosts, or of one by its name.
 * @param {readonly string[]} words `docker`, `node-3=containerd`
 * @returns {{ runtime?: Runtime, runtimes: Record<string, Runtime> }}
 */
export function readRuntimes(words) {
  /** @type {ReturnType<typeof readRuntimes>} */
  const read = { runtimes: {} }
  for (const word of words) {
    const [, host, name] = /^(?:([^=]+)=)?(.*)$/.exec(word) ?? []
    const runtime = runtimeNames.find(known => known === name)
    if (!runtime) throw new LabError(`no container runtime ${name}; there are ${runtimeNames.join(', ')}`)
    if (host === undefined) read.runtime = runtime
    else read.runtimes[host] = runtime
  }
  return read
}

/**
 * The first 10.77.N.0/24 that overlaps nothing this machine has a route or a Docker network for.
 * @param {string[]} taken
 */
export function freeSubnet(taken) {
  for (let n = 0; n < 256; n++) {
    const subnet = `10.77.${n}.0/24`
    if (!taken.some(other => overlap(subnet, other))) return subnet
  }
  throw new LabError('no free subnet in 10.77.0.0/16 for the lab')
}

/**
 * @param {string} a
 * @param {string} b
 */
function overlap(a, b) {
  const [one, two] = [network(a), network(b)]
  const shift = 2 ** (32 - Math.min(one.length, two.length))
  return Math.floor(one.bits / shift) === Math.floor(two.bits / shift)
}

/** @param {string} cidr a plain address is a network of one */
function network(cidr) {
  const [ip = '', length = '32'] = cidr.split('/')
  return { bits: ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0), length: Number(length) }
}
