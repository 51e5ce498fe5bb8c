import { assert, computed, type Task } from 'rota'
import { minorOf, withV } from '../../cluster/index.ts'
import type { Params } from '../daemons.ts'
import { manifests, versionsOf } from './seen.ts'

/** Why kubeadm can't go from one version to another, or nothing: one minor version at a time, and never back. */
export function skewProblem(from: string, to: string): string | undefined {
  const [major, minor] = minorOf(from)
  const [wantedMajor, wantedMinor] = minorOf(to)
  if (isOlder(to, from)) return `${from} is newer than ${withV(to)}: kubeadm does not go back`
  if (major !== wantedMajor || wantedMinor > minor + 1)
    return `from ${from} to ${withV(to)} a minor version is left out: upgrade to v${major}.${minor + 1} first`
  return undefined
}

/** Compares `1.20.10` with `1.20.9` as numbers; what comes before a release (`-rc.1`) is older than it. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map(partsOf)
  for (let index = 0; index < 4; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const partsOf = (version: string): readonly number[] => {
  const [release = '', before] = version.replace(/^v/, '').split('-', 2)
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
