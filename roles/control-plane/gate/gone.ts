import { assert, computed, facts, type InventoryView, type Task } from 'rota'
import { cluster } from '../../lib/cluster/index.ts'

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
    const to = (port: number) => facts.tcp({ host: master.address, port })
    return [
      assert({
        that: `${name} is gone`,
        holds: computed({ api: to(apiserverPort), etcd: to(etcdClientPort) }, ({ api, etcd }) => {
          const alive = [api.type === 'open' && 'its API server', etcd.type === 'open' && 'its etcd member'].filter(
            Boolean,
          )
          return alive.length > 0
            ? `${alive.join(' and ')} still takes connections at ${master.address}: remove it without gone=true, or switch it off first`
            : undefined
        }),
      }),
    ]
  }
