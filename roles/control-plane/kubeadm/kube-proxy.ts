import { facts, type RemoteShell, type Step, step } from 'rota'
import type { Params } from '../daemons/daemons.ts'
import { kubectlWords } from '../kubectl.ts'
import { changeConfigMap } from './config-map.ts'
import { isThere } from './seen.ts'

type At = Pick<Params, 'binDir' | 'kubeConfigDir'>
type Kubectl = Parameters<typeof changeConfigMap>[0]

// All nodes share it, and nothing of it is on any of them.
const map = ['kube-system', 'kube-proxy'] as const
const key = 'kubeconfig.conf'

/** Where kube-proxy was led before an upgrade, until it is led there again. */
export const noteOf = ({ kubeConfigDir }: Pick<Params, 'kubeConfigDir'>): string => `${kubeConfigDir}/.rota-kube-proxy`

/** The kubeconfig of kube-proxy; nothing where the cluster has none. */
const read = (params: At): readonly string[] => [
  ...kubectlWords(params),
  ...['-n', map[0], 'get', 'configmap', map[1], '--ignore-not-found', '-o', 'jsonpath={.data.kubeconfig\\.conf}'],
]

export const kubeProxyConfig = (params: At) => facts.command({ run: read(params), timeout: 15 })

export const kubeProxyServer = async ($: RemoteShell, params: At): Promise<string | undefined> =>
  serverIn((await $`${read(params)}`).stdout)

/** `https://10.0.0.1:6443` of a kubeconfig. */
export const serverIn = (kubeconfig: string): string | undefined => /^ *server: *["']?([^"'\s]+)/m.exec(kubeconfig)?.[1]

/** `upgrade apply` writes the ConfigMap anew. What an earlier run has noted, and has not come to put back, counts. */
export async function noteKubeProxy($: RemoteShell, params: At): Promise<void> {
  const server = await kubeProxyServer($, params)
  if (server !== undefined) await $`[ -s ${noteOf(params)} ] || echo ${server} >${noteOf(params)}`
}

/**
 * kube-proxy leads where it did before the upgrade: kubeadm has it lead to controlPlaneEndpoint, which may be a single
 * master, where the operator or kubespray had chosen the proxy of each node.
 */
export const kubeProxyLeadsBack = (params: Params): Step =>
  step({
    title: 'kube-proxy leads where it did',
    facts: { note: facts.path({ path: noteOf(params) }) },
    needed: ({ note }) => isThere(note) && 'the cluster was upgraded',
    run: async ({ $ }) => {
      const server = (await $`cat ${noteOf(params)}`).stdout.trim()
      const moved = server !== '' && (await leadKubeProxy({ $, words: kubectlWords(params) }, () => server))
      await $`rm -f ${noteOf(params)}`
      return moved ? { summary: `to ${server}` } : { changed: false, summary: 'it still does' }
    },
  })

/**
 * Changes the server, and has the pods started anew, a few at a time as their DaemonSet has it, where it was another.
 */
export async function leadKubeProxy(kubectl: Kubectl, to: (server: string) => string): Promise<boolean> {
  const { $, words } = kubectl
  const [namespace, name] = map
  let moved = false
  await changeConfigMap(kubectl, map, data => {
    const kubeconfig = data[key] ?? ''
    const server = serverIn(kubeconfig)
    moved = server !== undefined && to(server) !== server
    if (server === undefined || !moved) return data
    return { ...data, [key]: kubeconfig.replace(/^( *server: *).*$/m, (_, start: string) => `${start}${to(server)}`) }
  })
  if (moved) await $`${words} -n ${namespace} rollout restart daemonset ${name}`
  return moved
}
