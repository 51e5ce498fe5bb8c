import { facts, type HostView, type Step, type StepContext, step } from 'rota'
import { isMemberOf, type PeersAt } from './config.ts'
import { type EtcdAt, etcdctl, type Member, parseMembers } from './etcdctl.ts'
import { whileHeld } from './hold.ts'
import { retried } from './join.ts'
import { keepSnapshot, type SnapshotAt } from './snapshot.ts'

export interface LeaveOptions extends StayOptions, SnapshotAt {
  readonly dataDir: string
  /** The host has the settings of a member: it may be one whose data is gone, which the others still count. */
  readonly isMade?: boolean
  /** Masters whose API servers use this etcd. */
  readonly masters: readonly HostView[]
  /**
   * What has to be done on this host when it is sure that those that stay are enough, and before the member is removed.
   */
  readonly before?: (context: StepContext) => Promise<unknown>
  /** What has to be done when the member is removed. */
  readonly after?: (context: StepContext, own: Member) => Promise<unknown>
}

export interface StayOptions extends EtcdAt, PeersAt {
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
    needed: ({ data }) => {
      if (data.type !== 'absent') return 'this host has the data of a member'
      return options.isMade === true && 'this host has the settings of a member'
    },
    run: async context => {
      const { host, on } = context
      const found = await anyAnswer(context, options)
      if (found === undefined) throw new Error('no other etcd member answers: nothing is removed')
      const own = found.members.find(isMemberOf(host, options))
      if (own === undefined) return { summary: 'is no member any more' }
      const staying = votersBeside(own, found.members)
      allAreVoters(options, host.name, staying)
      const healthy = await enoughStay(context, options, host.name, staying.length)
      const peer = on(found.peer.name)
      await keepSnapshot(context, options, healthy)
      await options.before?.(context)
      await handOverLeadership(context, { ...options, others: healthy })
      await retried(() => peer`${etcdctl(options, 'member', 'remove', own.id)}`.nothrow(), Date.now() + 60_000)
      await options.after?.(context, own)
      return { summary: `removed through ${found.peer.name}` }
    },
  })

/** The first of the other members that answers, and the members as it lists them. */
export async function anyAnswer(
  { on }: Pick<StepContext, 'on'>,
  options: Pick<StayOptions, 'others' | 'configDir' | 'clientPort' | 'podPki'>,
): Promise<{ readonly peer: HostView; readonly members: readonly Member[] } | undefined> {
  for (const peer of options.others) {
    const list = await on(peer.name)`${etcdctl(options, 'member', 'list')}`.nothrow().catch(() => undefined)
    if (list?.exitCode === 0) return { peer, members: parseMembers(list.stdout) }
  }
  return undefined
}

/**
 * A leader that is removed leaves the cluster without one until the others miss it, five seconds and more in which the
 * API servers answer nothing. So it names its successor first, one of `others`: the first of them that takes it.
 */
export async function handOverLeadership(
  { $, on, say, host }: StepContext,
  options: StayOptions & Pick<LeaveOptions, 'masters'>,
): Promise<void> {
  const status = await $`${etcdctl(options, 'endpoint', 'status', '-w', 'json')}`.nothrow()
  if (status.exitCode !== 0 || !isLeader(status.stdout)) return
  const members = parseMembers((await $`${etcdctl(options, 'member', 'list')}`).stdout)
  const voters = members.filter(member => member.started && !member.learner)
  const successors = options.others.flatMap(peer => voters.find(isMemberOf(peer, options)) ?? [])
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

/** Every host that stays has a vote, or the cluster would have fewer than the inventory says; throws if not. */
export function allAreVoters(options: StayOptions, leaving: string, staying: readonly Member[]): void {
  const without = options.others.filter(host => !staying.some(isMemberOf(host, options)))
  if (without.length > 0)
    throw new Error(
      `without ${leaving} etcd would have ${staying.length} member(s) with a vote, and ${without.map(({ name }) => name).join(', ')} has none: make it a member first (upgrade.mjs), or take it out of the inventory`,
    )
}

/** The members in good health, if they are enough of those that stay; throws if not. */
export async function enoughStay(
  context: Pick<StepContext, 'on'>,
  options: StayOptions,
  leaving: string,
  total: number,
): Promise<readonly HostView[]> {
  const { healthy, ill } = await healthOfOthers(context, options)
  const needed = Math.floor(total / 2) + 1
  if (healthy.length >= needed) return healthy
  throw new Error(
    `without ${leaving} etcd would have ${total} member(s), of which ${needed} must be healthy, and ${healthy.length} are: see to ${ill.map(({ name }) => name).join(', ') || 'the others'} first`,
  )
}

/** Each member that stays is asked on its own host: it reads a key through the quorum. */
export async function healthOfOthers(
  { on }: Pick<StepContext, 'on'>,
  options: Pick<StayOptions, 'others' | 'configDir' | 'clientPort' | 'podPki'>,
): Promise<{ readonly healthy: readonly HostView[]; readonly ill: readonly HostView[] }> {
  const states = await Promise.all(
    options.others.map(async peer => {
      const health = await on(peer.name)`${etcdctl(options, 'endpoint', 'health')}`.nothrow().catch(() => undefined)
      return { peer, isHealthy: health?.exitCode === 0 }
    }),
  )
  const those = (isHealthy: boolean) => states.filter(state => state.isHealthy === isHealthy).map(({ peer }) => peer)
  return { healthy: those(true), ill: those(false) }
}
