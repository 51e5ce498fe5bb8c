import { type Step, type StepContext, type StepResult, step } from 'rota'
import { type Kubectl, kubectlOn } from '../lib/cluster/kubectl.ts'
import type { Unlisted } from '../lib/cluster/kubectl-list.ts'
import { nodeAsking, whyNot } from './judge.ts'
import type { KnownNode } from './known.ts'
import { isPending, listWords, type Request } from './requests.ts'

interface Wish {
  /** Every node of the inventory. */
  readonly known: ReadonlyMap<string, KnownNode>
  /** Those that are not worked on: what they ask for is for another run. */
  readonly left: ReadonlySet<string>
  /** Who asks, as a master has listed it. */
  readonly asking: readonly string[] | Unlisted
}

/**
 * What kubelets of ours ask for is approved; what anybody else asks for, or asks for more, is named and left. Nothing
 * where nobody asks.
 */
export function approveServing(wish: Wish): Step | undefined {
  const needed = why(wish)
  if (needed === false) return undefined
  return step({
    title: 'certificates that kubelets serve with',
    runOnce: true,
    needed: () => needed,
    run: context => approve(context, wish),
  })
}

function why(wish: Wish): string | false {
  if (typeof wish.asking === 'string') return `what kubelets ask for is ${wish.asking}`
  const asking = wish.asking.filter(username => !isLeft(wish, username))
  return asking.length > 0 && `${[...new Set(asking)].join(', ')} ${asking.length > 1 ? 'ask' : 'asks'} for one`
}

const isLeft = ({ left }: Wish, username: string): boolean => left.has(nodeAsking(username) ?? '')

async function approve(context: StepContext, wish: Wish): Promise<StepResult> {
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) throw new Error('no API server answers: what kubelets ask for is not known')
  const { items } = JSON.parse((await kubectl.$`${listWords(kubectl.words, 'json')}`).stdout) as {
    readonly items: readonly Request[]
  }
  const approved: string[] = []
  for (const request of items) {
    const { metadata, spec, status = {} } = request
    if (!isPending(status) || isLeft(wish, spec.username)) continue
    const why = await whyNot(spec, wish.known)
    if (why === undefined) {
      await putApproved(kubectl, request)
      approved.push(spec.username)
    } else context.say(`${metadata.name} is not approved: ${why}`)
  }
  return approved.length === 0
    ? { changed: false, summary: 'none is approved' }
    : { summary: `approved: ${approved.join(', ')}` }
}

/**
 * The very object that was looked at, by its version: `kubectl certificate approve` would take whatever has its name by
 * then.
 */
async function putApproved({ $, words }: Kubectl, request: Request): Promise<void> {
  const { metadata, status = {} } = request
  const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${encodeURIComponent(metadata.name)}/approval`
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'RotaApproved',
    message: 'A kubelet of a node of the inventory asks for its own names and addresses.',
  }
  const approved = { ...request, status: { ...status, conditions: [...(status.conditions ?? []), condition] } }
  await $`${words} replace --raw ${path} -f -`.stdin(JSON.stringify(approved))
}
