import { facts, type RemoteShell, type Step, step } from 'rota'

/** What `kubeadm join` marks the node of a master with. */
const labels = [
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
  'node.kubernetes.io/exclude-from-external-load-balancers',
]

const get = (kubectl: readonly string[], name: string): readonly string[] => [
  ...kubectl,
  ...['get', 'node', name, '--ignore-not-found', '-o', 'json'],
]

/** Labels and taints of a master that a node has; nothing where it says no more than that it is none. */
export function marksIn(json: string): { readonly labels: readonly string[]; readonly taints: readonly string[] } {
  if (json.trim() === '') return { labels: [], taints: [] }
  const { metadata, spec } = JSON.parse(json) as {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }
    readonly spec?: { readonly taints?: readonly { readonly key: string; readonly effect: string }[] }
  }
  return {
    labels: labels.filter(label => metadata?.labels?.[label] !== undefined),
    taints: (spec?.taints ?? []).flatMap(({ key, effect }) =>
      labels.includes(key) && /^[A-Za-z]+$/.test(effect) ? `${key}:${effect}` : [],
    ),
  }
}

/**
 * A node is none of a master any more, for the scheduler and for everybody who looks at labels. Says what was taken.
 */
export async function demote($: RemoteShell, kubectl: readonly string[], name: string): Promise<readonly string[]> {
  const found = marksIn((await $`${get(kubectl, name)}`).stdout)
  if (found.labels.length > 0) await $`${kubectl} label node ${name} ${found.labels.map(label => `${label}-`)}`
  if (found.taints.length > 0) await $`${kubectl} taint node ${name} ${found.taints.map(taint => `${taint}-`)}`
  return [...found.labels, ...found.taints]
}

/** The same as a step of those who stay masters. */
export const nodeOnly = (kubectl: readonly string[], name: string): Step =>
  step({
    title: `${name} is a node, and no master`,
    facts: { node: facts.command({ run: get(kubectl, name), timeout: 15 }) },
    needed: ({ node }) => {
      if (node.exitCode !== 0) return 'the nodes are not known'
      const found = marksIn(node.stdout)
      const marks = [...found.labels, ...found.taints]
      return marks.length > 0 && `it has ${[...new Set(marks)].join(', ')}`
    },
    run: async ({ $ }) => {
      const taken = await demote($, kubectl, name)
      return taken.length === 0
        ? { changed: false, summary: 'has no mark of a master' }
        : { summary: `${taken.join(', ')} taken away` }
    },
  })
