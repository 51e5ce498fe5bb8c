import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { equal, ok } from 'uvu/assert'
import { profileOf } from '../../engine/report/index.ts'
import { kubeVersions, labDown, labInfo, labUp } from '../../scripts/lab/index.mjs'
import { bound, kubectl as call, nightLab, startClients, startWorkload } from '../../scripts/night/index.mjs'
import { type PlaybookResult, runPlaybook, totals } from '../lab/lab.ts'

export const [oldVersion = '', newVersion = ''] = kubeVersions()
const masters = ['master-1 docker', 'master-2 docker', 'master-3 containerd']
const workers = ['node-1 docker', 'node-2 docker', 'node-3 containerd', 'node-4 containerd']

/** A cluster in kubespray's layout with its workload, in a lab of this name, and what is done and seen there. */
export function nightIn(lab: string) {
  const inventory = `inventory/${lab}/hosts.ini`
  const kubectl = async (command: string) => call(await labInfo(lab), command)
  const on = async (host: string, command: string): Promise<string> =>
    (await execa('docker', ['exec', `rota-${lab}-${host}`, 'sh', '-c', command])).stdout

  return {
    inventory,
    kubectl,
    on,

    /** With a spare worker on containerd; made anew, with its workload. */
    async up() {
      if (process.env.ROTA_KEEP_LAB === undefined) await labDown({ name: lab })
      const runtimes = { ...nightLab.runtimes, 'node-5': 'containerd' as const }
      const info = await labUp({ name: lab, ...nightLab, spareNodes: 1, runtimes })
      await startWorkload(info)
      return info
    },

    async run(
      args: readonly string[],
      { playbook = 'upgrade', ...options }: { readonly playbook?: string } & Parameters<typeof runPlaybook>[2] = {},
    ): Promise<PlaybookResult> {
      const result = await runPlaybook(`playbooks/${playbook}.mjs`, args, { inventory, ...options })
      if (result.exitCode !== 0)
        console.log(
          result.events.flatMap(event =>
            event.kind === 'hostFinished' || event.kind === 'stopped' || event.kind === 'note'
              ? [JSON.stringify(event)]
              : [],
          ),
          result.stderr,
        )
      return result
    },

    /** A worker a line: name, version of the kubelet, and whether it is cordoned. */
    async seen(): Promise<readonly string[]> {
      const of =
        '{.metadata.name} {.status.nodeInfo.kubeletVersion} {.spec.unschedulable}{.metadata.annotations.rota/cordoned}'
      const listed = await kubectl(`get nodes -o 'jsonpath={range .items[*]}${of}{"\\n"}{end}'`)
      return listed
        .split('\n')
        .map(line => line.trim())
        .filter(line => line.startsWith('node-'))
    },

    /** What runs: the kubelet and the container runtime of every host, every API server, the images of kube-proxy. */
    async running(): Promise<readonly string[]> {
      const of = '{.metadata.name} {.status.nodeInfo.containerRuntimeVersion} {.status.nodeInfo.kubeletVersion}'
      const listed = await kubectl(`get nodes -o 'jsonpath={range .items[*]}${of}{"\\n"}{end}'`)
      const servers = masters.map(async line => {
        const [name = ''] = line.split(' ')
        const said = await on(name, 'kubectl --kubeconfig /etc/kubernetes/admin.conf version --short')
        return `${name} serves ${/Server Version: (\S+)/.exec(said)?.[1]}`
      })
      const images = await kubectl(
        `-n kube-system get pods -l k8s-app=kube-proxy -o 'jsonpath={.items[*].spec.containers[0].image}'`,
      )
      return [
        ...listed
          .trim()
          .split('\n')
          .map(line => line.replace(/:\/\/\S+/, '')),
        ...(await Promise.all(servers)),
        ...new Set(images.split(' ')),
      ]
    },

    /** Clients ask all the while: nobody is failed, the workload stays above its bound, `out` nodes are not Ready. */
    async asked<T>(work: () => Promise<T>, { out = 1 } = {}): Promise<T> {
      const failures: string[] = []
      const clients = await startClients(await labInfo(lab), {
        onFailure: ({ path, kind, reason, at }) => failures.push(`${at.toISOString()} ${path} ${kind}: ${reason}`),
      })
      const [done] = await Promise.allSettled([work()])
      const { table, api, web, fewest, mostOut } = await clients.stop()
      console.log(`\n${table}\n${failures.slice(0, 20).join('\n')}`)
      console.log(`at the worst ${fewest} pods of the workload were available, and ${mostOut} nodes were not Ready`)
      if (done.status === 'rejected') throw done.reason
      equal(
        [api.failures, web.failures],
        [0, 0],
        'requests that failed: to the API on new connections, to the workload',
      )
      equal([...api.silent, ...web.silent], [])
      ok(fewest >= bound, `${fewest} pods were available at the worst`)
      ok(mostOut <= out, `${mostOut} nodes were not Ready at once`)
      return done.value
    },

    /** Waits until nobody holds a host: what a run that died had begun there may go on for a while. */
    async free() {
      for (let left = 40; ; left -= 1) {
        const { exitCode } = await runPlaybook('playbooks/upgrade.mjs', ['--tags', 'download'], { inventory })
        if (exitCode !== 4) return
        if (left === 0) throw new Error('the hosts stay locked')
        await sleep(3000)
      }
    },
  }
}

/** What `running` says where everything has this version. */
export const allRun = (version: string): readonly string[] => [
  ...[...masters, ...workers].map(line => `${line} ${version}`),
  ...masters.map(line => `${line.split(' ')[0]} serves ${version}`),
  `k8s.gcr.io/kube-proxy:${version}`,
]

/** What `seen` says then, where nobody is cordoned. */
export const allAre = (version: string): readonly string[] => workers.map(line => `${line.split(' ')[0]} ${version}`)

export function nothingChanged(result: PlaybookResult) {
  equal(result.exitCode, 0)
  for (const { host, outcome, changed } of totals(result).values()) equal([host, outcome, changed], [host, 'ok', 0])
}

/** Where the time of a run went. */
export function sayProfile({ events }: PlaybookResult) {
  const profile = profileOf()
  for (const event of events) profile.add(event as Parameters<typeof profile.add>[0])
  console.log(profile.lines().join('\n'))
}
