// @ts-check
/** @import { Setup, Target } from './types.ts' */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { labUp } from '../lab/index.mjs'

export const labName = process.env.ROTA_BENCH_LAB ?? 'lab-bench'

/** Hosts for the largest run, with Python for the tools that need it. @param {number} count */
export const benchLab = count =>
  labUp({
    name: labName,
    masters: 0,
    nodes: count,
    spareMasters: 0,
    spareNodes: 0,
    kube: false,
    python: true,
    keepMounts: [],
  })

/**
 * The first `count` hosts as the tools get them: under their own addresses, or under those of a relay that delays.
 * @param {Awaited<ReturnType<typeof benchLab>>} lab
 * @param {string} base
 * @param {number} count
 * @param {(index: number) => { address: string, port: number }} [relayed]
 * @returns {Promise<Setup>}
 */
export async function setUp(lab, base, count, relayed) {
  const dir = join(base, `${count}${relayed ? '-far' : ''}`)
  // The path of a socket may have 107 characters, and ssh's own name for it takes 58 of them.
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  const hosts = lab.hosts.slice(0, count)
  /** @type {readonly Target[]} */
  const targets = hosts.map((host, index) => ({ name: host.name, address: host.ip, port: 22, ...relayed?.(index) }))
  const knownHosts = join(dir, 'known_hosts')
  const keys = new Map(
    (await readFile(lab.files.knownHosts, 'utf8'))
      .split('\n')
      .map(line => [line.split(/[, ]/)[0] ?? '', line.split(' ').slice(1).join(' ')]),
  )
  const names = targets.map(({ address, port }, index) => {
    const name = port === 22 ? address : `[${address}]:${port}`
    return `${name} ${keys.get(hosts[index]?.ip ?? '')}\n`
  })
  await writeFile(knownHosts, names.join(''))
  const inventory = join(dir, 'hosts.ini')
  await writeFile(
    inventory,
    [
      '[all]',
      ...targets.map(({ name, address, port }) => `${name} ansible_host=${address} ansible_port=${port}`),
      '[all:vars]',
      'ansible_user=root',
      `ansible_ssh_private_key_file=${lab.files.key}`,
      `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes'`,
      '',
    ].join('\n'),
  )
  const site = join(dir, 'site.json')
  const places = lab.hosts.map(({ name, ip }) => ({ name, address: ip }))
  await writeFile(site, JSON.stringify({ bench_hosts: places, vip: lab.vip }))
  return { dir, targets, key: lab.files.key, knownHosts, inventory, site, vip: lab.vip }
}
