import { atLeast } from '../../lib/cluster/index.ts'

export type ApiVersion = 'v1beta2' | 'v1beta3' | 'v1beta4'

/**
 * The configuration that the kubeadm of this version reads and does not warn about (kubeadm's own release notes: 1.15,
 * 1.22, 1.31).
 */
export function apiVersionOf(kubeVersion: string): ApiVersion {
  if (atLeast(kubeVersion, '1.31')) return 'v1beta4'
  if (atLeast(kubeVersion, '1.22')) return 'v1beta3'
  if (atLeast(kubeVersion, '1.15')) return 'v1beta2'
  throw new Error(`kubeadm ${kubeVersion} is too old: 1.15 is the first whose configuration is known here`)
}
