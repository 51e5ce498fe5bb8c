import type { RemoteShell } from 'rota'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'

type At = Pick<Params, 'binDir' | 'kubeConfigDir'>

/** Where a new one has it for as long as it joins: gone after a boot, whatever becomes of the run. */
export const discoveryFile = '/run/rota-kubeadm-discovery.conf'

/**
 * Whether API servers tell somebody without credentials where the cluster is. kubeadm asks them so for the ConfigMap
 * cluster-info where it is given a token. They do not with `--anonymous-auth=false`, and where the role that kubeadm
 * makes for it is gone (kubespray's `remove_anonymous_access`).
 */
export async function tellsWhereItIs(peer: RemoteShell, params: At, endpoint: string): Promise<boolean> {
  const words = [
    `${params.binDir}/kubectl`,
    ...['--kubeconfig', '/dev/null', '--request-timeout=10s'],
    ...['--server', `https://${endpoint}`],
    ...['--certificate-authority', `${params.kubeConfigDir}/pki/ca.crt`],
    ...['get', '--raw', '/api/v1/namespaces/kube-public/configmaps/cluster-info'],
  ]
  return (await peer`${words} >/dev/null 2>&1 </dev/null`.nothrow()).exitCode === 0
}

/**
 * What cluster-info would say, with the token as its user: kubeadm takes it from a file. A token may not read the
 * ConfigMap either, and to be told so is enough for kubeadm; to be told nothing (401) is not. Source: kubeadm's
 * discovery by file, `ValidateConfigInfo`.
 */
export async function discoveryConfig(
  peer: RemoteShell,
  params: At,
  { ca, endpoint, token }: { readonly ca: string; readonly endpoint: string; readonly token: string },
): Promise<string> {
  const info =
    await peer`${kubectlWords(params)} -n kube-public get configmap cluster-info --ignore-not-found -o ${'jsonpath={.data.kubeconfig}'}`.text()
  const server = /^ *server: "?(https:\/\/[^\s"]+)/m.exec(info)?.[1] ?? `https://${endpoint}`
  const data = Buffer.from(ca).toString('base64')
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'joining', user: { token } }],
    contexts: [{ name: 'joining', context: { cluster: 'kubernetes', user: 'joining' } }],
    'current-context': 'joining',
  })}\n`
}
