import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { kubectlWords } from '../lib/cluster/kubectl.ts'
import { list } from './list.ts'

type At = Parameters<typeof kubectlWords>[0]

/** Budgets that are looked into, and pods of each. */
const [mostBudgets, mostPods] = [20, 50]

/**
 * Disruption budgets that let no pod go: a drain waits for them as long as it may, and then fails. It is told, and no
 * more: a replica that is starting may be all that is missing.
 */
export const budgetsLetGo = (at: At, options: BudgetsOptions): Check =>
  hostCheck({
    name: 'disruption budgets',
    facts: { budgets: facts.command({ run: budgetsText(at), timeout: 30 }) },
    verdict: ({ budgets }) => judgeBudgets(budgets, options),
  })

export interface BudgetsOptions {
  /** Nodes that are drained, where not all are. */
  readonly drained?: readonly string[]
  /** Pods that a budget holds are deleted at last. */
  readonly fallback: boolean
}

const tab = '{{"\\t"}}'
const comma = '{{if $i}},{{end}}{{$v}}'
const selector = `{{with .spec.selector}}{{range $k, $v := .matchLabels}}{{$k}}={{$v}},{{end}}{{range .matchExpressions}}\
{{if eq .operator "In"}}{{.key}} in ({{range $i, $v := .values}}${comma}{{end}}),\
{{else if eq .operator "NotIn"}}{{.key}} notin ({{range $i, $v := .values}}${comma}{{end}}),\
{{else if eq .operator "Exists"}}{{.key}},{{else}}!{{.key}},{{end}}{{end}}{{end}}`
const budgetsTemplate = `{{range .items}}{{if eq (printf "%v" .status.disruptionsAllowed) "0"}}\
{{if ne (printf "%v" .status.expectedPods) "0"}}{{.metadata.namespace}}${tab}{{.metadata.name}}${tab}${selector}{{"\\n"}}{{end}}{{end}}{{end}}`
const podsTemplate = `{{range .items}}pod${tab}{{.metadata.name}}${tab}{{with .spec.nodeName}}{{.}}{{end}}${tab}\
{{with .metadata.ownerReferences}}{{(index . 0).kind}}${tab}{{(index . 0).name}}{{else}}${tab}{{end}}${tab}\
{{with .metadata.labels}}{{with index . "pod-template-hash"}}{{.}}{{end}}{{end}}{{"\\n"}}{{end}}`

const budgetsText = (at: At): string => {
  const [kubectl = '', ...words] = kubectlWords(at).map(quote)
  return `[ -x ${kubectl} ] || exit 3
kube() { ${kubectl} ${words.join(' ')} get "$@"; }
budgets=$(kube poddisruptionbudgets -A -o go-template=${quote(budgetsTemplate)}) || exit 1
t=$(printf '\\t')
printf '%s\\n' "$budgets" | grep "$t" | head -n ${mostBudgets} | while IFS= read -r line; do
  space=\${line%%"$t"*} rest=\${line#*"$t"}
  name=\${rest%%"$t"*} selector=\${rest#*"$t"}
  printf 'budget\\t%s\\t%s\\n' "$space" "$name"
  kube pods -n "$space" -l "\${selector%,}" -o go-template=${quote(podsTemplate)} </dev/null | head -n ${mostPods}
done
:`
}

export function judgeBudgets(
  { exitCode, stdout }: { readonly exitCode: number; readonly stdout: string },
  { drained, fallback }: BudgetsOptions,
): Finding {
  const expected = 'budgets that let a pod go'
  if (exitCode !== 0) return { ok: true, expected, saw: 'not asked: no API server answers here' }
  const holding = budgetsIn(stdout).flatMap(({ name, pods }) => {
    const there = pods.filter(
      ({ node, owner }) => node !== '' && !owner.startsWith('DaemonSet ') && (drained?.includes(node) ?? true),
    )
    return there.length === 0 ? [] : [{ name, pods: there }]
  })
  const way = fallback
    ? 'they are deleted in the end (drain_fallback_enabled)'
    : 'a drain waits for them and then fails: give them a replica more, or set drain_fallback_enabled'
  const warnings = holding.map(({ name, pods }) => {
    const owners = list([...new Set(pods.map(({ owner }) => owner))])
    return `the budget ${name} lets no pod of ${owners} go, on ${list([...new Set(pods.map(({ node }) => node))])}: ${way}`
  })
  if (warnings.length > 0) return { ok: true, expected, saw: `${warnings.length} that let none go`, warnings }
  return { ok: true, expected, saw: 'none in the way' }
}

interface Held {
  readonly name: string
  readonly pods: readonly { readonly node: string; readonly owner: string }[]
}

/** Names are names of Kubernetes, or the line does not count. */
const isName = (text: string): boolean => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text)

function budgetsIn(stdout: string): readonly Held[] {
  const found: { name: string; pods: { node: string; owner: string }[] }[] = []
  for (const line of stdout.split('\n')) {
    const [what, first = '', second = '', kind = '', owner = '', hash = ''] = line.split('\t')
    if (what === 'budget' && isName(first) && isName(second)) found.push({ name: `${first}/${second}`, pods: [] })
    if (what === 'pod' && isName(first) && (second === '' || isName(second)))
      found.at(-1)?.pods.push({ node: second, owner: ownerOf(first, kind, owner, hash) })
  }
  return found
}

/** `Deployment web` of `ReplicaSet web-7d9c6f6d5`. */
function ownerOf(pod: string, kind: string, owner: string, hash: string): string {
  if (!/^[A-Za-z]+$/.test(kind) || !isName(owner)) return `the pod ${pod}`
  const isDeployments = kind === 'ReplicaSet' && hash !== '' && owner.endsWith(`-${hash}`)
  return isDeployments ? `Deployment ${owner.slice(0, -hash.length - 1)}` : `${kind} ${owner}`
}
