import { type Check, type Finding, facts, hostCheck } from 'rota'
import { textOf } from '../control-plane/kubeadm/seen.ts'
import { isOlder } from '../control-plane/kubeadm/skew.ts'
import { atLeast, withV } from '../lib/cluster/index.ts'
import type { Params } from './params.ts'

/**
 * kubeadm of 1.34 brings etcd 3.6 with it, that of 1.33 has 3.5. Source: `SupportedEtcdVersion` in kubeadm's
 * constants.go (kubernetes/kubernetes#131501). A member goes there from 3.5.26 on: older ones may have members in their
 * store that were removed long ago, and 3.6 takes them for living ones. Source: etcd's blog, "Avoiding Zombie Cluster
 * Members When Upgrading to etcd v3.6" (2025). The 3.5.32 of its "Upgrade etcd from v3.5 to v3.6" is for data of the v2
 * API, which Kubernetes does not use.
 *
 * An etcd that kubeadm does not run stays what it is. kubeadm's own rule for it (`MinExternalEtcdVersion`, 3.2.18 up to
 * 1.27, 3.4.13 in 1.28, 3.5.24 in the last patches of 1.32) is asked by `kubeadm init` alone, where there is no cluster
 * yet; an upgrade does not ask. Source: kubeadm's preflight/checks.go, `InitNodeChecks`, `RunUpgradeChecks`.
 */
export const etcdMayFollow = ({ kubeVersion, manifestDir }: Params): Check =>
  hostCheck({
    name: "etcd's version",
    facts: { manifest: facts.path({ path: `${manifestDir}/etcd.yaml`, content: true }) },
    verdict: ({ manifest }) => judgeEtcd(kubeVersion, textOf(manifest)),
  })

export function judgeEtcd(kubeVersion: string, manifest: string): Finding {
  const expected = `3.5.26 or newer, for the etcd 3.6 of kubeadm ${withV(kubeVersion)}`
  const version = /^\s*image: \S+:v?(\d+\.\d+\.\d+)/m.exec(manifest)?.[1]
  if (version === undefined) return { ok: true, expected, saw: 'no member here yet' }
  const ok = !atLeast(kubeVersion, '1.34') || !isOlder(version, '3.5.26')
  return { ok, expected, saw: ok ? version : `${version}: bring the members to 3.5.26 first` }
}
