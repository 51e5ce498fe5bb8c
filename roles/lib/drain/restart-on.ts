import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from 'rota'
import { nodeNameOf } from '../cluster/cluster.ts'
import { type Kubectl, kubectlOn } from '../cluster/kubectl.ts'

/** What the cluster says of a node. */
export interface NodeState {
  readonly kubelet: string
  /** `containerd://1.7.27` */
  readonly engine: string
  readonly isReady: boolean
}

export interface Restart {
  /** What is restarted: `kubelet`. */
  readonly what: string
  readonly restart: () => Promise<unknown>
  /** Seconds until the node is Ready with it, and then as many until the pods are. */
  readonly timeout: number
  /** What it shall be, and what it is as the node says. */
  readonly wanted: string
  readonly is: (state: NodeState) => string
  readonly lastWords: () => Promise<string>
}

/**
 * Restarts what a node cannot do without. It must be Ready with the new version then, and the pods that were ready on
 * it be so again: asked of the cluster, through a master. Returns the name of the node.
 */
export async function restartOn(context: StepContext, { what, restart, timeout, ...so }: Restart): Promise<string> {
  const { host, inventory } = context
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined)
    throw new Error(
      `no API server answers, so whether ${host.name} comes back would not be known: nothing is restarted`,
    )
  const name = nodeNameOf(host, inventory)
  const before = await podsOn(kubectl, name)
  await restart()
  await until(timeout, async () => {
    const state = await nodeState(kubectl, name)
    const is = so.is(state)
    if (is === so.wanted && state.isReady) return undefined
    return async () =>
      `${name} is ${state.isReady ? 'Ready' : 'not Ready'} with ${what} ${is || '(unknown)'}, not ${so.wanted}, ${timeout} s after its restart${await so.lastWords()}`
  })
  await until(timeout, async () => {
    const now = await podsOn(kubectl, name)
    const lost = [...before].filter(([pod, ready]) => ready && now.get(pod) === false).map(([pod]) => pod)
    if (lost.length === 0) return undefined
    return async () =>
      `${lost.slice(0, 5).join(', ')} on ${name} ${lost.length > 1 ? 'are' : 'is'} not ready any more, ${timeout} s after the restart of ${what}`
  })
  return name
}

/** Looks every two seconds; throws what the last look says once the time is over. */
async function until(seconds: number, look: () => Promise<(() => Promise<string>) | undefined>): Promise<void> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const why = await look()
    if (why === undefined) return
    if (Date.now() > end) throw new Error(await why())
    await sleep(2000)
  }
}

const stateJsonpath =
  'jsonpath={.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.containerRuntimeVersion}'

/** An API server may be restarting as well: what it does not say now is asked again. */
async function nodeState({ $, words }: Kubectl, name: string): Promise<NodeState> {
  const said = await $`${words} get node ${name} -o ${stateJsonpath}`.nothrow().text()
  const [kubelet = '', ready = '', engine = ''] = said.split(' ')
  return { kubelet, engine, isReady: ready === 'True' }
}

const podsJsonpath =
  'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\t"}{.metadata.deletionTimestamp}{"\\t"}{.status.phase}{"\\t"}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'

async function podsOn({ $, words }: Kubectl, node: string): Promise<ReadonlyMap<string, boolean>> {
  const answer = await $`${words} get pods -A --field-selector ${`spec.nodeName=${node}`} -o ${podsJsonpath}`.nothrow()
  return readPods(answer.stdout)
}

/** Whether each is ready; those that end, or have ended, are left out. */
export const readPods = (stdout: string): ReadonlyMap<string, boolean> =>
  new Map(
    stdout.split('\n').flatMap(line => {
      const [, name, phase, ready] = /^([\w.-]+\/[\w.-]+)\t\t(\w*)\t(\w*)$/.exec(line) ?? []
      if (name === undefined || phase === 'Succeeded' || phase === 'Failed') return []
      return [[name, ready === 'True'] as const]
    }),
  )
