import { posix } from 'node:path'
import { assert, computed, facts, type HostView, type InventoryView, type Task } from 'rota'
import { canonicalAddress, cluster, mastersOf } from '../lib/cluster/index.ts'
import { clusterIn } from './kubeconfig.ts'
import { params } from './params.ts'

const { kubeconfigs } = params.properties

// Those that only begin a client are not what it goes by.
const files = Object.values(kubeconfigs.default)
  .flat()
  .filter(name => !name.startsWith('bootstrap'))

/**
 * Tasks for a play: no client on its hosts leads to this master, found out before anything is changed. Without a proxy
 * and without a balancer that is what kubeadm has every kubelet do, and all nodes would be lost with it.
 */
export const clientsDoWithout =
  (name: string) =>
  ({ host, inventory }: { readonly host: HostView; readonly inventory: InventoryView }): readonly Task[] => {
    const master = inventory.hosts.find(item => item.name === name)
    // A master has an API server of its own.
    if (master === undefined || mastersOf(inventory).some(item => item.name === host.name)) return []
    const own = [master.name, master.address, master.ip].map(canonicalAddress)
    const { kubeConfigDir: dir } = inventory.cluster(cluster, host)
    const contents = Object.fromEntries(
      files.map(file => [posix.resolve(dir, file), facts.path({ path: posix.resolve(dir, file), content: true })]),
    )
    return [
      assert({
        that: `no client leads to ${name} alone`,
        holds: computed(contents, seen =>
          Object.entries(seen)
            .flatMap(([file, fact]) => {
              const text = Buffer.from(facts.bytesOf(fact) ?? new Uint8Array()).toString()
              const server = clusterIn(text, dir)?.server
              return server !== undefined && own.includes(canonicalAddress(hostOf(server)))
                ? [`${file} leads to ${server}`]
                : []
            })
            .map(
              found =>
                `${found}, the master that is to leave: have the clients go through a proxy (loadbalancer_apiserver_localhost), a balancer, or kube_clients_server, and run upgrade.mjs first`,
            )
            .at(0),
        ),
      }),
    ]
  }

const hostOf = (url: string): string =>
  url
    .replace(/^https?:\/\//, '')
    .replace(/(:\d+)?\/?$/, '')
    .replace(/^\[|\]$/g, '')
