import type { Kubectl } from '../cluster/kubectl.ts'

/** Marks a node that was cordoned by us, so that a later run knows whose it is to undo. */
export const annotation = 'rota/cordoned'

/**
 * Its value where a node could not be drained and shall stay cordoned (upgrade_node_uncordon_after_drain_failure:
 * false).
 */
export const stays = 'drain failed'

/** A node as a drain sees it. */
export interface Node {
  readonly name: string
  readonly unschedulable: boolean
  /** Cordoned by us. */
  readonly ours: boolean
  readonly stays: boolean
  /** Not where its kubelet has not said so for a while. */
  readonly ready: boolean
  /** Whether it said so itself when it was taken out; of one that is in service, now. */
  readonly wasReady: boolean
  /** What the kubelet, or whoever misses it, says about that. */
  readonly says: string
}

/** Ends the mark of a node that was not Ready when it was taken out: nobody waits for it. */
const notReady = ' not Ready'

/** What a node is marked with as it is taken out. */
export const markOf = ({ wasReady }: Pick<Node, 'wasReady'>): string =>
  `${new Date().toISOString()}${wasReady ? '' : notReady}`

/** Reads `kubectl get node NAME -o json`. */
export function parseNode(json: string): Node {
  const node = JSON.parse(json) as {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
    readonly spec?: { readonly unschedulable?: boolean }
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
    }
  }
  const mark = node.metadata.annotations?.[annotation]
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready')
  const ready = condition === undefined || condition.status === 'True'
  return {
    name: node.metadata.name,
    unschedulable: node.spec?.unschedulable === true,
    ours: mark !== undefined,
    stays: mark === stays,
    ready,
    wasReady: mark === undefined || mark === stays ? condition?.status === 'True' : !mark.endsWith(notReady),
    says: condition?.message ?? '',
  }
}

/**
 * Cordons and marks, or undoes both where there is no mark, in one change: there is no moment in which a node is
 * cordoned and nobody knows by whom.
 */
export const patchNode = async ({ $, words }: Kubectl, name: string, mark: string | null): Promise<void> => {
  const change = {
    metadata: { annotations: { [annotation]: mark } },
    spec: { unschedulable: mark === null ? null : true },
  }
  await $`${words} patch node ${name} --type merge -p ${JSON.stringify(change)}`
}
