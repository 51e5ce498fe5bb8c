import { type Check, type Finding, hostCheck } from 'rota'
import { kubectlWords } from '../lib/cluster/kubectl.ts'
import { kubectlList } from '../lib/cluster/kubectl-list.ts'
import { annotation } from '../lib/drain/cordon.ts'
import { halfOfNodes, nodeColumns, readNodes, tooFew } from '../lib/drain/ready.ts'
import { list } from './list.ts'

type At = Parameters<typeof kubectlWords>[0]

/** Nodes as a master lists them: what decides how many must be Ready, then who has cordoned them. */
const nodeLines = kubectlList('nodeLines', lines => lines)
const nodesFact = (at: At) =>
  nodeLines([
    ...kubectlWords(at),
    ...['get', 'nodes', '-o'],
    `jsonpath={range .items[*]}${nodeColumns}{"\\t"}{.spec.unschedulable}{"\\t"}{.metadata.annotations.${annotation.replace(/[.]/g, '\\.')}}{"\\n"}{end}`,
  ])

type Lines = readonly string[] | undefined

const unasked = 'not asked: no API server answers here'

/** Nodes that are in no state to be drained when their turn comes. */
export const nodesAreInService = (at: At): Check =>
  hostCheck({
    name: 'nodes',
    facts: { nodes: nodesFact(at) },
    verdict: ({ nodes }) => judgeNodes(nodes),
  })

export function judgeNodes(lines: Lines): Finding {
  const expected = 'nodes that are Ready and take pods'
  if (lines === undefined) return { ok: true, expected, saw: unasked }
  const nodes = lines.flatMap(line => {
    const [name = '', ready, , unschedulable, mark = ''] = line.split('\t')
    return !/^[a-z0-9.-]+$/.test(name)
      ? []
      : [{ name, ready: ready === 'True', foreign: unschedulable === 'true' && mark === '' }]
  })
  const down = nodes.filter(({ ready }) => !ready).map(({ name }) => name)
  const cordoned = nodes.filter(({ foreign }) => foreign).map(({ name }) => name)
  const warnings = [
    ...(down.length > 0
      ? [`${list(down)} not Ready: not drained when the turn comes, so its pods stay; see why (kubectl describe node)`]
      : []),
    ...(cordoned.length > 0
      ? [
          `${list(cordoned)} cordoned by somebody else: not drained, and stays cordoned; kubectl uncordon, if nobody works on it`,
        ]
      : []),
  ]
  const saw = `${nodes.length} nodes, ${nodes.length - down.length} Ready`
  return { ok: true, expected, saw, ...(warnings.length === 0 ? {} : { warnings }) }
}

/**
 * Of the nodes that take pods enough are Ready while one of these is drained: else its play would wait and then fail.
 */
export const enoughNodesStay = (at: At, drained: readonly string[]): Check =>
  hostCheck({
    name: 'nodes that stay',
    facts: { nodes: nodesFact(at) },
    verdict: ({ nodes }) => judgeEnough(drained, nodes),
  })

export function judgeEnough(drained: readonly string[], lines: Lines): Finding {
  const expected = 'enough nodes that are Ready while one is drained: bring the others back first'
  if (lines === undefined) return { ok: true, expected, saw: unasked }
  const nodes = readNodes(lines.join('\n'))
  const wrong = drained.flatMap(
    name => tooFew(nodes, { leaves: name, out: new Set(), atLeast: halfOfNodes })?.why ?? [],
  )
  if (wrong[0] !== undefined) return { ok: false, expected, saw: wrong[0] }
  return {
    ok: true,
    expected,
    saw: `${nodes.filter(({ ready }) => ready).length} of ${nodes.length} that take pods are Ready`,
  }
}
