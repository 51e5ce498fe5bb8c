import { defineRole, type HostView, type ParamsContext } from 'rota'
import { anyProgram } from '../../kube-binaries/cache.ts'
import type { Wants } from '../../kube-binaries/lacking.ts'
import { archOf } from '../../kube-binaries/places.ts'
import { providePrograms, type Way } from '../../kube-binaries/provide.ts'
import { proxiesOf } from '../../kube-binaries/role.ts'
import {
  cluster,
  clusterProblems,
  etcdMembersOf,
  isEtcdOfHosts,
  isLeaving,
  mastersOf,
} from '../../lib/cluster/index.ts'
import { promoteLearner } from '../promote.ts'
import {
  type Assessed,
  assess,
  assessFacts,
  isAsked,
  lookAt,
  lookOf,
  mayGo,
  type Params,
  versionInTag,
} from './assess.ts'
import { lacks, type Target } from './judge.ts'
import { params } from './params.ts'
import { archiveOf, cacheOf, placeProblems, sourceOf } from './places.ts'
import { ofArchive, ofImage, ofPackages, type Replacement } from './program.ts'
import { upgradeMember } from './step.ts'
import { newTurns, type Turns } from './turns.ts'

type Context = ParamsContext<Params, typeof cluster>

/** Something is asked of the members, and this host stays one. */
const isAskedOn = ({ params, host }: Context): boolean =>
  isAsked(params) && isEtcdOfHosts(params.deployment) && !isLeaving(host, params.leaving)

/** What is asked of all members, by whoever looks beforehand, too. */
const common = {
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params }: Context): readonly string[] => (isAsked(params) ? askedProblems(params) : []),
  peers: (context: Context) => ({
    hosts: isAskedOn(context) ? etcdMembersOf(context.inventory).map(({ name }) => name) : [],
    facts: () => assessFacts(context.params),
  }),
} as const

/** What would stand in the way of another version of etcd, looked for before anything is changed anywhere. */
export const etcdPreflight = defineRole({
  name: 'etcd-preflight',
  description: 'whether etcd can go to the version that is asked for',
  ...common,
  tasks: ({ params, host, inventory, peers, cluster }) => {
    const assessed = assess(params, inventory, peers)
    return isAskedOn({ params, host, inventory, cluster }) && isDue(assessed, host) ? [mayGo(params, assessed)] : []
  },
})

/**
 * The members of etcd go to another version, where one is asked for: one after the other, the one that leads last.
 * kubeadm's members are kubeadm's.
 */
export const etcdUpgrade = defineRole({
  name: 'etcd-upgrade',
  description: 'the members of etcd at another version, one after the other',
  ...common,
  provide: async ({ hosts, check, signal, say, progress }): Promise<Provided> => {
    const wants = hosts.flatMap(({ host, inventory, params, peers }) => {
      const assessed = assess(params, inventory, peers)
      const want = wantOf(assessed, host)
      return want === undefined ? [] : [{ params, target: want.target, want: want.wants }]
    })
    const [first] = wants
    const turns = newTurns()
    if (first === undefined) return { turns, wayOf: () => undefined }
    const { httpProxy, httpsProxy, noProxy, from } = first.params
    const { wayOf } = await providePrograms({
      source: sourceOf(first.params, first.target),
      cache: cacheOf(first.params),
      from,
      wants: wants.map(({ want }) => want),
      pathOf: name => name,
      proxies: { httpProxy, httpsProxy, noProxy },
      ...{ check, signal, say, progress },
    })
    return {
      turns,
      wayOf: host => {
        const name = wants.find(({ want }) => want.host === host)?.want.names[0]
        return name === undefined ? undefined : wayOf(host, name)
      },
    }
  },
  tasks: ({ params, host, inventory, cluster, peers, prepared }) => {
    const assessed = assess(params, inventory, peers)
    const { seen, target, hosts, peerPort, peerUrls } = assessed
    if (!isAskedOn({ params, host, inventory, cluster }) || !isDue(assessed, host)) return []
    if (target === undefined || seen.unclear.length > 0 || lookOf(assessed, host) === undefined)
      return [mayGo(params, assessed)]
    const { brought, program } = replacementOn(host, params, assessed, target, prepared)
    const at = { ...params, peerPort, ...(peerUrls && { peerUrls }) }
    const unit = seen.members.has(host.name) ? 'etcd' : params.unit
    return [
      mayGo(params, assessed),
      brought,
      upgradeMember({
        ...{ ...at, ...lookAt(params), unit, target, hosts, program },
        masters: mastersOf(inventory, params.leaving),
        turns: prepared?.turns,
      }),
      promoteLearner({ ...at, members: etcdMembersOf(inventory, params.leaving) }),
    ]
  },
})

interface Provided {
  readonly turns: Turns
  readonly wayOf: (host: string) => Way | undefined
}

function askedProblems(params: Params): readonly string[] {
  const { version, imageTag, deployment } = params
  const named = imageTag === undefined ? undefined : versionInTag(imageTag)
  return [
    ...placeProblems(params),
    ...(deployment !== 'docker' || imageTag === undefined || (named ?? version) !== undefined
      ? []
      : [`etcd_image_tag ${imageTag} tells no version: set etcd_version, too`]),
    ...(deployment === 'docker' && version !== undefined && named !== undefined && version.replace(/^v/, '') !== named
      ? [`etcd_version is ${version}, and etcd_image_tag ${imageTag}: they are to be of one version`]
      : []),
  ]
}

/** Something is to be done on a host, or it can't be made out whether; nobody has been asked yet. */
function isDue(assessed: Assessed, host: HostView): boolean {
  const { target, seen, hosts } = assessed
  const look = lookOf(assessed, host)
  if (hosts.every(each => each.look === undefined)) return true
  return look !== undefined && (seen.unclear.length > 0 || (target !== undefined && lacks(look, target).length > 0))
}

/** The archive that a host wants, where its programs come from one and are not there yet. */
function wantOf(assessed: Assessed, host: HostView): { readonly target: Target; readonly wants: Wants } | undefined {
  const { target, seen } = assessed
  const look = lookOf(assessed, host)
  const theirs = seen.members.get(host.name)
  if (target === undefined || look === undefined || theirs === undefined || theirs.container) return undefined
  if (!isDue(assessed, host) || look.staged === target.version) return undefined
  const arch = archOf(look.machine)
  return { target, wants: { host: host.name, machine: { arch, sums: new Map() }, names: [archiveOf(target, arch)] } }
}

function replacementOn(
  host: HostView,
  params: Params,
  assessed: Assessed,
  target: Target,
  prepared: Provided | undefined,
): Replacement {
  const theirs = assessed.seen.members.get(host.name)
  const look = lookOf(assessed, host)
  if (theirs === undefined) return ofPackages(target, { names: params.packages, binary: params.binary })
  if (theirs.container) return ofImage(target, { binDir: theirs.binDir, image: look?.image ?? '' })
  // Before the hosts are asked for good: whether it is here can be told, and not whether it is right.
  const name = archiveOf(target, archOf(look?.machine ?? ''))
  const laid = anyProgram(cacheOf(params), `v${target.version}`, name)
  const way = prepared?.wayOf(host.name) ?? (laid === undefined ? undefined : { kind: 'file' as const, path: laid })
  return ofArchive(target, {
    binDir: theirs.binDir,
    installDir: params.installDir,
    staged: lookAt(params).staged,
    way,
    isThere: look?.staged === target.version,
    environment: proxiesOf(params),
  })
}
