import { setTimeout as sleep } from 'node:timers/promises'
import { type Around, around } from 'rota'
import { cluster } from '../lib/cluster/index.ts'
import { type Kubectl, kubectlOn } from '../lib/cluster/kubectl.ts'

/**
 * After its changes a node is seen by the cluster: it renews its lease, and it is Ready. A node's condition alone would
 * stay true for forty seconds after its kubelet has lost the API. A host that is no node is passed over.
 */
export const nodeServes = ({ timeout = 120 }: { readonly timeout?: number } = {}): Around =>
  around({
    name: 'the cluster sees the node',
    cluster,
    enter: async () => {},
    leave: async context => {
      const kubectl = await kubectlOn(context)
      if (kubectl !== undefined) await nodeIsSeen(kubectl, context.cluster.nodeName, { timeout, since: 'its changes' })
    },
  })

/**
 * Waits until the cluster sees the node; one that it does not know is passed over. With `boot`, the kernel's name for
 * the boot that the host is in: the kubelet has told of this one.
 */
export async function nodeIsSeen(
  kubectl: Kubectl,
  name: string,
  { timeout, since, boot }: { readonly timeout: number; readonly since: string; readonly boot?: string },
): Promise<void> {
  const before = await seen(kubectl, name)
  if (before === undefined) return
  for (const end = Date.now() + timeout * 1000; ; ) {
    const now = await seen(kubectl, name)
    const isReady = now?.ready === 'True' && (boot === undefined || now.boot === boot)
    if (isReady && now.renewed !== before.renewed) return
    if (Date.now() > end)
      throw new Error(
        `the node ${name} ${isReady ? 'does not renew its lease' : 'is not Ready'} ${timeout} s after ${since}`,
      )
    await sleep(1000)
  }
}

interface Seen {
  readonly ready: string
  readonly renewed: string
  readonly boot: string
}

async function seen({ $, words }: Kubectl, name: string): Promise<Seen | undefined> {
  const get = (...what: readonly string[]) => $`${[...words, 'get', ...what, '--ignore-not-found']}`.nothrow().text()
  const renewed = await get('lease', '-n', 'kube-node-lease', name, '-o', 'jsonpath={.spec.renewTime}')
  const state = await get(
    'node',
    name,
    '-o',
    'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.bootID}',
  )
  const [ready = '', boot = ''] = state.split(' ')
  // A host without a lease is no node, or one whose kubelet has never come.
  return renewed === '' && ready === '' ? undefined : { ready, renewed, boot }
}
