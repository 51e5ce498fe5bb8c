import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { removeFromGroup } from '../../../scripts/lab/index.mjs'
import { startApiServers } from '../api-servers.ts'
import { inHost, type PlaybookResult, runPlaybook, testLab, upLab, withInventory } from '../lab.ts'
import { checkHa, containerOf, type Scenario, type Version, type Watch } from './scenario.ts'

const masters = ['master-1', 'master-2']
const nodes = ['node-1', 'node-2']
const hosts = [...masters, ...nodes]
const files: Readonly<Record<string, readonly string[]>> = {
  master: ['/etc/haproxy/haproxy.cfg', '/etc/keepalived/keepalived.conf'],
  node: ['/etc/nginx/kube-nginx.conf'],
}
const daemons: Readonly<Record<string, readonly string[]>> = {
  master: ['haproxy', 'keepalived'],
  node: ['nginx-proxy'],
}
const kindOf = (host: string): string => host.split('-')[0] ?? ''
const versions = [
  { haproxy_max_connections: 4000, keepalived_check_rise: 1, nginx_proxy_proxy_timeout: '10m' },
  { haproxy_max_connections: 5000, keepalived_check_rise: 2, nginx_proxy_proxy_timeout: '12m' },
] as const
/** Small, and nobody's dependency. */
const extra = 'netcat-openbsd'

const inventory = <T>(work: (file: string) => Promise<T>): Promise<T> =>
  withInventory(
    text =>
      ['kube_control_plane', 'etcd']
        .reduce((changed, group) => removeFromGroup(changed, 'master-3', group), text)
        // A host that has gone is noticed in seconds.
        .replace(
          "StrictHostKeyChecking=yes'",
          "StrictHostKeyChecking=yes -o ServerAliveInterval=3 -o ServerAliveCountMax=3'",
        ),
    work,
  )

const run = (version: Version, options: Parameters<typeof runPlaybook>[2] = {}): Promise<PlaybookResult> =>
  inventory(file =>
    runPlaybook(
      'playbooks/cluster.mjs',
      [
        ...['--tags', 'haproxy,keepalived,nginx'],
        ...['-e', JSON.stringify({ ...versions[version], haproxy_packages: ['haproxy', 'psmisc', extra] })],
      ],
      { inventory: file, ...options },
    ),
  )

const withoutExtra = () => Promise.all(masters.map(host => inHost(host, `dpkg -P ${extra} >/dev/null 2>&1 || :`)))

/**
 * Two masters with haproxy and keepalived, whose API servers are stand-ins, and two nodes with a proxy. One run changes
 * a configuration of each and installs a package on the masters.
 */
export async function openProxies(): Promise<Scenario> {
  const { vip, hosts: all } = await upLab()
  const ip = (name: string) => all.find(host => host.name === name)?.ip ?? ''
  const api = await startApiServers(
    masters,
    ['127.0.0.1', vip, ...masters.map(ip)].map(address => `IP:${address}`),
  )
  for (const host of masters) await inHost(host, 'systemctl -q add-wants multi-user.target kube-apiserver')
  const end = async () => {
    await runPlaybook('playbooks/remove-ha.mjs', ['-e', 'confirm=yes'])
    await withoutExtra()
    await api.stop()
    await Promise.all(
      masters.map(host => inHost(host, 'rm -f /etc/systemd/system/multi-user.target.wants/kube-apiserver.service')),
    )
  }
  return {
    ...{ title: 'balancers and proxies', lab: testLab, hosts, struck: ['master-1', 'node-1'] },
    daemonOf: host => daemons[kindOf(host)]?.[0] ?? '',
    filesOf: host => files[kindOf(host)] ?? [],
    ...{ run, reset: withoutExtra, end },
    watch: ({ splits }) => (splits ? { end: async () => [] } : watchAddress(vip)),
    afterFault: checkHaKnows,
    afterNext: async () => {
      const [answers, held] = await Promise.all([
        Promise.all(hosts.map(async host => [host, await answerOn(host)] as const)),
        holders(vip),
      ])
      return [
        ...answers.filter(([, code]) => code !== '200').map(([host, code]) => `nobody answers on ${host}: ${code}`),
        ...(held.length === 1 ? [] : [`the address is on ${held.join(', ') || 'no host'}`]),
        ...(await inventory(checkHa)),
      ]
    },
  }
}

/** A daemon that does not run is told of by check-ha. */
async function checkHaKnows(): Promise<readonly string[]> {
  const dead = async () =>
    (
      await Promise.all(
        hosts.map(async host => {
          const units = daemons[kindOf(host)] ?? []
          const states = (await inHost(host, `systemctl is-active ${units.join(' ')} || :`)).split('\n')
          return units.filter((_, index) => !['active', 'reloading'].includes(states[index] ?? '')).map(() => host)
        }),
      )
    ).flat()
  const before = await dead()
  if (before.length === 0) return []
  const said = await inventory(checkHa)
  // One that systemd has started meanwhile is none.
  const stillDead = (await dead()).filter(host => before.includes(host))
  return stillDead
    .filter(host => !said.some(line => line.startsWith(`${host}:`)))
    .map(host => `a daemon is dead on ${host}, and check-ha says ${said.join('; ') || 'nothing'}`)
}

/** Seconds for which an address may be on two hosts: VRRP's advertisement, and as long for who is busy. */
const atOnce = 2

/** Looks who has the address five times a second, from outside: a host that has lost its power is asked nothing. */
function watchAddress(vip: string): Watch {
  let isOver = false
  let since: number | undefined
  let longest = 0
  const look = async () => {
    while (!isOver) {
      const have = await Promise.all(masters.map(host => hasAddress(host, vip)))
      const now = Date.now()
      if (have.every(Boolean)) {
        since ??= now
        longest = Math.max(longest, (now - since) / 1000)
      } else since = undefined
      await sleep(200)
    }
  }
  const looking = look()
  return {
    end: async () => {
      isOver = true
      await looking
      return longest > atOnce ? [`the address was on both masters for ${longest} s`] : []
    },
  }
}

async function hasAddress(host: string, vip: string): Promise<boolean> {
  const { stdout: pid } = await execa('docker', ['inspect', '-f', '{{.State.Pid}}', containerOf(testLab, host)])
  if (pid === '0') return false
  const shown = await execa('nsenter', ['-t', pid, '-n', 'ip', '-o', 'addr', 'show', 'to', vip], { reject: false })
  return shown.stdout !== ''
}

/** nginx leaves masters that did not answer alone for ten seconds (`fail_timeout`), be they all that there are. */
const patience = 12_000

async function answerOn(host: string): Promise<string> {
  const url = `https://127.0.0.1:${masters.includes(host) ? 8443 : 6443}/readyz`
  for (const end = Date.now() + patience; ; await sleep(500)) {
    const answer = await inHost(host, `curl -skS --max-time 5 -o /dev/null -w '%{http_code}' ${url} 2>&1 || :`)
    if (answer === '200' || Date.now() > end) return answer
  }
}

/** Who has the address, once VRRP has had its time. */
async function holders(vip: string): Promise<readonly string[]> {
  let now: readonly string[] = []
  for (let left = 30; left > 0 && now.length !== 1; left -= 1) {
    if (left < 30) await sleep(500)
    const shown = masters.map(async host => ((await hasAddress(host, vip)) ? [host] : []))
    now = (await Promise.all(shown)).flat()
  }
  return now
}
