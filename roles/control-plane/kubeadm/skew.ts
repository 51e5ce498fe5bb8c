import { assert, computed, type FactMap, facts, type HostView, type PathFact, type PeerFacts, type Task } from 'rota'
import { minorOf, withV } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'
import { isThere, manifests, tagIn, textOf, versionsOf } from './seen.ts'

/** Why kubeadm can't go from one version to another, or nothing: one minor version at a time, and never back. */
export function skewProblem(from: string, to: string): string | undefined {
  if (isOlder(to, from)) return `${from} is newer than ${withV(to)}: kubeadm does not go back`
  return minorProblem(from, to)
}

/**
 * What holds whoever does it: API servers beside each other, and what they have written in etcd, differ by one minor
 * version at most.
 */
export function minorProblem(from: string, to: string): string | undefined {
  const [major, minor] = minorOf(from)
  const [wantedMajor, wantedMinor] = minorOf(to)
  if (wantedMajor < major || (wantedMajor === major && wantedMinor < minor))
    return `${from} is newer than ${withV(to)}: a control plane does not go back to an older minor version`
  if (major !== wantedMajor || wantedMinor > minor + 1)
    return `from ${from} to ${withV(to)} a minor version is left out: upgrade to v${major}.${minor + 1} first`
  return undefined
}

/**
 * Compares `1.20.10` with `1.20.9` as numbers; what comes before a release (`-rc.1`) is older than it. A build of one
 * (`+a`, in a tag `_a`) is as old as another.
 */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map(partsOf)
  for (let index = 0; index < 4; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const partsOf = (version: string): readonly number[] => {
  const [release = '', before] = version.replace(/^v|[+_].*$/g, '').split('-', 2)
  return [...release.split('.').map(Number), before === undefined ? 0 : -1]
}

/** Asserted before anything is changed on any master: the role that brings the programs does it too, on all of them. */
export const versionMayFollow = (params: Pick<Params, 'manifestDir' | 'kubeVersion'>): Task =>
  assert({
    that: `kubeadm can go to ${withV(params.kubeVersion)} from here`,
    holds: computed(manifests(params), seen =>
      versionsOf(seen)
        .flatMap(([name, version]) => {
          const problem = version && skewProblem(version, params.kubeVersion)
          return problem ? [`${name} ${problem}`] : []
        })
        .at(0),
    ),
  })

/** The same where kubeadm has no part in it: of units and of static pods. */
export const minorMayFollow = (params: Pick<Params, 'manifestDir' | 'kubeVersion'>): Task =>
  assert({
    that: `the control plane can go to ${withV(params.kubeVersion)} from here`,
    holds: computed({ ...manifests(params), unit: apiServerUnit }, ({ unit, ...seen }) =>
      [unitVersionIn(textOf(unit)), ...versionsOf(seen).map(([, version]) => version)]
        .flatMap(version => (version && minorProblem(version, params.kubeVersion)) ?? [])
        .at(0),
    ),
  })

const apiServerUnit = facts.path({ path: '/etc/systemd/system/kube-apiserver.service', content: true })

/** The version in the path of its program. */
const unitVersionIn = (unit: string): string | undefined =>
  /^ExecStart=\S*\/(v\d+\.\d+\.\d+[^/\s]*)\/bin\/kube-apiserver/m.exec(unit)?.[1]

/**
 * kubeadm joins no cluster of another minor version, and no cluster is upgraded by one that is no master yet: the run
 * would never begin.
 */
export const joinsItsMinor = (params: Params, host: HostView, peers: PeerFacts<FactMap>): Task => {
  const others = [...peers.entries()].filter(([name]) => name !== host.name)
  const versions = others.flatMap(([, facts]) => (facts && tagIn(textOf(facts.apiServer as PathFact))) ?? [])
  const wanted = minorOf(params.kubeVersion).join('.')
  const older = versions.find(version => minorOf(version).join('.') !== wanted)
  return assert({
    that: 'a new master joins a cluster of its minor version',
    holds: computed({ apiServer: manifests(params)['kube-apiserver'] }, ({ apiServer }) =>
      older !== undefined && !isThere(apiServer)
        ? `${host.name} is no master yet, and the cluster is ${older}: upgrade the cluster to ${withV(params.kubeVersion)} without ${host.name} in the inventory, then add it`
        : undefined,
    ),
  })
}
