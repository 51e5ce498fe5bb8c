import { setTimeout as sleep } from 'node:timers/promises'
import { type Around, around } from 'rota'
import { type Kubectl, kubectlOn } from '../control-plane/kubectl.ts'
import { cluster } from '../lib/cluster/index.ts'

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
      if (kubectl === undefined) return
      const name = context.cluster.nodeName
      const before = await seen(kubectl, name)
      if (before === undefined) return
      for (const end = Date.now() + timeout * 1000; ; ) {
        const now = await seen(kubectl, name)
        if (now?.ready === 'True' && now.renewed !== before.renewed) return
        if (Date.now() > end)
          throw new Error(
            `the node ${name} ${now?.ready === 'True' ? 'does not renew its lease' : 'is not Ready'} ${timeout} s after its changes`,
          )
        await sleep(1000)
      }
    },
  })

interface Seen {
  readonly ready: string
  readonly renewed: string
}

async function seen({ $, words }: Kubectl, name: string): Promise<Seen | undefined> {
  const get = (...what: readonly string[]) => $`${[...words, 'get', ...what, '--ignore-not-found']}`.nothrow().text()
  const renewed = await get('lease', '-n', 'kube-node-lease', name, '-o', 'jsonpath={.spec.renewTime}')
  const ready = await get('node', name, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
  // A host without a lease is no node, or one whose kubelet has never come.
  return renewed === '' && ready === '' ? undefined : { ready, renewed }
}
