import { command, quote, type Task } from 'rota'
import { httpsUrl } from '../../cluster/index.ts'
import type { Params } from '../daemons.ts'

/**
 * The kubeconfigs of a master lead to its own API server, as kubespray has it: nothing on a master depends on a balancer or on another
 * master, and while the port is closed to others, 127.0.0.1 is open. Each notifies its daemon.
 */
export const localKubeconfigs = (params: Params): readonly Task[] => {
  const own = httpsUrl('127.0.0.1', params.apiserverPort)
  const clients = params.clientsServer ?? own
  return [
    leadsTo(params, 'admin', own),
    leadsTo(params, 'super-admin', own),
    leadsTo(params, 'controller-manager', clients, 'kube-controller-manager'),
    leadsTo(params, 'scheduler', clients, 'kube-scheduler'),
    leadsTo(params, 'kubelet', clients, 'kubelet'),
  ]
}

const leadsTo = ({ kubeConfigDir }: Params, name: string, server: string, notify?: string): Task => {
  const file = quote(`${kubeConfigDir}/${name}.conf`)
  return command({
    title: `${kubeConfigDir}/${name}.conf leads to ${server}`,
    onlyIf: `grep -E '^ *server: ' ${file} 2>/dev/null | grep -qvxE ${quote(` *server: "?${escaped(server)}"?`)}`,
    run: `sed -i -E ${quote(`s#^( *server: ).*#\\1${server}#`)} ${file}`,
    ...(notify === undefined ? {} : { notify }),
  })
}

const escaped = (text: string): string => text.replace(/[.[\]]/g, '\\$&')
