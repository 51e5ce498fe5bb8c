import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type HostView, type RemoteOutput, type RemoteShell, type Step, type StepContext, step } from 'rota'
import { bootstrapEnv, bootstrapPath, isMemberOf, type PeersAt, peerUrl } from './config.ts'
import { etcdctl, initialCluster, knowsLearners, type Member, parseMembers } from './etcdctl.ts'
import { keepSnapshot, type SnapshotAt } from './snapshot.ts'

export interface JoinOptions extends PeersAt, SnapshotAt {
  readonly dataDir: string
  readonly joinTimeout: number
  readonly unit: string
  /** All members that the cluster shall have, this host among them. */
  readonly members: readonly HostView[]
}

/**
 * Makes this host a member before its daemon starts. The first host bootstraps a cluster of itself alone and every
 * other one joins, so a new cluster and a new member go the same way, one at a time or together. Nobody bootstraps
 * while somebody else may have data: a second cluster beside one that is only down would be the worst of all outcomes.
 */
export const joinCluster = (options: JoinOptions): Step =>
  step({
    title: 'join the etcd cluster',
    facts: { data: facts.path({ path: `${options.dataDir}/member` }) },
    needed: ({ data }) => data.type === 'absent' && 'this host has no data of a member yet',
    run: async context => {
      const until = Date.now() + options.joinTimeout * 1000
      const others = options.members.filter(member => member.name !== context.host.name)
      for (;;) {
        const seen = await lookAround(context, options, others)
        if (seen.kind === 'cluster') {
          await keepSnapshot(context, options, [seen.peer, ...others.filter(({ name }) => name !== seen.peer.name)])
          return join(context, options, seen, until)
        }
        if (seen.kind === 'refused') throw new Error(seen.reason)
        if (options.members[0]?.name === context.host.name) {
          await writeBootstrap(context, options, 'new', [
            `${context.host.name}=${peerUrl(context.host, options.peerPort)}`,
          ])
          return { summary: 'bootstraps a new cluster' }
        }
        if (Date.now() > until)
          throw new Error(
            `there is no etcd cluster to join: it begins on ${options.members[0]?.name}; run without --limit, or on that host first`,
          )
        await sleep(2000)
      }
    },
  })

type Surroundings =
  | { readonly kind: 'cluster'; readonly peer: HostView; readonly members: readonly Member[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly reason: string }

async function lookAround(
  { on }: StepContext,
  options: JoinOptions,
  others: readonly HostView[],
): Promise<Surroundings> {
  const states = await Promise.all(others.map(async peer => ({ peer, state: await stateOf(on(peer.name), options) })))
  const answer = states.find(({ state }) => state.kind === 'answers')
  if (answer?.state.kind === 'answers') return { kind: 'cluster', peer: answer.peer, members: answer.state.members }
  const named = (kind: 'data' | 'unreachable'): string =>
    states
      .filter(({ state }) => state.kind === kind)
      .map(({ peer }) => peer.name)
      .join(', ')
  if (named('data') !== '')
    return {
      kind: 'refused',
      reason: `${named('data')} has the data of an etcd cluster, which does not answer: bring it back first, a second cluster is not made`,
    }
  if (named('unreachable') !== '')
    return {
      kind: 'refused',
      reason: `${named('unreachable')} can't be asked whether there is an etcd cluster already: a new one is not made before it can`,
    }
  return { kind: 'nothing' }
}

type PeerState =
  | { readonly kind: 'answers'; readonly members: readonly Member[] }
  | { readonly kind: 'data' | 'empty' | 'unreachable' }

async function stateOf($: RemoteShell, options: JoinOptions): Promise<PeerState> {
  try {
    const list = await $`${etcdctl(options, 'member', 'list')}`.nothrow()
    if (list.exitCode === 0) return { kind: 'answers', members: parseMembers(list.stdout) }
    const data = await $`test -e ${`${options.dataDir}/member`}`.nothrow()
    return { kind: data.exitCode === 0 ? 'data' : 'empty' }
  } catch {
    return { kind: 'unreachable' }
  }
}

async function join(
  context: StepContext,
  options: JoinOptions,
  cluster: { readonly peer: HostView; readonly members: readonly Member[] },
  until: number,
): Promise<{ readonly summary: string }> {
  const { host } = context
  const $ = context.on(cluster.peer.name)
  const url = peerUrl(host, options.peerPort)
  const isOwn = isMemberOf(host, options)
  const own = cluster.members.find(isOwn)
  // Listed as running, and yet there is no data here: what the cluster knows of this host was lost.
  if (own?.started) {
    const active = await context.$`systemctl is-active ${options.unit}`.nothrow().text()
    if (active === 'active')
      throw new Error(
        `${options.unit} runs on ${host.name}, but there is nothing in ${options.dataDir}: has etcd_data_dir changed? Its data is not moved`,
      )
    context.say(`${host.name} is a member whose data is gone: removed, and added anew`)
    await $`${etcdctl(options, 'member', 'remove', own.id)}`
  }
  if (own === undefined || own.started) {
    const learner = knowsLearners((await $`env ETCDCTL_API=3 etcdctl version`).stdout)
    await retried(
      () =>
        $`${etcdctl(options, 'member', 'add', host.name, `--peer-urls=${url}`, ...(learner ? ['--learner'] : []))}`.nothrow(),
      until,
    )
  }
  const members = parseMembers((await $`${etcdctl(options, 'member', 'list')}`).stdout)
  await writeBootstrap(context, options, 'existing', initialCluster(members, { name: host.name, isOwn }))
  return { summary: `added through ${cluster.peer.name}` }
}

// A cluster takes one new member at a time, and none while it is not sure of itself.
const passing =
  /in sync with leader|unhealthy cluster|not enough started members|too many learner|leader changed|timed out|no leader|deadline exceeded/i

/** Repeats what failed for a reason that passes. */
export async function retried(run: () => Promise<RemoteOutput>, until: number): Promise<RemoteOutput> {
  for (;;) {
    const output = await run()
    if (output.exitCode === 0) return output
    if (!passing.test(output.stderr + output.stdout) || Date.now() > until)
      throw new Error(`etcd refused: ${(output.stderr || output.stdout).trim()}`)
    await sleep(2000)
  }
}

async function writeBootstrap(
  { $, host }: StepContext,
  options: JoinOptions,
  state: 'new' | 'existing',
  cluster: readonly string[],
): Promise<void> {
  const content = bootstrapEnv(host, { peerPort: options.peerPort, state, cluster })
  await $`mkdir -p ${options.configDir} && cat > ${bootstrapPath(options.configDir)}`.stdin(content)
}
