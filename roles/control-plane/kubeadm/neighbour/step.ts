import {
  assert,
  computed,
  type FactMap,
  facts,
  type HostView,
  type InventoryView,
  type PathFact,
  type PeerFacts,
  type Step,
  step,
  type Task,
} from 'rota'
import { haveSameRuntime } from '../../../lib/cluster/cluster.ts'
import type { Params } from '../../daemons/daemons.ts'
import { unitMark } from '../kubelet.ts'
import { isThere, manifests, textOf } from '../seen.ts'
import { bringFiles, madeHere, missingOf, type Own, onlyWhat, problemOf } from './bring.ts'
import { interfacesOf, kubeVipAmong, kubeVipFact, kubeVipOf, kubeVipProblem } from './kube-vip.ts'
import { type At, kubeletFiles, listing } from './listing.ts'
import { neighbourOf } from './wanted.ts'

/** What every master is asked, so that a new one knows what it lacks. */
export const neighbourFacts = (params: At) => ({
  apiServer: manifests(params)['kube-apiserver'],
  files: facts.command({ run: listing(params).text }),
  kubeVip: kubeVipFact(params),
})

/** What decides on what a new master gets. */
type Choice = At & Partial<Pick<Params, 'encryptionConfig'>>

/**
 * A host that is no master yet gets what the pods and the kubelet of a master read. What it can't get is told before
 * anything of it is changed. Nothing is done on a master.
 */
export function hasFilesOfMasters(
  params: Choice & Params,
  host: HostView,
  peers: PeerFacts<FactMap>,
  inventory: InventoryView,
): readonly (Step | Task)[] {
  const found = neighbourAmong(params, host, peers, inventory)
  if (found === undefined) return []
  const { from, wanted, own, ownOf } = found
  return [
    mayHave(host, found),
    step({
      title: 'what the masters read is there',
      facts: own,
      needed: values => {
        const missing = missingOf(wanted, ownOf(values)).map(({ entry }) => entry.real)
        return missing.length > 0 && `${missing.join(', ')} of ${from.name}`
      },
      run: async context => {
        const { brought } = await bringFiles(context, params, from)
        return { summary: `${brought.join(', ')} of ${from.name}` }
      },
    }),
  ]
}

/** That nothing keeps the host from having it: looked at before the first master is touched. */
export function mayHaveFilesOfMasters(
  params: Choice,
  host: HostView,
  peers: PeerFacts<FactMap>,
  inventory: InventoryView,
): Task | undefined {
  const found = neighbourAmong(params, host, peers, inventory)
  return found && mayHave(host, found)
}

/**
 * The master that a new one has its files of, if possible one with the same container runtime, and what they are.
 * Nothing where the host is a master, or none serves.
 */
function neighbourAmong(params: Choice, host: HostView, peers: PeerFacts<FactMap>, inventory: InventoryView) {
  const seen = [...peers].flatMap(([name, values]) =>
    values === undefined ? [] : { name, values: values as unknown as Seen },
  )
  const isMaster = ({ values }: { readonly values: Seen }): boolean => isThere(values.apiServer)
  const masters = seen.filter(isMaster)
  const suits = ({ name }: { readonly name: string }) => haveSameRuntime(inventory.host(name), host, inventory)
  const source = masters.find(suits) ?? masters[0]
  if (source === undefined || masters.some(({ name }) => name === host.name)) return undefined
  const { wanted, lacking } = neighbourOf(source.values.files.stdout, params, {
    made: madeHere(params),
    ...onlyWhat(suits(source)),
  })
  const paths = [...new Set([...wanted.map(({ entry }) => entry.real), ...lacking.map(({ path }) => path)])]
  const { unit } = kubeletFiles(params)
  const requests = paths.map(path => facts.path({ path, sha256: true, ...(path === unit ? { content: true } : {}) }))
  const own = Object.fromEntries(requests.map((request, index) => [paths[index] ?? '', request]))
  const ownOf = (values: Readonly<Record<string, PathFact>>): ReadonlyMap<string, Own> =>
    new Map(
      Object.entries(values).flatMap(([path, fact]) => {
        const entry = facts.followed(fact)
        if (entry.type === 'absent' || entry.type === 'unknown') return []
        const ours = path === unit && textOf(fact).startsWith(unitMark)
        return [[path, { type: entry.type, sha256: entry.type === 'file' ? entry.sha256 : undefined, ours }]]
      }),
    )
  const from = inventory.host(source.name)
  return {
    from,
    wanted,
    lacking,
    own,
    ownOf,
    vipPath: kubeVipOf(params),
    vip: kubeVipAmong(host, peers),
  }
}

type Found = NonNullable<ReturnType<typeof neighbourAmong>>

function mayHave(host: HostView, { from, lacking, own, ownOf, vipPath, vip }: Found): Task {
  const present = vip === undefined ? {} : interfacesOf(vip.kubeVip)
  return assert({
    that: `${host.name} can have what the masters read`,
    holds: computed({ ...own, ...present }, values => {
      const problems = [problemOf(from, lacking, ownOf(values)), vip && kubeVipProblem(vip, vipPath, values)].filter(
        problem => problem !== undefined,
      )
      return problems.length === 0 ? undefined : problems.join('; ')
    }),
  })
}

interface Seen {
  readonly apiServer: PathFact
  readonly files: { readonly stdout: string }
}
