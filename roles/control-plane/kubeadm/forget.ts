import { type HostView, type InventoryView, type Step, step } from 'rota'
import { cluster, nodeNameOf } from '../../lib/cluster/cluster.ts'
import { canonicalAddress, isLeaving, mastersOf } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import { apiServerNames } from '../../lib/pki/index.ts'
import { clusterNames } from '../credentials/certificates.ts'
import type { Params } from '../daemons/daemons.ts'
import { changeClusterConfig, changeConfigMap, endpointIn, sansIn, statusNodesIn } from './config-map.ts'
import { controlPlaneEndpoint, hostOf } from './endpoint.ts'
import { kubeProxyConfig, kubeProxyServer, leadKubeProxy } from './kube-proxy.ts'
import { clusterConfig } from './seen.ts'
import { serverIn } from './server-in.ts'

type ForgetParams = Parameters<typeof clusterNames>[0] &
  Parameters<typeof controlPlaneEndpoint>[0] &
  Pick<Params, 'binDir' | 'kubeConfigDir'>

/**
 * The cluster's own configuration knows a master no more that is leaving, or that has died: neither its entry in the
 * ClusterStatus (which kubeadm kept up to 1.21, and reads in every upgrade), nor its names, nor its address as
 * everybody's endpoint.
 */
export function forgetLeaving(params: ForgetParams, inventory: InventoryView): readonly Step[] {
  const leaving = mastersOf(inventory).filter(master => isLeaving(master, params.leaving))
  if (leaving.length === 0) return []
  const { names, addresses } = apiServerNames(clusterNames(params, inventory), [])
  const served = new Set([...names, ...addresses].map(canonicalAddress))
  const gone = new Set(
    leaving
      .flatMap(master => {
        const { nodeName, secondAddress } = inventory.cluster(cluster, master)
        return [...namesOf(params)(master), nodeName, secondAddress ?? master.ip]
      })
      .map(canonicalAddress)
      .filter(name => !served.has(name)),
  )
  const isNameGone = (name: string): boolean => gone.has(canonicalAddress(name))
  const nodes = leaving.map(master => nodeNameOf(master, inventory))
  const endpoint = controlPlaneEndpoint(params, inventory)
  const isGone = (present: string | undefined): boolean => present !== undefined && isNameGone(hostOf(present))
  const isServerGone = (server: string): boolean => isGone(server.replace(/^https:\/\//, ''))
  return [
    step({
      title: `the configuration of the cluster does not name ${leaving.map(({ name }) => name).join(', ')}`,
      facts: { config: clusterConfig(params), proxy: kubeProxyConfig(params) },
      needed: ({ config: { exitCode, stdout }, proxy }) => {
        if (exitCode !== 0) return 'it is not known'
        const found = [
          ...statusNodesIn(stdout).filter(node => nodes.includes(node)),
          ...sansIn(stdout).filter(isNameGone),
          ...(isGone(endpointIn(stdout)) ? ['its endpoint'] : []),
          ...(isServerGone(serverIn(proxy.stdout) ?? '') ? ['the server of kube-proxy'] : []),
        ]
        return found.length > 0 && `${[...new Set(found)].join(', ')} ${found.length === 1 ? 'is' : 'are'} in it`
      },
      run: async ({ $ }) => {
        const kubectl = { $, words: kubectlWords(params) }
        let moved = false
        await changeClusterConfig(kubectl, ({ ClusterConfiguration: config, ClusterStatus: status }) => {
          moved = isGone(config.controlPlaneEndpoint)
          if (moved) config.controlPlaneEndpoint = endpoint
          const sans = config.apiServer?.certSANs
          if (sans !== undefined)
            config.apiServer = { ...config.apiServer, certSANs: sans.filter(name => !isNameGone(name)) }
          for (const node of nodes) delete status?.apiEndpoints?.[node]
        })
        if (isServerGone((await kubeProxyServer($, params)) ?? ''))
          await leadKubeProxy(kubectl, server => (isServerGone(server) ? `https://${endpoint}` : server))
        if (!moved) return {}
        await changeClusterInfo(kubectl, `https://${endpoint}`)
        return { summary: `the endpoint is ${endpoint} now` }
      },
    }),
  ]
}

const namesOf =
  ({ dnsDomain }: Pick<Params, 'dnsDomain'>) =>
  (master: HostView): readonly string[] => [master.name, master.address, master.ip, `${master.name}.${dnsDomain}`]

/** What everybody reads who joins. The bootstrap signer signs it anew. */
async function changeClusterInfo(kubectl: Parameters<typeof changeConfigMap>[0], server: string): Promise<void> {
  const { parse, stringify } = await import('yaml')
  await changeConfigMap(kubectl, ['kube-public', 'cluster-info'], data => {
    const kubeconfig = parse(data.kubeconfig ?? '') as { clusters?: { cluster: { server: string } }[] }
    for (const { cluster } of kubeconfig.clusters ?? []) cluster.server = server
    return { ...data, kubeconfig: stringify(kubeconfig) }
  })
}
