import { setTimeout as sleep } from 'node:timers/promises'
import { facts, type InventoryView, quote, raw, type Step, type StepContext, step } from 'rota'
import type { PreparedCertificates } from '../../lib/pki/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { kubectlWords } from '../kubectl.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { etcdEndpoints } from './config.ts'
import { changeClusterConfig, etcdEndpointsIn } from './config-map.ts'
import { filesOf, has } from './etcd-client.ts'
import { servesItself } from './is-master.ts'
import { clusterConfig, manifests, textOf } from './seen.ts'

/**
 * The API server asks the members that the etcd of the hosts has now. kubeadm writes their list once, when the cluster
 * begins: members that are replaced one after the other would leave it none that lives. Only that flag of the manifest
 * changes, and only where the etcd is ours.
 */
export const knowsEtcdMembers = (params: Params, inventory: InventoryView, prepared: PreparedCertificates): Step => {
  const files = filesOf(params, prepared)
  const wanted = etcdEndpoints(params, inventory)
  return step({
    title: 'the API server knows the etcd members',
    facts: {
      manifest: manifests(params)['kube-apiserver'],
      ca: facts.path({ path: files.ca.path, sha256: true }),
      config: clusterConfig(params),
    },
    needed: ({ manifest, ca, config }) => {
      const text = textOf(manifest)
      if (!has(ca, files.ca) || !text.includes(`--etcd-certfile=${files.crt.path}`)) return false
      if (!sameSet(wanted, serversIn(text))) return `it asks ${serversIn(text).join(', ') || 'nobody'}`
      const present = config.exitCode === 0 ? etcdEndpointsIn(config.stdout) : wanted
      return !sameSet(wanted, present) && `the cluster's configuration has ${present.join(', ') || 'none'}`
    },
    run: async context => {
      await setEndpoints({ $: context.$, words: kubectlWords(params) }, params, wanted)
      await changeManifest(context, params, wanted)
      return {}
    },
  })
}

/** What a master that joins is told, where both have the same authority for their etcd: it is the same then. */
export async function tellEtcdMembers(context: StepContext, params: Params, peer: StepContext['$']): Promise<void> {
  if (params.etcdDeployment !== 'host') return
  const ca = `${params.kubeConfigDir}/pki/etcd/ca.crt`
  const [own, theirs] = await Promise.all([context.$, peer].map($ => $`cat ${ca} 2>/dev/null`.nothrow().text()))
  if (own === undefined || own === '' || own !== theirs) return
  await setEndpoints({ $: peer, words: kubectlWords(params) }, params, etcdEndpoints(params, context.inventory))
}

async function setEndpoints(
  kubectl: Parameters<typeof changeClusterConfig>[0],
  { kubeConfigDir }: Params,
  endpoints: readonly string[],
): Promise<void> {
  await changeClusterConfig(kubectl, ({ ClusterConfiguration: { etcd } }) => {
    if (etcd?.external?.certFile === `${kubeConfigDir}/pki/apiserver-etcd-client.crt`)
      etcd.external.endpoints = [...endpoints]
  })
}

const flag = '--etcd-servers='

const serversIn = (manifest: string): readonly string[] =>
  new RegExp(`^ *- "?${flag}([^"\\s]*)`, 'm').exec(manifest)?.[1]?.split(',').filter(Boolean) ?? []

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(item => b.includes(item))

/** Written under a name that the kubelet passes over, so that it never reads half a manifest, nor two. */
async function changeManifest({ $, host }: StepContext, params: Params, wanted: readonly string[]): Promise<void> {
  const manifest = manifestOf(params.manifestDir, 'kube-apiserver')
  const beside = `${params.manifestDir}/.kube-apiserver.yaml`
  const now = `${flag}${wanted.join(',')}`
  await $`cp -p ${manifest} ${beside} && sed -E ${`s#^( *- )"?${flag}.*#\\1${now}#`} ${manifest} >${beside} && mv -f ${beside} ${manifest}`
  const until = Date.now() + params.readyTimeout * 1000
  while (!((await $`${raw(allHave(now))}`.nothrow()).exitCode === 0 && (await servesItself($, params)))) {
    if (Date.now() > until) throw new Error(`the API server of ${host.name} is not ready with ${now}`)
    await sleep(1000)
  }
}

/**
 * Shell text that succeeds when every API server that runs has the word, and there is one: the old one answers for a
 * while.
 */
const allHave = (word: string): string => `found=1
for p in /proc/[0-9]*; do
  [ "$(cat "$p/comm" 2>/dev/null)" = kube-apiserver ] || continue
  tr '\\0' '\\n' <"$p/cmdline" 2>/dev/null | grep -qxF -e ${quote(word)} || exit 1
  found=0
done
exit $found`
