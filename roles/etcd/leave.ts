import { facts, type HostView, type Step, type StepContext, step } from 'rota'
import { isMemberOf } from './config.ts'
import { type EtcdAt, etcdctl, type Member, parseMembers } from './etcdctl.ts'
import { whileHeld } from './hold.ts'
import { retried } from './join.ts'

export interface LeaveOptions extends StayOptions {
  readonly dataDir: string
  /** Masters whose API servers use this etcd. */
  readonly masters: readonly HostView[]
  /**
   * What has to be done on this host when it is sure that those that stay are enough, and before the member is removed.
   */
  readonly before?: (context: StepContext) => Promise<unknown>
}

export interface StayOptions extends EtcdAt {
  readonly peerPort: number
  /** Members that stay. */
  readonly others: readonly HostView[]
}

/**
 * Takes this host out of the etcd cluster through a member that stays, and only if those that stay are enough of them
 * in good health to decide anything without it.
 */
export const leaveCluster = (options: LeaveOptions): Step =>
  step({
    title: 'leave the etcd cluster',
    facts: { data: facts.path({ path: `${options.dataDir}/member` }) },
    needed: ({ data }) => data.type !== 'absent' && 'this host has the data of a member',
    run: async context => {
      const { host, on } = context
      const found = await anyAnswer(context, options)
      if (found === undefined) throw new Error('no other etcd member answers: nothing is removed')
      const own = found.members.find(isMemberOf(host, options.peerPort))
      if (own === undefined) return { summary: 'is no member any more' }
      const staying = votersBeside(own, found.members)
      const healthy = await enoughStay(context, options, host.name, staying.length)
      await options.before?.(context)
      await handOverLeadership(context, { ...options, others: healthy })
      await retried(
        () => on(found.peer.name)`${etcdctl(options, 'member', 'remove', own.id)}`.nothrow(),
        Date.now() + 60_000,
      )
      return { summary: `removed through ${found.peer.name}` }
    },
  })

async function anyAnswer(
  { on }: StepContext,
  options: LeaveOptions,
): Promise<{ readonly peer: HostView; readonly members: readonly Member[] } | undefined> {
  for (const peer of options.others) {
    const list = await on(peer.name)`${etcdctl(options, 'member', 'list')}`.nothrow().catch(() => undefined)
    if (list?.exitCode === 0) return { peer, members: parseMembers(list.stdout) }
  }
  return undefined
}

/**
 * A leader that is removed leaves the cluster without one until the others miss it, five seconds and more in which the
 * API servers answer nothing. So it names its successor first, one of `others`.
 */
export async function handOverLeadership({ $, on, say, host }: StepContext, options: LeaveOptions): Promise<void> {
  const status = await $`${etcdctl(options, 'endpoint', 'status', '-w', 'json')}`.nothrow()
  if (status.exitCode !== 0 || !isLeader(status.stdout)) return
  const members = parseMembers((await $`${etcdctl(options, 'member', 'list')}`).stdout)
  const successors = members.filter(
    member =>
      member.started && !member.learner && options.others.some(peer => isMemberOf(peer, options.peerPort)(member)),
  )
  for (const successor of successors) {
    const moved = await whileHeld({ on }, options.masters, () =>
      $`${etcdctl(options, 'move-leader', successor.id)}`.nothrow(),
    )
    if (moved.exitCode === 0) return
    say(`${host.name} could not hand its leadership to ${successor.name}: ${moved.stderr.trim()}`)
  }
}

/** Compared as text: the numbers are larger than JavaScript's. */
export const isLeader = (status: string): boolean => {
  const [own, leader] = ['member_id', 'leader'].map(name => new RegExp(`"${name}":(\\d+)`).exec(status)?.[1])
  return own !== undefined && own === leader
}

export const votersBeside = (leaving: Member, members: readonly Member[]): readonly Member[] =>
  members.filter(member => member.id !== leaving.id && !member.learner)

/** The members in good health, if they are enough of those that stay; throws if not. */
export async function enoughStay(
  { on }: Pick<StepContext, 'on'>,
  options: StayOptions,
  leaving: string,
  total: number,
): Promise<readonly HostView[]> {
  const states = await Promise.all(
    options.others.map(async peer => {
      const health = await on(peer.name)`${etcdctl(options, 'endpoint', 'health')}`.nothrow().catch(() => undefined)
      return { peer, healthy: health?.exitCode === 0 }
    }),
  )
  const healthy = states.filter(state => state.healthy)
  const needed = Math.floor(total / 2) + 1
  if (healthy.length >= needed) return healthy.map(({ peer }) => peer)
  const ill = states.filter(state => !state.healthy).map(({ peer }) => peer.name)
  throw new Error(
    `without ${leaving} etcd would have ${total} member(s), of which ${needed} must be healthy, and ${healthy.length} are: see to ${ill.join(', ') || 'the others'} first`,
  )
}
