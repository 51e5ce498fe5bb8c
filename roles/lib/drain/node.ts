import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { type Around, around, type HookContext, type StepContext } from 'rota'
import { cluster, isLeaving, staysNode } from '../cluster/index.ts'
import { type Kubectl, kubectlOn } from '../cluster/kubectl.ts'
import { drainFailed } from './blocked.ts'
import { comesBack } from './comes-back.ts'
import { markOf, type Node, parseNode, patchNode, stays } from './cordon.ts'
import { evict } from './evict.ts'
import { controllersAct } from './leaders.ts'
import { type AtLeast, enoughReady } from './ready.ts'
import { drainSettings, type Wait } from './settings.ts'

export interface DrainNodeOptions {
  /**
   * How many of the nodes that take pods must be Ready while others are worked on, by how many there are. A node is not
   * taken out before so many would be left.
   */
  readonly ready?: AtLeast
}

/**
 * Cordons and drains a node before its changes and uncordons it after, with kubespray's variables. Those that go at the
 * same time are all cordoned first, then drained one after the other: no pod goes from one of them to the next. A node
 * that somebody else had cordoned, and one that is not Ready, is left as it is; `upgrade_node_always_cordon` drains it
 * too, and a cordon that is somebody else's stays. One that an earlier run of ours has left cordoned is ours: it is
 * taken back into service. A node that was Ready takes no pods before it is so again. A host that leaves is drained and
 * stays cordoned, but a master that goes on as a node.
 */
export const drainNode = ({ ready }: DrainNodeOptions = {}): Around => {
  const oneAfterAnother = pLimit(1)
  // Nodes that this play has taken out and not put back.
  const out = new Set<string>()
  return around({
    name: 'the node is drained',
    cluster,
    announce: async context => {
      await waitFor(context, drainSettings(context.cluster).before, `Ready to change ${context.host.name}?`)
      const found = await nodeOf(context, context.say)
      if (found === undefined || found === 'nobody answers') return
      const { kubectl, node } = found
      const left = leftAlone(node, context.cluster.alwaysCordon)
      if (left !== undefined) return context.say(`${node.name} ${left}`)
      if (!isForeign(node)) await patchNode(kubectl, node.name, markOf(node))
    },
    enter: context =>
      oneAfterAnother(async () => {
        const settings = drainSettings(context.cluster)
        const found = await nodeOf(context)
        if (found === undefined || found === 'nobody answers') return
        const { kubectl, node } = found
        if (leftAlone(node, context.cluster.alwaysCordon) !== undefined) return
        if (ready) await enoughReady(kubectl, { leaves: node.name, out, atLeast: ready, say: context.say })
        if (settings.drain) await controllersAct(kubectl, node.name, context)
        out.add(node.name)
        if (!settings.drain) return
        const failed = await evict(context, kubectl, node.name, settings)
        if (failed === undefined) return
        const why = await drainFailed(kubectl, node.name, failed)
        if (!settings.failAfterFailure) {
          context.say(`${why}. It is changed all the same (upgrade_node_fail_if_drain_fails: false)`)
          return
        }
        out.delete(node.name)
        // The hook is left at once after a failure: what stays cordoned must say so, and what does not is no matter for
        // questions.
        if (!isForeign(node)) await patchNode(kubectl, node.name, settings.uncordonAfterFailure ? null : stays)
        throw new Error(why)
      }),
    leave: async context => {
      const { host, inventory } = context
      const { leaving } = context.cluster
      if (isLeaving(host, leaving) && !staysNode(host, inventory, leaving)) return
      const found = await nodeOf(context)
      // The hook stays owed, and the next run takes the node back.
      if (found === 'nobody answers')
        throw new Error(
          `whether ${context.host.name} is cordoned is not known: no API server answers. Run again when one does`,
        )
      if (found !== undefined) out.delete(found.node.name)
      if (!found?.node.ours || found.node.stays) return
      const { kubectl, node } = found
      const settings = drainSettings(context.cluster)
      if (node.wasReady) await comesBack(kubectl, node.name, settings.readySeconds)
      await waitFor(context, settings.after, `Ready to uncordon ${node.name}?`)
      await patchNode(kubectl, node.name, null)
    },
  })
}

const isForeign = (node: Node): boolean => node.unschedulable && !node.ours

/** Why a node is neither cordoned nor drained, or nothing; kubespray's rule. */
function leftAlone(node: Node, always: boolean): string | undefined {
  if (always) return undefined
  if (isForeign(node)) return 'was cordoned by somebody else: it is not drained, and stays cordoned'
  return node.ready ? undefined : 'is not Ready: it is not drained, for its pods could not end'
}

async function waitFor({ ask }: StepContext, { confirm, pauseSeconds }: Wait, question: string): Promise<void> {
  if (!confirm) return sleep(pauseSeconds * 1000)
  if (!(await ask(question))) throw new Error('the operator said no')
}

async function nodeOf(
  context: HookContext<typeof cluster>,
  say: StepContext['say'] = () => {},
): Promise<{ readonly kubectl: Kubectl; readonly node: Node } | 'nobody answers' | undefined> {
  const { host } = context
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) {
    say(`${host.name}: no API server answers, so there is no node to drain`)
    return 'nobody answers'
  }
  const name = context.cluster.nodeName
  const { $, words } = kubectl
  const answer = await $`${words} get node ${name} -o json --ignore-not-found`
  if (answer.stdout.trim() === '') {
    say(`${host.name} is no node of the cluster: nothing to drain`)
    return undefined
  }
  return { kubectl, node: parseNode(answer.stdout) }
}
