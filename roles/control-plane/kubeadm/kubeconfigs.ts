import { command, quote, type Task } from 'rota'
import { httpsUrl } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

/**
 * The kubeconfigs of a master lead to its own API server, as kubespray has it: nothing on a master depends on a
 * balancer or on another master, and while the port is closed to others, 127.0.0.1 is open. Each notifies its daemon.
 * `super-admin.conf` (since 1.29, where kubeadm began the cluster) stays as it is: no daemon and nothing of a rollout
 * asks by it, and what is written here drains a master.
 */
export const localKubeconfigs = (params: Params): readonly Task[] => {
  const own = ownServer(params)
  const clients = clientServer(params)
  return [
    leadsTo(params, 'admin', own),
    leadsTo(params, 'controller-manager', clients, 'kube-controller-manager'),
    leadsTo(params, 'scheduler', clients, 'kube-scheduler'),
    leadsTo(params, 'kubelet', clients, 'kubelet'),
  ]
}

const ownServer = ({ apiserverPort }: Params): string => httpsUrl('127.0.0.1', apiserverPort)

/** Where the daemons of a master go: what the operator says of all clients, or its own API server. */
export const clientServer = (params: Params): string => params.clientsServer ?? ownServer(params)

/** Shell text. */
export const pointLocally = ({ kubeConfigDir }: Params, name: string, server: string): string =>
  `sed -i -E ${quote(`s#^( *server: ).*#\\1${server}#`)} ${quote(`${kubeConfigDir}/${name}.conf`)}`

const leadsTo = (params: Params, name: string, server: string, notify?: string): Task => {
  const path = `${params.kubeConfigDir}/${name}.conf`
  const file = quote(path)
  return command({
    title: `${path} leads to ${server}`,
    why: 'it leads to another one',
    onlyIf: `grep -E '^ *server: ' ${file} 2>/dev/null | grep -qvxE ${quote(` *server: "?${escaped(server)}"?`)}`,
    run: pointLocally(params, name, server),
    ...(notify === undefined ? {} : { notify }),
  })
}

const escaped = (text: string): string => text.replace(/[.[\]]/g, '\\$&')
