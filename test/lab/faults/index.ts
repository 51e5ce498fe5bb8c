import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunEvent } from '../../../engine/journal/events.ts'
import { removeFromGroup } from '../../../scripts/lab/index.mjs'
import { startApiServers } from '../api-servers.ts'
import { inHost, type PlaybookResult, runPlaybook, totals, upLab, withInventory } from '../lab.ts'
import { type LabFault, labFaults } from './faults.ts'

/**
 * Faults that need real hosts: two masters with haproxy and keepalived, whose API servers are stand-ins, and two nodes
 * with a proxy. One run changes a configuration of each and installs a package on the masters; the fault strikes as its
 * n-th word about one of the hosts is heard.
 */
export { labFaults } from './faults.ts'

const masters = ['master-1', 'master-2']
const nodes = ['node-1', 'node-2']
const hosts = [...masters, ...nodes]
/** Those that are struck at; the others have nothing to fear. */
const struck = ['master-1', 'node-1']
const files: Readonly<Record<string, readonly string[]>> = {
  master: ['/etc/haproxy/haproxy.cfg', '/etc/keepalived/keepalived.conf'],
  node: ['/etc/nginx/kube-nginx.conf'],
}
const filesOf = (host: string): readonly string[] => files[host.split('-')[0] ?? ''] ?? []
/** What the runs go from and to, by turns. */
const versions = [
  { haproxy_max_connections: 4000, keepalived_check_rise: 1, nginx_proxy_proxy_timeout: '10m' },
  { haproxy_max_connections: 5000, keepalived_check_rise: 2, nginx_proxy_proxy_timeout: '12m' },
] as const
type Version = 0 | 1
const otherThan = (version: Version): Version => (version === 0 ? 1 : 0)
/** Small, and nobody's dependency. */
const extra = 'netcat-openbsd'

export interface LabBench {
  /** What is heard of each host that is struck at, in its order. */
  readonly steps: readonly string[]
  /** SHA-256 of the files of each host, by version. */
  readonly sums: readonly [Sums, Sums]
  readonly vip: string
  now: Version
  readonly end: () => Promise<void>
}
type Sums = ReadonlyMap<string, string>

const run = (version: Version, options: Parameters<typeof runPlaybook>[2] = {}): Promise<PlaybookResult> =>
  withInventory(
    text =>
      ['kube_control_plane', 'etcd']
        .reduce((changed, group) => removeFromGroup(changed, 'master-3', group), text)
        // A host that has gone is noticed in seconds.
        .replace(
          "StrictHostKeyChecking=yes'",
          "StrictHostKeyChecking=yes -o ServerAliveInterval=3 -o ServerAliveCountMax=3'",
        ),
    inventory =>
      runPlaybook(
        'playbooks/cluster.mjs',
        [
          ...['--tags', 'haproxy,keepalived,nginx'],
          ...['-e', JSON.stringify({ ...versions[version], haproxy_packages: ['haproxy', 'psmisc', extra] })],
        ],
        { inventory, ...options },
      ),
  )

/** What is known of a host at a moment of a run, as a step: nothing that differs from run to run. */
const stepOf = (event: RunEvent): string | undefined => {
  if (!('host' in event) || event.host === undefined || !struck.includes(event.host)) return undefined
  switch (event.kind) {
    case 'planned':
      return `${event.host} is planned: ${event.play}`
    case 'taskStarted':
      return `${event.host} begins: ${event.task}`
    case 'task':
      return event.status === 'changed' ? `${event.host} has done: ${event.task}` : undefined
    default:
      return undefined
  }
}

const sumsNow = async (): Promise<Sums> =>
  new Map(
    (
      await Promise.all(
        hosts.map(async host =>
          (
            await inHost(host, `sha256sum ${filesOf(host).join(' ')} || :`)
          )
            .split('\n')
            .map(line => line.split('  '))
            .map(([sum = '', path = '']) => [`${host}:${path}`, sum] as const),
        ),
      )
    ).flat(),
  )

const withoutExtra = () => Promise.all(masters.map(host => inHost(host, `dpkg -P ${extra} >/dev/null 2>&1 || :`)))

