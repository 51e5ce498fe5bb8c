import { type Step, type StepContext, type StepResult, step } from 'rota'
import { kubectlOn } from '../lib/cluster/kubectl.ts'
import type { Unlisted } from '../lib/cluster/kubectl-list.ts'
import { type Kind, patchFor, plan, said } from './kinds.ts'
import type { Marks } from './marks.ts'
import { type Nodes, readNode } from './nodes.ts'

interface Wish {
  readonly name: string
  readonly wanted: Marks
  /** As a master has listed them. */
  readonly nodes: Nodes | Unlisted
}

/**
 * The node of a host has what is wanted of a kind. What is to be changed is known from the list, before: nothing where
 * that is nothing, so that nobody connects to the host for it.
 */
export function nodeHas(kind: Kind, wish: Wish): Step | undefined {
  const needed = why(kind, wish)
  if (needed === false) return undefined
  return step({
    title: `${kind.name} of its node`,
    needed: () => needed,
    run: context => mark(context, kind, wish),
  })
}

function why(kind: Kind, { name, wanted, nodes }: Wish): string | false {
  if (nodes === 'not asked') return 'the nodes are not asked for yet'
  if (nodes === 'not known') return wanted.size > 0 && 'the nodes are not known'
  const node = nodes.get(name)
  if (node === undefined) return wanted.size > 0 && `${name} is no node yet`
  const planned = plan(kind, wanted, node)
  return planned !== undefined && said(kind, node, planned)
}

/** Others write to a node as well, its kubelet above all. */
const attempts = 5

async function mark(context: StepContext, kind: Kind, { name, wanted }: Wish): Promise<StepResult> {
  const kubectl = await kubectlOn(context)
  if (kubectl === undefined) throw new Error(`no API server answers: ${kind.name} of ${name} are not known`)
  const { $, words } = kubectl
  for (let left = attempts; ; left -= 1) {
    const answer = await $`${words} get node ${name} -o json --ignore-not-found`
    if (answer.stdout.trim() === '') {
      context.say(`${name} is no node of the cluster: it has no ${kind.name}`)
      return { changed: false, summary: 'is no node' }
    }
    const node = readNode(answer.stdout)
    const planned = plan(kind, wanted, node)
    if (planned === undefined) return { changed: false, summary: 'as they shall be' }
    const patch = JSON.stringify(patchFor(kind, node, planned))
    const patched = await $`${words} patch node ${name} --type merge -p ${patch}`.nothrow()
    if (patched.exitCode === 0) return { summary: said(kind, node, planned) }
    if (left <= 1 || !/has been modified|Conflict/i.test(patched.stderr))
      throw new Error(`${kind.name} of ${name} could not be changed: ${patched.stderr.trim()}`)
  }
}
