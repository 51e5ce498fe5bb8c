import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from 'rota'
import type { Kubectl } from '../cluster/kubectl.ts'

/** How many of so many nodes must be Ready. */
export type AtLeast = (total: number) => number

/** Half of the nodes: of a single one none, of two or three one. */
export const halfOfNodes: AtLeast = total => Math.floor(total / 2)

export interface NodeReady {
  readonly name: string
  readonly ready: boolean
}

/** What `readNodes` goes by, as jsonpath has it; further columns may follow. */
export const nodeColumns =
  '{.metadata.name}{"\\t"}{.status.conditions[?(@.type=="Ready")].status}{"\\t"}{.spec.taints[*].key}'
const jsonpath = `jsonpath={range .items[*]}${nodeColumns}{"\\n"}{end}`

/** Nodes that take pods: those that are kept for control planes are none. */
export const readNodes = (stdout: string): readonly NodeReady[] =>
  stdout.split('\n').flatMap(line => {
    const [name = '', ready = '', taints = ''] = line.split('\t')
    const isKept = /(?:^| )node-role\.kubernetes\.io\/(?:master|control-plane)(?: |$)/.test(taints)
    return name === '' || isKept ? [] : [{ name, ready: ready === 'True' }]
  })

/**
 * Why a node may not be taken out now, or nothing: too few would be left. `out` are those that are being worked on,
 * which may be not Ready at any moment. One that is not Ready itself costs nobody anything.
 * `busy`: some of the others are only being worked on.
 */
export function tooFew(
  nodes: readonly NodeReady[],
  { leaves, out, atLeast }: { readonly leaves: string; readonly out: ReadonlySet<string>; readonly atLeast: AtLeast },
): { readonly why: string; readonly busy: boolean } | undefined {
  const others = nodes.filter(({ name }) => name !== leaves)
  if (others.length === nodes.length || nodes.some(({ name, ready }) => name === leaves && !ready)) return undefined
  const missing = others.filter(({ name, ready }) => !ready || out.has(name))
  const needed = atLeast(nodes.length)
  if (others.length - missing.length >= needed) return undefined
  const names = missing.map(({ name }) => name).join(', ')
  return {
    why: `${leaves} is not taken out: of ${nodes.length} nodes at least ${needed} must be Ready meanwhile, and ${names} ${missing.length > 1 ? 'are' : 'is'} not`,
    busy: missing.some(({ name }) => out.has(name)),
  }
}

/** Seconds: a node may be not Ready for a moment; one that is being worked on takes its time. */
const patience = { moment: 120, work: 3600 } as const

/** Waits until enough others are Ready. Throws where they don't become so. */
export async function enoughReady(
  { $, words }: Kubectl,
  options: Parameters<typeof tooFew>[1] & Pick<StepContext, 'say'>,
): Promise<void> {
  const started = Date.now()
  for (let looks = 0; ; looks += 1) {
    const found = tooFew(readNodes((await $`${words} get nodes -o ${jsonpath}`).stdout), options)
    if (found === undefined) return
    const seconds = Math.round((Date.now() - started) / 1000)
    if (seconds > (found.busy ? patience.work : patience.moment)) throw new Error(`${found.why} (after ${seconds} s)`)
    if (looks === 0) options.say(`${found.why}; waiting`)
    await sleep(2000)
  }
}
