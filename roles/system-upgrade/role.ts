import pLimit from 'p-limit'
import { assert, type Computed, defineRole, type Facts, facts, type Task, upgrade } from 'rota'
import { balancersOf, cluster, clusterProblems, isLeaving, unknownLeaving } from '../lib/cluster/index.ts'
import { addressIsAway, keepalivedTakesPart, takesPart } from './address.ts'
import { bootsAnew, whyReboot, whyRebootFacts } from './boot.ts'
import { rebootIsOwed } from './owed.ts'
import { neverRemoved, notHere } from './packages.ts'
import { type Params, params } from './params.ts'

/**
 * The packages of the distribution, and a reboot where they need one, within the drain of the play. What kubespray's
 * role of this name does; packages of Kubernetes, of the container engine and of etcd stay.
 */
export const systemUpgrade = defineRole({
  name: 'system-upgrade',
  description: "packages of the host's distribution, and a reboot where they need one",
  params,
  cluster,
  inventoryCheck: clusterProblems,
  check: ({ params, inventory }) => unknownLeaving(inventory, params.leaving),
  // Members of etcd go one after the other, in all of a play.
  prepare: async () => ({ oneAfterAnother: pLimit(1) }),
  tasks: ({ params, host, inventory, cluster, prepared }) => {
    if (!params.wanted || isLeaving(host, params.leaving)) return []
    const { virtualAddress, moveLimit } = params
    const packages = upgradeOf(params)
    const others = balancersOf(inventory, params.leaving).filter(({ name }) => name !== host.name)
    return [
      canBeDone(packages),
      virtualAddress !== undefined &&
        others.length > 0 &&
        addressIsAway({
          virtualAddress,
          others,
          moveLimit,
          limit: cluster.drainLimit,
          facts: { packages: upgradableIn(params), ...whyRebootFacts },
          why: seen => whyUpgrade(params, seen) ?? whyReboot(params, seen),
        }),
      packages,
      bootsAnew(params, cluster, prepared?.oneAfterAnother ?? pLimit(1)),
      params.reboot === 'never' && rebootIsOwed(),
    ]
  },
  handlers: { [takesPart]: keepalivedTakesPart() },
})

const exceptIn = ({ except }: Params): readonly string[] => [...notHere, ...except]

const upgradeOf = (params: Params): Task => {
  const { listsMaxAge, lockTimeout, autoclean } = params
  return upgrade({ except: exceptIn(params), keep: neverRemoved, listsMaxAge, lockTimeout, autoclean })
}

const upgradableIn = (params: Params) => facts.upgradable({ except: exceptIn(params), listsMaxAge: params.listsMaxAge })

const whyUpgrade = (params: Params, seen: Facts): string | undefined => {
  const found = seen.get(upgradableIn(params))
  return found.type === 'known' && found.due ? 'packages are to be upgraded' : undefined
}

/** Before the host is drained: the steps before the upgrade would be made in vain. */
const canBeDone = (task: Task): Task => {
  const plan = { changed: false, diff: false }
  const holds: Computed<string | undefined> = {
    facts: task.kind.facts(task.args, plan),
    compute: seen => task.kind.plan(task.args, seen, plan)?.refused,
  }
  return assert({ that: 'packages can be upgraded', holds })
}
