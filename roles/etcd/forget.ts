import { defineRole, facts, type HostView, type Step, step } from 'rota'
import { kubeadmParams } from '../control-plane/kubeadm/params.ts'
import {
  cluster,
  clusterProblems,
  isEtcdOfHosts,
  isLeaving,
  membersOf,
  unknownLeavingMember,
} from '../lib/cluster/index.ts'
import { kubeConfigDir } from '../lib/cluster/params.ts'
import { isMemberOf } from './config.ts'
import { etcdctl, type Member, parseMembers } from './etcdctl.ts'
import { retried } from './join.ts'
import { peerUrlsOf, plannedMembers, seenFacts, seenMembers } from './kubespray/seen.ts'
import { knowsMembers } from './layouts/kubespray.ts'
import { enoughStay, type StayOptions, votersBeside } from './leave.ts'
import { params as etcdParams } from './params.ts'
import { keepSnapshot, type SnapshotAt } from './snapshot.ts'
import { snapshotParams } from './snapshot-params.ts'
import { staysMember } from './stays-member.ts'

const { clientPort, peerPort, configDir, deployment, leaving } = etcdParams.properties
const { etcdDataDir } = kubeadmParams
const params = {
  type: 'object',
  properties: { clientPort, peerPort, configDir, ...snapshotParams, deployment, kubeConfigDir, etcdDataDir, leaving },
} as const

/**
 * The members that stay forget one that is dead: whoever of them comes first removes it. Does nothing on the leaving
 * host.
 */
export const etcdForget = defineRole({
  name: 'etcd-forget',
  description: 'the etcd cluster forgets a dead member',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => [
    ...unknownLeavingMember(inventory, params.leaving),
    ...(membersOf(inventory, params.deployment, params.leaving).length === 0 ? ['no etcd member would be left'] : []),
  ],
  peers: ({ params, inventory, host }) => {
    const others = membersOf(inventory, params.deployment, params.leaving)
    const isAsked = isEtcdOfHosts(params.deployment) && others.some(({ name }) => name === host.name)
    return { hosts: isAsked ? others.map(({ name }) => name) : [], facts: () => seenFacts }
  },
  tasks: ({ params, host, inventory, peers }) => {
    const others = membersOf(inventory, params.deployment, params.leaving)
    if (!others.some(member => member.name === host.name)) return []
    const gone = membersOf(inventory, params.deployment).filter(member => isLeaving(member, params.leaving))
    // Said once, not by every member.
    if (params.deployment === 'external') return others[0]?.name === host.name ? gone.map(staysMember) : []
    const stacked =
      params.deployment === 'kubeadm' ? { podPki: `${params.kubeConfigDir}/pki/etcd`, podData: params.etcdDataDir } : {}
    const seen = seenMembers(peers)
    const own = seen.members.get(host.name)
    const peerUrls = peerUrlsOf([...gone, ...others], inventory, seen, params.peerPort)
    const options = { ...params, ...stacked, others, gone, peerUrls }
    return [
      ...gone.map(member => forgetMember(member, options)),
      own === undefined
        ? []
        : knowsMembers(own, plannedMembers(inventory, params.leaving, seen, params.peerPort), seen),
    ]
  },
})

interface ForgetOptions extends StayOptions, SnapshotAt {
  /** Hosts whose members are dead. */
  readonly gone: readonly HostView[]
}

const forgetMember = (leaving: HostView, options: ForgetOptions): Step => {
  const isOf = (hosts: readonly HostView[]) => (member: Member) => hosts.some(host => isMemberOf(host, options)(member))
  const isOfOthers = isOf(options.others)
  // What the inventory says of the dead host may be wrong: a member of a host that stays is never the one.
  const memberIn = (list: string): Member | undefined =>
    parseMembers(list).find(member => isOf([leaving])(member) && !isOfOthers(member))
  // One that other members know by a name, which only the dead host has written down, can't be told from a stranger.
  const strangersIn = (list: string): readonly Member[] =>
    parseMembers(list).filter(member => !isOf(options.gone)(member) && !isOfOthers(member))
  const list = etcdctl(options, 'member', 'list')
  return step({
    title: `${leaving.name} is no member of the etcd cluster`,
    facts: { list: facts.command({ run: list }) },
    needed: ({ list }) => {
      if (list.exitCode !== 0) return 'the members are not known'
      if (memberIn(list.stdout) !== undefined) return 'it is still a member'
      return strangersIn(list.stdout).length > 0 && 'there is a member that is of no host of the inventory'
    },
    run: async ({ $, on, host, run, say }) => {
      const { stdout } = await $`${list}`
      const member = memberIn(stdout)
      if (member === undefined) {
        for (const { id, name, peerUrls } of strangersIn(stdout))
          say(
            `${leaving.name} is no member by its address, and ${name || 'a member'} (${peerUrls.join(', ')}) is of no host of the inventory: if that is ${leaving.name}, remove it on ${host.name} with etcdctl member remove ${id}`,
          )
        return { changed: false, summary: 'is no member any more' }
      }
      const healthy = await enoughStay({ on }, options, leaving.name, votersBeside(member, parseMembers(stdout)).length)
      await keepSnapshot({ on, run, say }, options, healthy)
      await retried(() => $`${etcdctl(options, 'member', 'remove', member.id)}`.nothrow(), Date.now() + 60_000)
      return { summary: `removed ${member.id}` }
    },
  })
}