export async function openLabBench(): Promise<LabBench> {
  const { vip, hosts: all } = await upLab()
  const ip = (name: string) => all.find(host => host.name === name)?.ip ?? ''
  const api = await startApiServers(
    masters,
    ['127.0.0.1', vip, ...masters.map(ip)].map(address => `IP:${address}`),
  )
  for (const host of masters) await inHost(host, 'systemctl -q add-wants multi-user.target kube-apiserver')
  const green = async (version: Version): Promise<readonly string[]> => {
    const { exitCode, events, stderr } = await run(version)
    if (exitCode !== 0) throw new Error(`without any fault it ends with ${exitCode}: ${whyOf(events)}${stderr}`)
    return [...new Set(events.flatMap(event => stepOf(event) ?? []))]
  }
  await green(0)
  const first = await sumsNow()
  await withoutExtra()
  const steps = await green(1)
  const second = await sumsNow()
  const same = [...first].filter(([path, sum]) => second.get(path) === sum)
  if (same.length > 0) throw new Error(`no run changes ${same.map(([path]) => path).join(', ')}`)
  const end = async () => {
    await runPlaybook('playbooks/remove-ha.mjs', ['-e', 'confirm=yes'])
    await withoutExtra()
    await api.stop()
    await Promise.all(
      masters.map(host => inHost(host, 'rm -f /etc/systemd/system/multi-user.target.wants/kube-apiserver.service')),
    )
  }
  return { steps, sums: [first, second], vip, now: 1, end }
}

/** What strikes there again. */
export const labAgainOf = ({ fault, what }: LabPoint): string =>
  `npx zx scripts/faults.mjs --lab --only ${fault.name} --step '${what}'`

export interface LabPoint {
  readonly fault: LabFault
  readonly number: number
  readonly what: string
}

interface Choice {
  readonly only?: readonly string[] | undefined
  /** Its number, or what it is. */
  readonly step?: string | undefined
  readonly sample?: number | undefined
  readonly seed?: number
}

/** Every fault at every step at which it may strike; a sample has one of each, then another of each, by the seed. */
export function labPointsOf(
  { steps }: Pick<LabBench, 'steps'>,
  { only, step, sample, seed = 1 }: Choice,
): readonly LabPoint[] {
  const rank = ({ fault, number }: LabPoint) =>
    createHash('md5').update(`${seed} ${fault.name} ${number}`).digest('hex')
  const turns = labFaults
    .filter(({ name }) => only === undefined || only.includes(name))
    .flatMap(fault =>
      steps
        .map((what, index): LabPoint => ({ fault, number: index + 1, what }))
        .filter(({ what }) => fault.at === undefined || fault.at.test(what))
        .filter(({ number, what }) => step === undefined || step === `${number}` || step === what)
        .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
        .map((point, turn) => ({ point, turn })),
    )
  return turns
    .sort((a, b) => a.turn - b.turn)
    .map(({ point }) => point)
    .slice(0, sample)
}

/** One run with a fault at one step, the next run, and a third. Says what is wrong. */
export async function strikeInLab(bench: LabBench, { fault, what: step }: LabPoint): Promise<readonly string[]> {
  const host = step.split(' ')[0] ?? ''
  const wanted = otherThan(bench.now)
  const wrong: string[] = []
  await withoutExtra()
  const state = await mkdtemp(join(tmpdir(), 'rota-faults-'))
  try {
    await fault.before?.(host)
    let strike: Promise<unknown> | undefined
    const ran = await run(wanted, {
      state,
      dieOn: event => {
        if (strike !== undefined || stepOf(event) !== step) return false
        strike = Promise.resolve(fault.strike?.(host, () => run(wanted))).catch(error => wrong.push(`${error}`))
        return fault.dies ?? false
      },
    })
    await strike
    await fault.mend?.(host)
    if (strike === undefined) wrong.push('its step was never reached')
    if (!fault.exits.includes(ran.exitCode))
      wrong.push(`the run that was struck ended with ${ran.exitCode}: ${whyOf(ran.events)}`)
    wrong.push(...(await afterFault(bench, state)))
    const next = await run(wanted)
    bench.now = wanted
    if (next.exitCode !== 0) wrong.push(`the next run ended with ${next.exitCode}: ${whyOf(next.events)}`)
    wrong.push(...(await afterNext(bench)))
    const third = await run(wanted)
    const changed = [...totals(third).values()].filter(total => total.changed > 0).map(total => total.host)
    if (third.exitCode !== 0 || changed.length > 0)
      wrong.push(`the third run ended with ${third.exitCode} and changed ${changed.join() || 'nothing'}`)
    return wrong
  } catch (error) {
    return [...wrong, `${error}`]
  } finally {
    await rm(state, { recursive: true })
  }
}

