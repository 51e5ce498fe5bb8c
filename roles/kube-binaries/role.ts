import {
  defineRole,
  directory,
  download,
  facts,
  file,
  type HostView,
  type InventoryView,
  type ParamsOf,
  type Task,
} from 'rota'
import { minorMayFollow, versionMayFollow } from '../control-plane/kubeadm/skew.ts'
import { cluster, clusterProblems, isOneOf, mastersOf, workersOf } from '../lib/cluster/index.ts'
import { anyProgram, defaultCache } from './cache.ts'
import { programToCome } from './come.ts'
import { imagesAreThere } from './images.ts'
import { machineFact, machineFrom, type Wants } from './lacking.ts'
import { alreadyThere, ownProgramsFact } from './own-programs.ts'
import { params } from './params.ts'
import { binDirOf, versionDirOf } from './paths.ts'
import { kubeSource, originProblems } from './places.ts'
import { type Provided, providePrograms } from './provide.ts'

type Params = ParamsOf<typeof params>

const ofMethod = {
  binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
  'static-pods': ['kubectl'],
  kubeadm: ['kubeadm', 'kubelet', 'kubectl'],
} as const

/**
 * The programs of one version, in a folder of their own (kubespray's download). Nothing uses them yet, so all hosts get
 * them at once, and the upgrade itself is then the change of one path.
 */
export const kubeBinaries = defineRole({
  name: 'kube-binaries',
  description: 'the programs of a Kubernetes version, beside those in use',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params }) => originProblems(params),
  peers: ({ params, host, cluster: { kubeConfigDir } }) => ({
    hosts: [host.name],
    facts: () => ({
      // With kubeadm a host may have its programs as files in `bin_dir`: those of the version need no other copy.
      own: ownProgramsFact(params, params.method === 'kubeadm' ? namesOf(params) : []),
      kubelet: facts.path({ path: `${kubeConfigDir}/kubelet.conf` }),
      // Whatever is in the folder: the same is asked before and after something has come there.
      machine: machineFact(namesOf(params).map(name => pathOf(params, name))),
    }),
  }),
  provide: async ({ hosts, check, signal, say, progress }): Promise<(host: string) => Provided | undefined> => {
    const wants = hosts.flatMap(({ host, inventory, params, peers, cluster: { nodesJoin } }) => {
      const seen = peers.get(host.name)
      const machine = machineFrom(seen?.machine.stdout ?? '')
      // Who can't be asked is not worked on either.
      if (machine === undefined) return []
      const there = alreadyThere(seen?.own, params.kubeVersion)
      const names = namesFor({ ...params, nodesJoin }, host, inventory, seen).filter(name => !there.has(name))
      return [{ params, want: { host: host.name, machine, names } satisfies Wants }]
    })
    const byHost = new Map<string, Provided>()
    for (const group of alike(wants)) {
      const [{ params: origins }] = group
      const { source: cache, from, httpProxy, httpsProxy, noProxy } = origins
      const provided = await providePrograms({
        source: kubeSource(origins),
        cache,
        from,
        wants: group.map(({ want }) => want),
        pathOf: name => pathOf(origins, name),
        proxies: { httpProxy, httpsProxy, noProxy },
        check,
        signal,
        say,
        progress,
      })
      for (const { want } of group) byHost.set(want.host, provided)
    }
    return host => byHost.get(host)
  },
  tasks: ({ params, host, inventory, peers, prepared, cluster: { nodesJoin } }) => {
    const seen = peers.get(host.name)
    const there = alreadyThere(seen?.own, params.kubeVersion)
    const names = namesFor({ ...params, nodesJoin }, host, inventory, seen).filter(name => !there.has(name))
    return [
      // All masters are asked before any of them is touched.
      params.method === 'kubeadm' ? versionMayFollow(params) : minorMayFollow(params),
      ...(names.length === 0
        ? []
        : [params.installDir, versionDirOf(params), binDirOf(params)].map(path => directory({ path, mode: '0755' }))),
      names.map(name => programTask(params, name, prepared?.(host.name)?.wayOf(host.name, name))),
      params.method === 'kubeadm' && isOneOf(mastersOf(inventory), host) && imagesAreThere(params),
    ]
  },
})

function programTask(params: Params, name: string, way: ReturnType<Provided['wayOf']>): Task | undefined {
  const path = pathOf(params, name)
  const installed = (source: string) => file({ path, source, mode: '0755', backup: false })
  switch (way?.kind) {
    case 'there':
      return undefined
    case 'file':
      return installed(way.path)
    case 'comes':
      return programToCome({ path, from: way.from })
    case 'host':
      return download({ path, url: way.urls, sha256: way.sha256, mode: '0755', environment: proxiesOf(params) })
    default: {
      // Before the hosts are asked: which of those that are here is the right one is not known yet.
      const source = anyProgram(cacheOf(params), params.kubeVersion, name)
      return source === undefined ? programToCome({ path }) : installed(source)
    }
  }
}

/** Hosts that have the same params: of a cluster all of them. */
function alike<T extends { readonly params: Params }>(items: readonly T[]): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<Params, [T, ...T[]]>()
  for (const item of items) {
    const known = groups.get(item.params)
    if (known) known.push(item)
    else groups.set(item.params, [item])
  }
  return [...groups.values()]
}

/** For who fetches on a host. */
export const proxiesOf = ({
  httpProxy,
  httpsProxy,
  noProxy,
}: Pick<Params, 'httpProxy' | 'httpsProxy' | 'noProxy'>): Readonly<Record<string, string>> => ({
  ...(httpProxy === undefined ? {} : { http_proxy: httpProxy }),
  ...(httpsProxy === undefined ? {} : { https_proxy: httpsProxy }),
  ...(noProxy === undefined ? {} : { no_proxy: noProxy }),
})

const cacheOf = ({ source }: Params): string => source ?? defaultCache()
const pathOf = (params: Params, name: string): string => `${binDirOf(params)}/${name}`
/** Which programs a host needs. */
export const namesOf = ({ names, method }: Pick<Params, 'names' | 'method'>): readonly string[] =>
  names ?? ofMethod[method]

/** As kubespray has it, a node that is no master has no kubectl. Its kubelet is somebody else's but with kubeadm. */
function namesFor(
  params: Pick<Params, 'names' | 'method'> & { readonly nodesJoin: boolean },
  host: HostView,
  inventory: InventoryView,
  seen: { readonly kubelet: { readonly type: string } } | undefined,
): readonly string[] {
  if (params.names !== undefined || !isOneOf(workersOf(inventory), host)) return namesOf(params)
  return params.method === 'kubeadm' && (params.nodesJoin || seen?.kubelet.type === 'file')
    ? ['kubeadm', 'kubelet']
    : []
}
