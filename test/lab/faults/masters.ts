import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { labDown, labUp } from '../../../scripts/lab/index.mjs'
import { runPlaybook, testLab } from '../lab.ts'
import { type Scenario, shIn, type Version, type Watch, whyOf } from './scenario.ts'

const lab = `${testLab}-masters`
const hosts = ['master-1', 'master-2', 'master-3']
/** Seconds after which a host lets new connections in again by itself. */
const limit = 40
/** Seconds in which whoever was struck at serves, without another run: the net's time, and that of a slow machine. */
const patience = 120

/**
 * Three masters whose control plane are units, with an etcd of three. A run changes the unit of each API server, one
 * master after the other: its node is cordoned, its port closed, the daemon started anew, proven, and taken back.
 */
export async function openMasters(): Promise<Scenario> {
  const info = await labUp({ name: lab, masters: 3, nodes: 0, spareMasters: 0, spareNodes: 0 })
  const dir = await mkdtemp(join(tmpdir(), 'rota-faults-masters-'))
  const inventory = join(dir, 'hosts.ini')
  await writeFile(
    inventory,
    readFileSync(info.files.inventory, 'utf8').replace(
      "StrictHostKeyChecking=yes'",
      "StrictHostKeyChecking=yes -o ServerAliveInterval=3 -o ServerAliveCountMax=3'",
    ),
  )
  const made = await runPlaybook('playbooks/cluster.mjs', ['--tags', 'etchosts,etcd,master'], { inventory })
  if (made.exitCode !== 0) throw new Error(`no cluster was made: ${whyOf(made.events)}${made.stderr}`)
  const kubectl = (command: string) =>
    shIn(lab, 'master-3', `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
  const node = (name: string) => JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } })
  for (const host of hosts)
    await shIn(
      lab,
      'master-3',
      `echo '${node(host)}' | kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f - >/dev/null`,
    )
  const ip = (name: string) => info.hosts.find(host => host.name === name)?.ip ?? ''
  const run = (version: Version, options: Parameters<typeof runPlaybook>[2] = {}) =>
    runPlaybook(
      'playbooks/upgrade.mjs',
      [
        ...['--tags', 'master'],
        ...['-e', JSON.stringify({ kube_apiserver_shutdown_delay_seconds: version + 1 })],
        ...['-e', `kube_apiserver_drain_limit=${limit}`],
      ],
      { inventory, ...options },
    )
  return {
    ...{ title: 'a control plane by units', lab, hosts, struck: ['master-1', 'master-2'], run },
    resume: state => runPlaybook('playbooks/upgrade.mjs', ['--resume'], { inventory, state }),
    daemonOf: () => 'kube-apiserver',
    filesOf: () => ['/etc/systemd/system/kube-apiserver.service'],
    reset: async () => {},
    watch: () => watchMasters(hosts.map(ip)),
    afterFault: async () => {
      const all = await Promise.all(hosts.map(async host => ((await answersWithin(ip(host))) ? [] : [host])))
      return all.flat().map(host => `without another run ${host} does not answer within ${patience} s`)
    },
    afterNext: async () => {
      const [nodes, units] = await Promise.all([
        kubectl("get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.spec.unschedulable} {end}'"),
        Promise.all(hosts.map(host => shIn(lab, host, "systemctl list-units --all --no-legend --plain 'rota-*'"))),
      ])
      return [
        ...nodes
          .split(' ')
          .filter(item => item.endsWith('=true'))
          .map(item => `a node is left cordoned: ${item}`),
        ...units.flatMap((text, index) => (text === '' ? [] : [`a net is left on ${hosts[index]}: ${text}`])),
      ]
    },
    end: async () => {
      await rm(dir, { recursive: true })
      await labDown({ name: lab })
    },
  }
}

/** Whether an API server answers at all: while etcd elects a leader, too. */
const answers = (address: string): Promise<boolean> =>
  new Promise(resolve => {
    request({ host: address, port: 6443, path: '/version', agent: false, rejectUnauthorized: false }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .setTimeout(3000, function (this: import('node:http').ClientRequest) {
        this.destroy()
      })
      .on('error', () => resolve(false))
      .end()
  })

async function answersWithin(address: string): Promise<boolean> {
  for (const end = Date.now() + patience * 1000; Date.now() < end; await sleep(500))
    if (await answers(address)) return true
  return false
}

/** Asks all of them twice a second: there is never a moment in which nobody answers. */
function watchMasters(addresses: readonly string[]): Watch {
  let isOver = false
  let asked = 0
  let nobody = 0
  const ask = async () => {
    while (!isOver) {
      const all = await Promise.all(addresses.map(answers))
      asked += 1
      if (!all.some(Boolean)) nobody += 1
      await sleep(500)
    }
  }
  const asking = ask()
  return {
    end: async () => {
      isOver = true
      await asking
      return nobody === 0 ? [] : [`asked ${asked} times, no master answered ${nobody} times`]
    },
  }
}
