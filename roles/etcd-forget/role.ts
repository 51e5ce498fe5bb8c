import { check, defineRole, type HostView, type Step, step } from 'rota'
import { etcdMembersOf, isLeaving, unknownLeavingMember } from '../cluster/index.ts'
import { peerUrl } from '../etcd/config.ts'
import { etcdctl, type Member, parseMembers } from '../etcd/etcdctl.ts'
import { retried } from '../etcd/join.ts'
import { params as etcdParams } from '../etcd/params.ts'
import { enoughStay, type StayOptions, votersBeside } from '../etcd-absent/leave.ts'

const { clientPort, peerPort, configDir, leaving } = etcdParams.properties
const params = { type: 'object', properties: { clientPort, peerPort, configDir, leaving } } as const

/** The members that stay forget one that is dead: whoever of them comes first removes it. Does nothing on the leaving host. */
export const etcdForget = defineRole({
  name: 'etcd-forget',
  description: 'the etcd cluster forgets a dead member',
  params,
  check: ({ params, inventory }) => [
    ...unknownLeavingMember(inventory, params.leaving),
    ...(etcdMembersOf(inventory, params.leaving).length === 0 ? ['no etcd member would be left'] : []),
  ],
  tasks: ({ params, host, inventory }) => {
    if (isLeaving(host, params.leaving)) return []
    const others = etcdMembersOf(inventory, params.leaving)
    return etcdMembersOf(inventory)
      .filter(member => isLeaving(member, params.leaving))
      .map(member => forgetMember(member, { ...params, others }))
  },
})

const forgetMember = (leaving: HostView, options: StayOptions): Step => {
  const memberIn = (list: string): Member | undefined =>
    parseMembers(list).find(member => member.peerUrls.includes(peerUrl(leaving, options.peerPort)))
  const list = etcdctl(options, 'member', 'list')
  return step({
    title: `${leaving.name} is no member of the etcd cluster`,
    facts: { list: check({ run: list }) },
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
