import { setTimeout as sleep } from 'node:timers/promises'
import {
  facts,
  type HostView,
  type InventoryView,
  type PathFact,
  quote,
  raw,
  type Step,
  type StepContext,
  step,
} from 'rota'
import { etcdAccessAddressOf, etcdClientUrls, isEtcdOfHosts } from '../../lib/cluster/index.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { PreparedCertificates } from '../../lib/pki/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { manifestOf } from '../methods/static-pods/running.ts'
import { changeClusterConfig, etcdEndpointsIn } from './config-map.ts'
import { etcdClientIn, filesOf, has } from './etcd-client.ts'
import { servesItself } from './is-master.ts'
import { clusterConfig, manifests, textOf } from './seen.ts'

/**
 * The API server asks the members that the etcd of the hosts has now. kubeadm writes their list once, when the cluster
 * begins: members that are replaced one after the other would leave it none that lives. Only that flag of the manifest
 * changes, and only where the etcd is ours or kubespray's. Of kubespray's it has to have one member at least by an
 * address that the inventory has: who asks for them by other names is left alone.
 */
export const knowsEtcdMembers = (
  params: Params,
  inventory: InventoryView,
  prepared: PreparedCertificates | undefined,
): Step => {
  const files = prepared && filesOf(params, prepared)
  const isOurs = (manifest: string, ca: PathFact): boolean =>
    files !== undefined && has(ca, files.ca) && manifest.includes(`--etcd-certfile=${files.crt.path}`)
  const ours = etcdClientUrls(params, inventory)
  return step({
    title: 'the API server knows the etcd members',
    facts: {
      manifest: manifests(params)['kube-apiserver'],
      ca: facts.path({ path: `${params.kubeConfigDir}/pki/etcd/ca.crt`, sha256: true }),
      config: clusterConfig(params),
    },
    needed: ({ manifest, ca, config }) => {
      const text = textOf(manifest)
      const servers = serversIn(text)
      const wantedFor = (present: readonly string[]) =>
        isOurs(text, ca) ? ours : kubespraysLike(present, etcdClientIn(text), params, inventory)
      const wanted = wantedFor(servers)
      if (wanted === undefined) return false
      if (!sameSet(wanted, servers)) return `it asks ${servers.join(', ') || 'nobody'}`
      if (config.exitCode !== 0) return false
      const present = etcdEndpointsIn(config.stdout)
      const differs = !sameSet(wantedFor(present) ?? present, present)
      return differs && `the cluster's configuration has ${present.join(', ') || 'none'}`
    },
    run: async context => {
      const { $ } = context
      await setEndpoints({ $, words: kubectlWords(params) }, params, inventory)
      const text = await $`cat ${manifestOf(params.manifestDir, 'kube-apiserver')}`.text()
      await changeManifest(
        context,
        params,
        kubespraysLike(serversIn(text), etcdClientIn(text), params, inventory) ?? ours,
      )
      return {}
    },
  })
}

/** What a master that joins is told, where both have the same authority for their etcd: it is the same then. */
export async function tellEtcdMembers(context: StepContext, params: Params, peer: StepContext['$']): Promise<void> {
  if (!isEtcdOfHosts(params.etcdDeployment)) return
  const ca = `${params.kubeConfigDir}/pki/etcd/ca.crt`
  const [own, theirs] = await Promise.all([context.$, peer].map($ => $`cat ${ca} 2>/dev/null`.nothrow().text()))
  const areSame = own !== undefined && own !== '' && own === theirs
  const kubectl = { $: peer, words: kubectlWords(params) }
  await setEndpoints(kubectl, params, context.inventory, { ours: areSame })
}

async function setEndpoints(
  kubectl: Parameters<typeof changeClusterConfig>[0],
  params: Params,
  inventory: InventoryView,
  { ours }: { readonly ours: boolean } = { ours: true },
): Promise<void> {
  await changeClusterConfig(kubectl, ({ ClusterConfiguration: { etcd } }) => {
    const external = etcd?.external
    if (external === undefined) return
    const isOurs = ours && external.certFile === `${params.kubeConfigDir}/pki/apiserver-etcd-client.crt`
    const wanted = isOurs
      ? etcdClientUrls(params, inventory)
      : kubespraysLike(external.endpoints, external.certFile, params, inventory)
    if (wanted !== undefined && !sameSet(external.endpoints, wanted)) external.endpoints = [...wanted]
  })
}

/**
 * The members for one who asks with a client of kubespray's, `/etc/ssl/etcd/ssl/node-m1.pem`, at the kind of address
 * that most of them are asked at already. Its releases differ: `etcd_access_address` or `ip` up to 2.27, `access_ip`
 * later. A host may have the same one as two of these, or lack one.
 */
function kubespraysLike(
  present: readonly string[],
  client: string | undefined,
  params: Params,
  inventory: InventoryView,
): readonly string[] | undefined {
  if (!/^\/\S+\/node-[\w.-]+\.pem$/.test(client ?? '')) return undefined
  const inCommon = (urls: readonly string[]): number => urls.filter(url => present.includes(url)).length
  const [most = []] = [etcdAccessAddressOf, ({ address }: HostView) => address, ({ ip }: HostView) => ip]
    .map(addressOf => etcdClientUrls(params, inventory, addressOf))
    .sort((a, b) => inCommon(b) - inCommon(a))
  return inCommon(most) > 0 ? most : undefined
}

const flag = '--etcd-servers='

const serversIn = (manifest: string): readonly string[] =>
  new RegExp(`^ *- "?${flag}([^"\\s]*)`, 'm').exec(manifest)?.[1]?.split(',').filter(Boolean) ?? []

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.every(item => b.includes(item)) && b.every(item => a.includes(item))

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
