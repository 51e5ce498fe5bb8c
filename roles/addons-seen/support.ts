import { minorOf } from '../lib/cluster/index.ts'
import type { Seen } from './images.ts'

/** Minor versions of Kubernetes 1, from and to; open at its end where nothing says where it ends. */
type Range = readonly [from: number, to?: number]

/**
 * What the makers of an add-on say of its minor versions. What they don't say, or could not be read where they say it,
 * is not in here, and told as unknown.
 */
const tested: Readonly<
  Record<string, { readonly source: string; readonly versions: Readonly<Record<string, Range>> }>
> = {
  // "We test Calico … against the following Kubernetes versions", in the requirements of each version.
  calico: {
    source: 'docs.tigera.io/calico/VERSION/getting-started/kubernetes/requirements',
    versions: {
      '3.25': [23, 28],
      '3.26': [24, 28],
      '3.27': [27, 29],
      '3.28': [27, 30],
      '3.29': [29, 32],
      '3.30': [31, 35],
      '3.31': [32, 35],
      '3.32': [34, 36],
    },
  },
  // "e2e tested and guaranteed to be compatible", in network/kubernetes/compatibility of each version.
  cilium: {
    source: 'docs.cilium.io/en/vVERSION/network/kubernetes/compatibility',
    versions: { '1.18': [30, 33] },
  },
  // "Compatibility Matrix" in its README.
  'metrics-server': {
    source: 'github.com/kubernetes-sigs/metrics-server#compatibility-matrix',
    versions: { '0.3': [8, 21], '0.4': [8], '0.5': [8], '0.6': [25], '0.7': [27], '0.8': [31], '0.9': [34] },
  },
  // "Supported Versions table" in its README. Where patches of a version differ it is left out.
  'ingress-nginx': {
    source: 'github.com/kubernetes/ingress-nginx#supported-versions-table',
    versions: {
      '1.3': [20, 24],
      '1.4': [22, 25],
      '1.5': [23, 25],
      '1.6': [23, 26],
      '1.7': [24, 27],
      '1.8': [24, 27],
      '1.11': [26, 30],
      '1.12': [28, 32],
      '1.13': [29, 33],
      '1.14': [30, 34],
      '1.15': [31, 35],
    },
  },
}

/**
 * CoreDNS that kubeadm installs, by minor version of Kubernetes 1. Source: CoreDNS-k8s_version.md in
 * coredns/deployment.
 */
const dnsOfKubeadm: Readonly<Record<number, string>> = {
  ...{ 20: '1.7.0', 21: '1.8.0', 22: '1.8.4', 23: '1.8.6', 24: '1.8.6', 25: '1.9.3', 26: '1.9.3', 27: '1.10.1' },
  ...{ 28: '1.10.1', 29: '1.11.1', 30: '1.11.1', 31: '1.11.3', 32: '1.11.3', 33: '1.12.0' },
}

/** What is known of an add-on beside a version of Kubernetes, in a few words; nothing where all is well. */
export function saidOf({ name, version }: Seen, kubeVersion: string): string | undefined {
  const [, minor] = minorOf(kubeVersion)
  const here = `${name} ${version ?? 'of no version'}`
  // It goes with the masters, where it is kubeadm's.
  if (name === 'kube-proxy') return undefined
  if (name === 'coredns') {
    const theirs = dnsOfKubeadm[minor]
    if (theirs === undefined) return `${here}: what kubeadm installs is not known here`
    return theirs === version ? undefined : `${here}: kubeadm installs ${theirs}`
  }
  const known = tested[name]
  const ownMinor = version === undefined ? '' : minorOf(version).join('.')
  const range = known?.versions[ownMinor]
  if (known === undefined || range === undefined) return `${here}: not known here`
  if (isIn(range, minor)) return undefined
  const others = Object.entries(known.versions).filter(([, each]) => isIn(each, minor))
  const fit = others.length === 0 ? 'none is known here' : `they name ${others.map(([each]) => each).join(', ')}`
  return `${here}: its makers name Kubernetes ${textOf(range)}; for 1.${minor} ${fit} (${known.source.replace('VERSION', ownMinor)})`
}

const isIn = ([from, to = Number.POSITIVE_INFINITY]: Range, minor: number): boolean => from <= minor && minor <= to

const textOf = ([from, to]: Range): string => (to === undefined ? `1.${from} and later` : `1.${from} to 1.${to}`)
