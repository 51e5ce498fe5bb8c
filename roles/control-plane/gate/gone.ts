import { assert, computed, facts, type InventoryView, type Task } from 'rota'
import { cluster, etcdAccessAddressOf } from '../../lib/cluster/index.ts'

/**
 * A master that is removed as dead is dead: seen from another host, neither its API server nor its etcd member takes
 * connections.
 */
export const isGone =
  (name: string) =>
  ({ inventory }: { readonly inventory: InventoryView }): readonly Task[] => {
    // A name that the inventory does not have is refused by the roles.
    const master = inventory.hosts.find(host => host.name === name)
    if (master === undefined) return []
    const { apiserverPort, etcdClientPort } = inventory.cluster(cluster, master)
    const etcdAddress = etcdAccessAddressOf(master, inventory)
    return [
      assert({
        that: `${name} is gone`,
        holds: computed(
          {
            api: facts.tcp({ host: master.address, port: apiserverPort }),
            etcd: facts.tcp({ host: etcdAddress, port: etcdClientPort }),
          },
          ({ api, etcd }) => {
            const alive = [
              ...(api.type === 'open' ? [`its API server still takes connections at ${master.address}`] : []),
              ...(etcd.type === 'open' ? [`its etcd member still takes connections at ${etcdAddress}`] : []),
            ]
            return alive.length > 0
              ? `${alive.join(', ')}: remove it without gone=true, or switch it off first`
              : undefined
          },
        ),
      }),
    ]
  }
