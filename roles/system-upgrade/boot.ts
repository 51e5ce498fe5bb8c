import { setTimeout as sleep } from 'node:timers/promises'
import type { LimitFunction } from 'p-limit'
import { type ClusterOf, type Facts, facts, reboot, type Step, type StepContext, type StepResult } from 'rota'
import { closedOverBoot } from '../control-plane/drain/over-boot.ts'
import { nodeIsSeen } from '../kube-clients/node-serves.ts'
import { type cluster, isOneOf } from '../lib/cluster/index.ts'
import { type Kubectl, kubectlOn, ownKubectlWords } from '../lib/cluster/kubectl.ts'
import { memberIsHealthy, memberOn, membersDoWithout, type OwnMember } from './members.ts'
import type { Params } from './params.ts'

type Values = ClusterOf<typeof cluster>

const required = facts.rebootRequired({})

/** Why the host is to be rebooted, or nothing. */
export const whyReboot = ({ reboot: mode }: Pick<Params, 'reboot'>, seen: Facts): string | undefined => {
  if (mode === 'never') return undefined
  return mode === 'always' ? 'system_upgrade_reboot: always' : seen.get(required).reason
}

export const whyRebootFacts = { required }

/**
 * The reboot of a host that may be a master, a member of etcd and a node: not before the others can do without it, and
 * done only when all three are there again. Of hosts that are members one goes after the other, whatever the play says.
 */
export function bootsAnew(params: Params, values: Values, oneAfterAnother: LimitFunction): Step {
  const base = reboot({
    timeout: params.rebootTimeout,
    message: 'Rebooted by Rota: system_upgrade',
    // Before that /tmp may be emptied yet: a container lets one in from its first moment on.
    testCommand: '! command -v systemctl >/dev/null || systemctl -q is-active sysinit.target',
  })
  return {
    ...base,
    title: 'reboot, and be back with all that it does',
    facts: whyRebootFacts,
    needed: seen => whyReboot(params, seen) ?? false,
    run: context => {
      const member = memberOn(context, values)
      const work = () => goAndComeBack(context, params, values, member, () => base.run(context))
      return member === undefined ? work() : oneAfterAnother(work)
    },
  }
}

async function goAndComeBack(
  context: StepContext,
  params: Params,
  values: Values,
  member: OwnMember | undefined,
  boot: () => Promise<StepResult | undefined>,
): Promise<StepResult | undefined> {
  const { $, host } = context
  const isMaster = isOneOf(values.masters, host)
  const kubectl = await othersServe(context, values, isMaster)
  const isNode = kubectl !== undefined && (await knowsNode(kubectl, values.nodeName))
  if (member !== undefined)
    await membersDoWithout(context, member, {
      timeout: params.etcdTimeout,
      peerPort: params.peerPort,
      masters: values.masters,
    })
  return closedOverBoot($, values, async () => {
    const result = await boot()
    const wait = (what: string, look: () => Promise<string | undefined>) => until(params.readyTimeout, what, look)
    if (member !== undefined) await wait('its etcd member is not healthy', () => memberIsHealthy(context, member))
    if (isMaster && kubectl !== undefined)
      await wait('its API server is not ready', () => apiServerIsReady(context, values))
    if (isNode) {
      const name = (await $`cat /proc/sys/kernel/random/boot_id`).stdout.trim()
      // Its own API server is there again, where nobody else's is.
      const asked = (await kubectlOn(context)) ?? kubectl
      await nodeIsSeen(asked, values.nodeName, { timeout: params.readyTimeout, since: 'its reboot', boot: name })
    }
    return result
  })
}

/**
 * Somebody who serves meanwhile, and tells afterwards whether the node is back. None where there is no cluster yet.
 * Throws where a master would be the last that serves.
 */
async function othersServe(context: StepContext, values: Values, isMaster: boolean): Promise<Kubectl | undefined> {
  const { host } = context
  const found = await kubectlOn(context)
  const others = values.masters.filter(({ name }) => name !== host.name)
  if (isMaster && others.length > 0 && found?.master === host.name)
    throw new Error(
      `${host.name} is not rebooted: no other API server answers (${others.map(({ name }) => name).join(', ')}), and it would take the last one away`,
    )
  return found
}

const knowsNode = async ({ $, words }: Kubectl, name: string): Promise<boolean> =>
  (await $`${words} get node ${name} -o name --ignore-not-found`).stdout.trim() !== ''

async function apiServerIsReady({ $ }: StepContext, values: Values): Promise<string | undefined> {
  const answer = await $`${ownKubectlWords(values)} get --raw /readyz`.nothrow().timeout(20)
  return answer.exitCode === 0 ? undefined : (answer.stderr.trim().split('\n').at(-1) ?? '').slice(-300)
}

async function until(seconds: number, what: string, look: () => Promise<string | undefined>): Promise<void> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const why = await look()
    if (why === undefined) return
    if (Date.now() > end) throw new Error(`${what} ${seconds} s after the reboot: ${why}`)
    await sleep(1000)
  }
}
