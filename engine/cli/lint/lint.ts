import { formatProblem, isFailure, type Problem, uniqueProblems } from '../../failure/index.ts'
import { namesBeaten } from '../../plan/index.ts'
import type { Playbook } from '../../playbook/index.ts'
import { hostList } from '../../report/index.ts'
import type { Redactor } from '../../secrets/index.ts'
import { assumedFacts, assumedHost } from '../../values/index.ts'
import { parseFlags } from '../flags.ts'
import { prepareRun } from '../prepare-run.ts'
import type { TemplateFacts } from '../template-facts.ts'
import { beaten, deprecated, type Finding, shadowed, unused } from './findings.ts'

/**
 * What there is to be said of an inventory, as these playbooks read it; by the same steps as a run, up to where it
 * would ask the first host. Where a template needs facts, those of a usual host are taken, and that is said.
 */
export async function lint(
  playbooks: readonly Playbook[],
  words: readonly string[],
  redactor: Redactor,
): Promise<readonly Finding[]> {
  const wrong: Problem[] = []
  const told: string[] = []
  const assumed = new Set<string>()
  const prepared: Awaited<ReturnType<typeof prepareRun>>[] = []
  for (const playbook of playbooks) {
    // A listing asks no host of which version it is.
    const flags = { ...parseFlags(playbook, words), listHosts: true }
    try {
      const run = await prepareRun(playbook, flags, redactor, 'first', assuming(assumed))
      prepared.push(run)
      const slips = new Set(run.misspelt.map(formatProblem))
      told.push(...run.warnings.filter(text => !slips.has(text)))
      wrong.push(...run.problems)
    } catch (error) {
      if (!isFailure(error, 'refused')) throw error
      const { problems } = error.reason
      const [needs, others] = [problems.filter(isNeed(playbook)), problems.filter(each => !isNeed(playbook)(each))]
      told.push(...needs.map(problem => `${formatProblem(problem)}: what its roles read is not judged`))
      wrong.push(...others)
    }
  }
  if (assumed.size > 0)
    told.push(`templates need facts of ${hostList([...assumed])}: judged as if each were ${assumedHost}`)
  const errors = uniqueProblems(wrong).map((problem): Finding => ({ level: 'error', kind: 'wrong', problem }))
  const warnings = [...new Set(told)].map(
    (message): Finding => ({ level: 'warning', kind: 'told', problem: { message } }),
  )
  const [first] = prepared
  if (first === undefined) return [...errors, ...warnings]
  const { inventory } = first
  // Each playbook reads the same inventory: what one of them reads is right.
  const misspelt = first.misspelt.filter(({ variable }) =>
    prepared.every(run => run.misspelt.some(other => other.variable === variable)),
  )
  const named = new Set(misspelt.map(({ variable }) => variable))
  const readers = prepared.map(run => run.readers)
  return [
    ...errors,
    ...misspelt.map((problem): Finding => ({ level: 'error', kind: 'misspelt', problem })),
    ...warnings,
    ...deprecated(inventory, readers),
    ...(prepared.length === playbooks.length ? unused(inventory, readers, named) : []),
    ...shadowed(inventory),
    ...uniqueFindings(prepared.flatMap(run => beaten(namesBeaten(run.bound, run.inventory)))),
  ]
}

/** Several playbooks find the same. */
const uniqueFindings = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map(finding => [formatProblem(finding.problem), finding])).values(),
]

/** A variable that has to be said with `-e`: without it nobody knows which roles the playbook calls. */
const isNeed =
  ({ name }: Playbook) =>
  ({ message }: Problem): boolean =>
    message.startsWith(`playbook ${name} needs the variable `)

const assuming = (hosts: Set<string>): TemplateFacts => ({
  factsOf: host => {
    hosts.add(host)
    return assumedFacts(host)
  },
  complete: work => work(),
})
