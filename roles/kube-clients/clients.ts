import { posix } from 'node:path'
import type { Edited } from 'rota'
import { mastersIn, type Servers, withMaster } from './environment.ts'
import { clusterIn, withServer } from './kubeconfig.ts'
import type { Params } from './server.ts'

/** A file that tells daemons where the API is. */
export interface ClientFile {
  readonly path: string
  readonly daemons: readonly string[]
  readonly edit: (text: string) => Edited
  readonly style: 'kubeconfig' | 'variables'
}

export const clientFiles = (params: Params, servers: Servers): readonly ClientFile[] => [
  ...Object.entries(params.kubeconfigs).flatMap(([daemon, files]) =>
    files.map(
      (file): ClientFile => ({
        path: posix.resolve(params.kubeConfigDir, file),
        daemons: [daemon],
        edit: text => withServer(text, servers.secure, servers.aliases),
        style: 'kubeconfig',
      }),
    ),
  ),
  // What the units of old packages are started with.
  {
    path: `${params.kubeConfigDir}/config`,
    daemons: ['kube-controller-manager', 'kube-scheduler', 'kube-proxy'],
    edit: text => withMaster(text, servers),
    style: 'variables',
  },
  {
    path: `${params.kubeConfigDir}/kubelet`,
    daemons: ['kubelet'],
    edit: text => withMaster(text, servers),
    style: 'variables',
  },
]

/** Where a file sends its daemons now, in the operator's words. */
export const serversIn = ({ path, style }: ClientFile, text: string): readonly string[] => {
  if (style === 'variables') return mastersIn(text)
  const server = clusterIn(text, posix.dirname(path))?.server
  return server === undefined ? [] : [server]
}
