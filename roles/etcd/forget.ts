import { defineRole, facts, type HostView, type Step, step } from 'rota'
import { cluster, clusterProblems, isLeaving, membersOf, unknownLeavingMember } from '../lib/cluster/index.ts'
import { kubeConfigDir } from '../lib/cluster/params.ts'
import { isMemberOf } from './config.ts'
import { etcdctl, type Member, parseMembers } from './etcdctl.ts'
import { retried } from './join.ts'
import { enoughStay, type StayOptions, votersBeside } from './leave.ts'
import { params as etcdParams } from './params.ts'
import { staysMember } from './stays-member.ts'

const { clientPort, peerPort, configDir, deployment, leaving } = etcdParams.properties
const params = {
  type: 'object',
  properties: { clientPort, peerPort, configDir, deployment, kubeConfigDir, leaving },
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
  tasks: ({ params, host, inventory }) => {
    const others = membersOf(inventory, params.deployment, params.leaving)
    if (!others.some(member => member.name === host.name)) return []
    const gone = membersOf(inventory, params.deployment).filter(member => isLeaving(member, params.leaving))
    // Said once, not by every member.
    if (params.deployment === 'external') return others[0]?.name === host.name ? gone.map(staysMember) : []
    const stacked = params.deployment === 'kubeadm' ? { podPki: `${params.kubeConfigDir}/pki/etcd` } : {}
    return gone.map(member => forgetMember(member, { ...params, ...stacked, others }))
  },
})

const forgetMember = (leaving: HostView, options: StayOptions): Step => {
  const memberIn = (list: string): Member | undefined => parseMembers(list).find(isMemberOf(leaving, options.peerPort))
  const list = etcdctl(options, 'member', 'list')
  return step({
    title: `${leaving.name} is no member of the etcd cluster`,
    facts: { list: facts.command({ run: list }) },
    needed: ({ list }) =>
      list.exitCode !== 0 ? 'the members are not known' : memberIn(list.stdout) !== undefined && 'it is still a member',
    run: async ({ $, on }) => {
      const { stdout } = await $`${list}`
      const member = memberIn(stdout)
      if (member === undefined) return { changed: false, summary: 'is no member any more' }
      await enoughStay({ on }, options, leaving.name, votersBeside(member, parseMembers(stdout)).length)
      await retried(() => $`${etcdctl(options, 'member', 'remove', member.id)}`.nothrow(), Date.now() + 60_000)
      return { summary: `removed ${member.id}` }
    },
  })
}