/** Whatever was struck at: files are old or new, the journal can be read, and nobody holds a lock for long. */
async function afterFault({ sums }: LabBench, state: string): Promise<readonly string[]> {
  const now = await sumsNow()
  const neither = [...sums[0].keys()].filter(path => !sums.some(known => known.get(path) === now.get(path)))
  const held = await Promise.all(hosts.map(async host => ((await isFree(host)) ? [] : [host])))
  return [
    ...neither.map(path => `${path} is neither old nor new`),
    ...held.flat().map(host => `a minute later ${host} is still locked`),
    ...(await unreadable(join(state, 'rota/runs'))),
  ]
}

async function isFree(host: string): Promise<boolean> {
  const free = 'mkdir -p /var/lib/rota; flock -n /var/lib/rota/lock true && echo free || :'
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500))
    if ((await inHost(host, free)) === 'free') return true
  return false
}

async function unreadable(dir: string): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const name of await readdir(dir).catch(() => []))
    for (const line of (await readFile(join(dir, name), 'utf8')).split('\n').slice(0, -1))
      try {
        JSON.parse(line)
      } catch {
        wrong.push(`a line of the journal can't be read: ${line.slice(0, 100)}`)
      }
  return wrong
}

/** After the next run: all is new, nothing is owed or left, and who asks is answered. */
async function afterNext({ sums, now, vip }: LabBench): Promise<readonly string[]> {
  const seen = await sumsNow()
  const old = [...sums[now]].filter(([path, sum]) => seen.get(path) !== sum)
  const left = `find /etc /opt /usr/sbin /var/lib/rota /tmp -xdev \\( -name '.*.rota-*' -o -path '/tmp/rota.*' -o -path '/var/lib/rota/unfinished*' -o -path '/var/lib/rota/pending/*' -type f \\) -print
iptables -S | grep -i rota || :
[ -z "$(ls /var/lib/dpkg/updates)" ] || echo 'dpkg is not whole'`
  const [lefts, answers, held] = await Promise.all([
    Promise.all(
      hosts.map(async host =>
        (await inHost(host, left))
          .split('\n')
          .filter(Boolean)
          .map(what => `${host}: ${what}`),
      ),
    ),
    Promise.all(hosts.map(async host => [host, await answerOn(host)] as const)),
    holders(vip),
  ])
  return [
    ...old.map(([path]) => `${path} is not as it shall be after the next run`),
    ...lefts.flat().map(what => `has outlived the next run: ${what}`),
    ...answers.filter(([, code]) => code !== '200').map(([host, code]) => `nobody answers on ${host}: ${code}`),
    ...(held.length === 1 ? [] : [`the address is on ${held.join(', ') || 'no host'}`]),
  ]
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
    const shown = masters.map(async host => ((await inHost(host, 'ip -o addr')).includes(` ${vip}/`) ? [host] : []))
    now = (await Promise.all(shown)).flat()
  }
  return now
}

const whyOf = (events: readonly RunEvent[]): string =>
  events
    .flatMap(event => {
      if (event.kind === 'hostFinished' && event.message !== undefined) return [`${event.host}: ${event.message}`]
      return event.kind === 'task' && event.status === 'failed'
        ? [`${event.host}: ${event.task}: ${event.output ?? ''}`]
        : []
    })
    .join('; ')
    .slice(0, 1000)
