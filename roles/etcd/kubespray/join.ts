import { facts, type HostView, type InventoryView, type RemoteShell, type Step, step } from 'rota'
import { etcdAccessAddressOf, mastersOf } from '../../lib/cluster/index.ts'
import { isMemberOf, type PeersAt } from '../config.ts'
import { etcdctl, initialCluster, knowsLearners, type Member, parseMembers } from '../etcdctl.ts'
import { retried } from '../join.ts'
import { anyAnswer } from '../leave.ts'
import { keepSnapshot, type SnapshotAt } from '../snapshot.ts'
import { authorityHost, copyCertificates, makeCertificates } from './certificates.ts'
import { envOfNewMember, withValues } from './env.ts'
import { envPath } from './paths.ts'
import { copyPrograms } from './programs.ts'
import type { PlannedMember, SeenMembers, TheirMember } from './seen.ts'

export interface JoinTheirsOptions extends SnapshotAt, PeersAt {
  readonly joinTimeout: number
  readonly leaving: readonly string[] | string
  /** Hosts of the group etcd, those that leave too. */
  readonly hosts: readonly HostView[]
  readonly seen: SeenMembers
  readonly planned: PlannedMember
}

/**
 * Makes this host a member of the etcd that kubespray has made: certificates of its authority, programs and settings of
 * a member that serves. All of that is there before the cluster is told, and a snapshot of it is kept.
 */
export const joinTheirs = (options: JoinTheirsOptions): Step => {
  const { seen, planned } = options
  const own = seen.members.get(planned.host.name)
  const dataDir = (own ?? firstOf(seen))?.dataDir ?? ''
  return step({
    title: "join kubespray's etcd cluster",
    facts: { data: facts.path({ path: `${dataDir}/member` }) },
    needed: ({ data }) => data.type === 'absent' && 'this host has no data of a member yet',
    run: async context => {
      const { $, on, host, inventory, say } = context
      const until = Date.now() + options.joinTimeout * 1000
      const others = options.hosts.filter(other => other.name !== host.name && seen.members.has(other.name))
      const found = await anyAnswer(context, { ...options, others })
      const template = found && seen.members.get(found.peer.name)
      if (found === undefined || template === undefined)
        throw new Error('no member of the etcd cluster answers: bring it back first, a second cluster is not made')
      const peer = on(found.peer.name)
      const isOwn = isMemberOf(host, options)
      const listed = found.members.find(isOwn)
      if (found.members.some(member => member.name === planned.name && !isOwn(member)))
        throw new Error(`${planned.name} is the name of another member: set etcd_member_name of ${host.name}`)
      if (listed?.started && (await $`systemctl is-active etcd`.nothrow().text()) === 'active')
        throw new Error(
          `etcd runs on ${host.name}, but there is nothing in ${dataDir}: has etcd_data_dir changed? Its data is not moved`,
        )
      // First of all: where the image of a container can't be had, this host is left without the authority's key.
      await copyPrograms(peer, $, template, planned.name)
      const authority = authorityHost(seen, options.hosts)
      if (authority !== undefined) {
        const masters = mastersOf(inventory, options.leaving).map(({ name }) => name)
        const isMaster = masters.includes(host.name)
        const from = on(authority.host.name)
        await makeCertificates(
          from,
          authority.member,
          { name: host.name, reachedAt: [host.address, host.ip, etcdAccessAddressOf(host, inventory)] },
          ['member', 'admin', ...(isMaster ? (['node'] as const) : [])],
        )
        if (authority.host.name !== host.name)
          await copyCertificates(from, $, authority.member, { members: options.hosts.map(({ name }) => name), masters })
      }
      if (template.events) say(eventsStay(host.name))
      await keepSnapshot(context, options, [found.peer, ...others.filter(({ name }) => name !== found.peer.name)])
      if (listed?.started) {
        say(`${host.name} is a member whose data is gone: removed, and added anew`)
        await peer`${etcdctl(options, 'member', 'remove', listed.id)}`
      }
      if (listed === undefined || listed.started) {
        const learner = knowsLearners((await peer`${etcdctl(options, 'version')}`).stdout) ? ['--learner'] : []
        const add = etcdctl(options, 'member', 'add', planned.name, `--peer-urls=${planned.peerUrl}`, ...learner)
        await retried(() => peer`${add}`.nothrow(), until)
      }
      const members = inOrder(parseMembers((await peer`${etcdctl(options, 'member', 'list')}`).stdout), options)
      // Docker would make it readable for everybody; one that is there may be a disk, whose mode is its owner's.
      await $`[ -d ${dataDir} ] || mkdir -p -m 0700 ${dataDir}`
      const env = envFor(options, inventory, { own, template }, initialCluster(members, { name: planned.name, isOwn }))
      await writeEnv($, env)
      return { summary: `${planned.name}, added through ${found.peer.name}` }
    },
  })
}

/** As kubespray writes them: in the order of the inventory. */
const inOrder = (members: readonly Member[], options: Pick<JoinTheirsOptions, 'hosts' | keyof PeersAt>) => {
  const place = (member: Member): number => options.hosts.findIndex(host => isMemberOf(host, options)(member))
  return [...members].sort((a, b) => place(a) - place(b))
}

/** Mode and owner of the one that is there stay; a new one has those that kubespray gives it. */
export async function writeEnv($: RemoteShell, text: string): Promise<void> {
  const beside = `${envPath}.new`
  await $`umask 077
rm -f ${beside}
if [ -f ${envPath} ]; then cp -p ${envPath} ${beside}; else : >${beside}; chmod 0640 ${beside}; fi
cat >${beside}
mv -f ${beside} ${envPath}`.stdin(text)
}

/** Members for events alone are a cluster of their own. */
export const eventsStay = (host: string): string =>
  `etcd-events is left as it is, a cluster of its own that is kubespray's to look after: ${host} is neither made a member of it nor taken out`

/** Its own settings where an earlier run has written them; else those of a member that serves. */
const envFor = (
  { planned: { host, name } }: Pick<JoinTheirsOptions, 'planned'>,
  inventory: InventoryView,
  { own, template }: { readonly own: TheirMember | undefined; readonly template: TheirMember },
  cluster: readonly string[],
): string =>
  own === undefined
    ? envOfNewMember(template.files.env, template, {
        ...{ name, host: host.name, ip: host.ip, address: host.address },
        accessAddress: etcdAccessAddressOf(host, inventory),
        initialCluster: cluster,
      })
    : withValues(own.files.env, {
        ETCD_INITIAL_CLUSTER: cluster.join(','),
        ETCD_INITIAL_CLUSTER_STATE: 'existing',
      })

export const firstOf = ({ members }: SeenMembers): TheirMember | undefined => [...members.values()][0]
