// @ts-check
import { $ } from 'zx'
import { LabError } from '../lab/say.mjs'

/** @typedef {{ hosts: readonly { name: string, ip: string, container: string, group: string }[] }} Lab */

/**
 * Which API servers each proxy lists, read from the configuration that is in use on the host.
 * @param {Lab} lab
 * @param {readonly string[]} masters
 */
export async function everyProxyLists(lab, masters) {
  const nameOf = new Map(lab.hosts.map(host => [host.ip, host.name]))
  const proxies = [
    ...lab.hosts
      .filter(host => host.group === 'node')
      .map(host => ({ host, what: 'nginx', file: '/etc/nginx/kube-nginx.conf' })),
    ...lab.hosts
      .filter(host => masters.includes(host.name))
      .map(host => ({ host, what: 'haproxy', file: '/etc/haproxy/haproxy.cfg' })),
  ]
  return Promise.all(
    proxies.map(async ({ host, what, file }) => {
      const { stdout } = await $({ quiet: true })`docker exec ${host.container} cat ${file}`
      const servers = [
        ...new Set(
          [...stdout.matchAll(/^\s*server\s.*?(\d+\.\d+\.\d+\.\d+):6443/gm)].map(
            match => nameOf.get(match[1] ?? '') ?? String(match[1]),
          ),
        ),
      ].sort()
      return { proxy: `${what} on ${host.name}`, servers, right: servers.join() === [...masters].sort().join() }
    }),
  )
}

/**
 * Runs the upgrade and throws when any host had anything changed.
 * @param {string} inventory
 */
export async function unchangedRun(inventory) {
  const run = await $({
    quiet: true,
    nothrow: true,
  })`node node_modules/zx/build/cli.js playbooks/upgrade.mjs -i ${inventory} --json`
  const events = run.stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
  const hosts = events.find(event => event.kind === 'runFinished')?.hosts ?? []
  const changed = hosts.filter((/** @type {{ outcome: string }} */ host) => host.outcome !== 'ok')
  if (run.exitCode !== 0 || hosts.length === 0 || changed.length > 0) {
    const said = changed
      .map((/** @type {{ host: string, outcome: string }} */ { host, outcome }) => `${host}: ${outcome}`)
      .join(', ')
    throw new LabError(
      `a second run should find nothing to change, but: exit code ${run.exitCode}, ${said || run.stderr || 'no host'}`,
    )
  }
  console.log(`${hosts.length} hosts, 0 changed`)
}
