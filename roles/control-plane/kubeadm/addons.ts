import { isDeepStrictEqual } from 'node:util'
import { type Addon, bare, comparable, nameOf } from './addon.ts'
import { keptDaemonSet, keptMap } from './kept.ts'

/** What kubeadm's phases of add-ons write, by the names that kubectl reads. */
export const addonNames = {
  'kube-proxy': ['daemonset/kube-proxy', 'configmap/kube-proxy'],
  coredns: [
    ...['deployment/coredns', 'service/kube-dns', 'service/coredns', 'configmap/coredns', 'serviceaccount/coredns'],
    ...['clusterrole/system:coredns', 'clusterrolebinding/system:coredns'],
  ],
} as const

/** What has to be done so that nothing is moved that is not kubeadm's. */
export type Mend =
  /** `over`: the resourceVersion of what it takes the place of. */
  | { readonly kind: 'replace'; readonly object: Addon; readonly over: string | undefined }
  | { readonly kind: 'create'; readonly object: Addon }
  | { readonly kind: 'delete'; readonly name: string }
  /** kube-proxy reads its ConfigMap when it starts. */
  | { readonly kind: 'restart'; readonly name: string }

/**
 * Add-ons that are not kubeadm's to write: those whose phase is skipped, those that the cluster has not, and a CoreDNS
 * that somebody else has made. kubeadm's Deployment has one label, no annotation on its pods, and a Service `kube-dns`;
 * kubespray's differs in each.
 */
export function foreignAddons(
  before: readonly Addon[],
  skipped: readonly string[],
): readonly (keyof typeof addonNames)[] {
  const found = new Map(before.map(object => [nameOf(object), object]))
  const isSkipped = (phase: string): boolean => skipped.some(item => item === 'addon' || item === `addon/${phase}`)
  const dns = found.get('deployment/coredns')
  const dnsIsKubeadms =
    dns !== undefined &&
    found.has('service/kube-dns') &&
    Object.keys(dns.metadata.labels ?? {}).every(label => label === 'k8s-app') &&
    Object.keys(podAnnotations(dns)).every(name => name === 'kubectl.kubernetes.io/restartedAt')
  return [
    ...(isSkipped('kube-proxy') || !found.has('daemonset/kube-proxy') ? (['kube-proxy'] as const) : []),
    ...(isSkipped('coredns') || !dnsIsKubeadms ? (['coredns'] as const) : []),
  ]
}

const podAnnotations = (deployment: Addon): Readonly<Record<string, string>> => {
  const spec = deployment.spec as
    | { readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } } }
    | undefined
  return spec?.template?.metadata?.annotations ?? {}
}

/**
 * Compares what was there before a call of kubeadm with what is there after it. An add-on that is not kubeadm's is put
 * back as it was, and what was not there goes. A kube-proxy that is kubeadm's goes with the version, and keeps what
 * others have set of it: where it leads, its configuration, fields of its DaemonSet.
 */
export async function mendsOf(
  before: readonly Addon[],
  after: readonly Addon[],
  foreign: readonly (keyof typeof addonNames)[],
): Promise<readonly Mend[]> {
  const [old, now] = [before, after].map(list => new Map(list.map(object => [nameOf(object), object])))
  const names = foreign.flatMap(addon => addonNames[addon])
  const mends = names.flatMap((name): readonly Mend[] => {
    const [was, is] = [old?.get(name), now?.get(name)]
    if (was === undefined) return is === undefined ? [] : [{ kind: 'delete', name }]
    if (is === undefined) return [{ kind: 'create', object: bare(was) }]
    // The API server itself writes to it.
    return was.kind === 'ServiceAccount' ? [] : replaced(is, was)
  })
  if (foreign.includes('kube-proxy')) return mends
  const kept = async (name: string, keep: (is: Addon, was: Addon) => Addon | Promise<Addon>) => {
    const [was, is] = [old?.get(name), now?.get(name)]
    return was === undefined || is === undefined ? [] : replaced(is, await keep(is, was))
  }
  const map = await kept('configmap/kube-proxy', keptMap)
  const proxy = await kept('daemonset/kube-proxy', keptDaemonSet)
  return [
    ...mends,
    ...map,
    ...proxy,
    ...(map.length > 0 ? [{ kind: 'restart', name: 'daemonset/kube-proxy' } as const] : []),
  ]
}

const replaced = (is: Addon, wanted: Addon): readonly Mend[] =>
  isDeepStrictEqual(comparable(is), comparable(wanted))
    ? []
    : [{ kind: 'replace', object: bare(wanted), over: is.metadata.resourceVersion }]
