import type { Completes } from 'rota'
import { withV } from '../lib/version.ts'
import { defaultCache, versionsIn } from './cache.ts'
import type { Checksums } from './places.ts'

/** `1.33` or `v1.33`: which patch is left to whoever knows the newest. */
export const isMinor = (version: string): boolean => /^v?\d+\.\d+$/.test(version)

/** The newest patch of a minor version among some versions; undefined where there is none. */
export function newestPatch(minor: string, versions: Iterable<string>): string | undefined {
  const prefix = `${withV(minor)}.`
  const patches = [...versions].flatMap(version => {
    const name = withV(version)
    const patch = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    return /^\d+$/.test(patch) ? [Number(patch)] : []
  })
  return patches.length === 0 ? undefined : `${prefix}${Math.max(...patches)}`
}

/** Versions that checksums are known of, whichever the architecture. */
export const versionsOf = (checksums: Checksums | undefined): readonly string[] =>
  Object.values(checksums ?? {}).flatMap(sums => (typeof sums === 'object' && sums !== null ? Object.keys(sums) : []))

/**
 * Of `kube_version: "1.33"` the newest patch that is known without asking anybody: the one that kubespray's checkout
 * has checksums of, else the newest in the folder of programs.
 */
export const newestKubeVersion: Completes = (text, of) => {
  if (!isMinor(text)) return undefined
  const checksums = of('kubelet_checksums')
  const ofCheckout = newestPatch(text, versionsOf(isChecksums(checksums) ? checksums : undefined))
  if (ofCheckout !== undefined)
    return { text: ofCheckout, how: `kube_version ${text} is ${ofCheckout}: the newest that kubelet_checksums has` }
  const named = of('kube_bin_cache')
  const cache = typeof named === 'string' && named !== '' ? named : defaultCache()
  const inCache = newestPatch(text, versionsIn(cache))
  return inCache === undefined
    ? undefined
    : { text: inCache, how: `kube_version ${text} is ${inCache}: the newest in ${cache}` }
}

const isChecksums = (value: unknown): value is Checksums => typeof value === 'object' && value !== null
