import {
  type At,
  type Entry,
  isWithin,
  kubeletFiles,
  longestFile,
  mostInDirectory,
  patchesOf,
  readListing,
} from './listing.ts'
import { namedByConfig, namedByManifests } from './named.ts'

/** What a new master gets from one that serves. */
export interface Wanted {
  readonly entry: Entry
  /** `keep`: only where the host has none of its own; the values of the other host in it are replaced by its own. */
  readonly how: 'same' | 'keep'
}

/** What it can't get, but may have. */
export interface Lacking {
  readonly path: string
  readonly reason: string
}

export interface Neighbour {
  readonly wanted: readonly Wanted[]
  readonly lacking: readonly Lacking[]
}

/** Of all files. In bytes. */
const most = 8 * 1024 * 1024

/**
 * Every file of the host that the pods of a master read and kubeadm does not make; those of its kubelet, where
 * kubespray has written them. `made` are paths that the role writes itself. `only`: a worker has no pods of a master,
 * and a kubelet with another container runtime has no use for the files of this one.
 */
export function neighbourOf(
  output: string,
  at: At,
  options: { readonly config?: string; readonly made?: readonly string[]; readonly only?: 'kubelet' | 'pods' } = {},
): Neighbour {
  const { manifests, entries } = readListing(output)
  const found = new Map(entries.map(entry => [entry.path, entry]))
  const configured = options.config === undefined ? [] : namedByConfig(options.config, at)
  const named = [...namedByManifests(manifests, at), ...configured].filter(
    ({ path }) => options.made?.includes(path) !== true,
  )
  const lacking: Lacking[] = []
  const wanted = new Map<string, Wanted>()
  const take = (entry: Entry, by: string, how: Wanted['how'] = 'same'): void => {
    const reason = refusal(entry, at)
    if (reason !== undefined) lacking.push({ path: entry.path, reason: `${reason} (${by})` })
    else if (!wanted.has(entry.path)) wanted.set(entry.path, { entry, how })
  }
  for (const item of options.only === 'kubelet' ? [] : named) {
    const unsafe = unsafePath(item.path)
    if (unsafe !== undefined) {
      lacking.push({ path: item.path, reason: `${unsafe} (${item.by})` })
      continue
    }
    const entry = found.get(item.path)
    if (entry === undefined) {
      if (configured.includes(item) && !item.type.endsWith('OrCreate'))
        lacking.push({ path: item.path, reason: `is named by the configuration of the cluster (${item.by})` })
      continue
    }
    if (entry.type === 'directory' && !item.whole) continue
    take(entry, item.by)
    if (entry.type !== 'directory') continue
    const inner = entries.filter(({ path }) => path !== entry.path && isWithin(path, entry.path))
    if (inner.length > mostInDirectory)
      lacking.push({ path: item.path, reason: `has more than ${mostInDirectory} files (${item.by})` })
    else for (const file of inner) take(file, item.by)
  }
  if (options.only !== 'kubelet')
    for (const entry of entries) if (isWithin(entry.path, patchesOf(at))) take(entry, "kubeadm's patches")
  const kubelet = options.only === 'pods' ? [] : kubeletEntries(entries, at, options.only)
  for (const entry of kubelet) take(entry, 'the kubelet', 'keep')
  const resolvConf = /^# resolvConf: *["']?([^"'\s]+)/m.exec(manifests)?.[1]
  if (kubelet.length > 0 && resolvConf?.startsWith('/') === true && unsafePath(resolvConf) === undefined)
    lacking.push({ path: resolvConf, reason: 'is the resolvConf of the other kubelets' })
  const size = [...wanted.values()].reduce((sum, { entry }) => sum + (entry.type === 'file' ? entry.size : 0), 0)
  if (size > most) lacking.push({ path: at.kubeConfigDir, reason: `and what is named besides has ${size} bytes` })
  return { wanted: [...wanted.values()].sort(byPath), lacking: unique(lacking) }
}

const byPath = (a: Wanted, b: Wanted): number => (a.entry.path < b.entry.path ? -1 : 1)

const unique = (list: readonly Lacking[]): readonly Lacking[] =>
  list.filter(({ path }, index) => list.findIndex(other => other.path === path) === index)

/** kubeadm and the role itself have no kubelet.env there: where one is, kubespray's kubelet reads it. */
function kubeletEntries(entries: readonly Entry[], at: At, only: 'kubelet' | undefined): readonly Entry[] {
  const { dropIns, renewScript, renewService, renewTimer, ...own } = kubeletFiles(at)
  if (!entries.some(({ path }) => path === own.env)) return []
  // kubeadm renews what a master has; a kubelet renews its own.
  const files = [...Object.values(own), ...(only === undefined ? [renewScript, renewService, renewTimer] : [])]
  return entries.filter(({ type, path }) => type === 'file' && (files.includes(path) || isWithin(path, dropIns)))
}

/** What a host says is a path of ours to write. */
const unsafePath = (path: string): string | undefined =>
  /^\/[A-Za-z0-9_.@+/-]+$/.test(path) && !path.split('/').includes('..') ? undefined : 'is no path that is copied'

function refusal({ type, path, real, size }: Entry, { kubeConfigDir }: At): string | undefined {
  const unsafe = unsafePath(path) ?? unsafePath(real)
  if (unsafe !== undefined) return unsafe
  if (real !== path && !isWithin(real, kubeConfigDir)) return `is a link to ${real}`
  if (type === 'other') return 'is neither a file nor a directory'
  if (type === 'file' && size > longestFile) return `has ${size} bytes`
  return undefined
}
