import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterOf, HostView, StepContext } from 'rota'
import { majority } from '../control-plane/gate/majority.ts'
import { type EtcdAt, etcdctl } from '../etcd/etcdctl.ts'
import { anyAnswer, handOverLeadership, healthOfOthers } from '../etcd/leave.ts'
import { type cluster, isOneOf, membersOf } from '../lib/cluster/index.ts'

type Values = ClusterOf<typeof cluster>

/** The etcd member of a host, or nothing where it has none that the roles know of. */
export interface OwnMember {
  readonly at: EtcdAt
  readonly others: readonly HostView[]
}

export function memberOn(
  { host, inventory }: Pick<StepContext, 'host' | 'inventory'>,
  values: Values,
): OwnMember | undefined {
  const { etcdDeployment, leaving, kubeConfigDir, etcdConfigDir, etcdClientPort } = values
  if (etcdDeployment === 'external') return undefined
  const members = membersOf(inventory, etcdDeployment, leaving)
  if (!isOneOf(members, host)) return undefined
  const at =
    etcdDeployment === 'kubeadm'
      ? { configDir: kubeConfigDir, clientPort: 2379, podPki: `${kubeConfigDir}/pki/etcd` }
      : { configDir: etcdConfigDir, clientPort: etcdClientPort }
  return { at, others: members.filter(({ name }) => name !== host.name) }
}

/**
 * A host that goes down takes its member away: that must leave enough others with a vote. They are waited for, since
 * the one that went before may still be on its way back. The leader names its successor first. Throws where too few are
 * healthy, or nobody can tell.
 */
export async function membersDoWithout(
  context: StepContext,
  { at, others }: OwnMember,
  {
    timeout,
    peerPort,
    masters,
  }: { readonly timeout: number; readonly peerPort: number; readonly masters: readonly HostView[] },
): Promise<void> {
  if (others.length === 0) return
  const { host, say } = context
  const options = { ...at, others, peerPort, masters }
  for (let looks = 0, end = Date.now() + timeout * 1000; ; looks += 1) {
    const found = await anyAnswer(context, options)
    const { healthy, ill } = await healthOfOthers(context, options)
    const voters = found?.members.filter(({ learner }) => !learner).length
    if (voters !== undefined && healthy.length >= majority(voters)) {
      await handOverLeadership(context, { ...options, others: healthy })
      return
    }
    const names = ill.map(({ name }) => name).join(', ')
    const why =
      voters === undefined
        ? `no other etcd member answers (${names})`
        : `of ${voters} etcd members ${majority(voters)} others must be healthy meanwhile, and ${healthy.length} are: not ${names || 'one that the inventory does not have'}`
    if (Date.now() > end) throw new Error(`${host.name} is not rebooted: ${why}. See to them and run again`)
    if (looks === 0) say(`${host.name} is not rebooted yet: ${why}; waiting`)
    await sleep(2000)
  }
}

/** Whether the host's own member takes part again. */
export const memberIsHealthy = async (
  { $ }: Pick<StepContext, '$'>,
  { at }: OwnMember,
): Promise<string | undefined> => {
  const answer = await $`${etcdctl(at, 'endpoint', 'health')}`.nothrow()
  return answer.exitCode === 0 ? undefined : lastLine(answer.stderr || answer.stdout)
}

const lastLine = (text: string): string => (text.trim().split('\n').at(-1) ?? '').slice(-300)
