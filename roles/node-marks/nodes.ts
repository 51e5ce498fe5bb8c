import { kubectlList } from '../lib/cluster/kubectl-list.ts'
import type { Taint } from './taint.ts'

type Texts = Readonly<Record<string, string>>

/** What of a node is looked at. */
export interface Node {
  readonly labels: Texts
  readonly annotations: Texts
  readonly taints: readonly Taint[]
}

/** Each part is JSON on one line, whatever is in it: annotations are a kubelet's to write. */
const columns = '{.metadata.name}{"\\t"}{.metadata.labels}{"\\t"}{.metadata.annotations}{"\\t"}{.spec.taints}'
const jsonpath = `jsonpath={range .items[*]}${columns}{"\\n"}{end}`

/** Nodes of the cluster by their name, as a master knows them: one call, however many there are. */
export const nodesFact = kubectlList('nodes', lines => new Map(lines.map(readLine)))

export type Nodes = ReadonlyMap<string, Node>

/** All of them, or those that have a label. */
export const nodesOf = (kubectl: readonly string[], label?: string) =>
  nodesFact([...kubectl, 'get', 'nodes', ...(label === undefined ? [] : ['-l', label]), '-o', jsonpath])

function readLine(line: string): readonly [string, Node] {
  const [name = '', labels, annotations, taints] = line.split('\t')
  const json = <T>(text: string | undefined, empty: T): T => (text ? (JSON.parse(text) as T) : empty)
  return [name, { labels: json(labels, {}), annotations: json(annotations, {}), taints: json(taints, []) }]
}

/** Reads `kubectl get node NAME -o json`, with the version by which a change tells that nothing has come between. */
export function readNode(json: string): Node & { readonly version: string } {
  const { metadata, spec } = JSON.parse(json) as {
    readonly metadata: { readonly labels?: Texts; readonly annotations?: Texts; readonly resourceVersion: string }
    readonly spec?: { readonly taints?: readonly Taint[] }
  }
  const { labels = {}, annotations = {}, resourceVersion: version } = metadata
  return { labels, annotations, taints: spec?.taints ?? [], version }
}
