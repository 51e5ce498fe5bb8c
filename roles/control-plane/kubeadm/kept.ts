import { isDeepStrictEqual } from 'node:util'
import type { Addon } from './addon.ts'
import { withFieldsOfOthers } from './managed-fields.ts'

// The other two count and tell how it goes.
const owners = ['kubeadm', 'kube-controller-manager', 'kube-apiserver']

interface Workload {
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } } }
}
interface Container {
  readonly name: string
  readonly image?: string
}

/**
 * kube-proxy's DaemonSet after a call of kubeadm, which writes the whole of it: what others had set of it stays, and
 * the image has the new version.
 */
export function keptDaemonSet(is: Addon, was: Addon): Addon {
  const kept = withFieldsOfOthers(is, was, was.metadata.managedFields ?? [], owners)
  const spec = (kept as Workload).spec
  const containers = spec?.template?.spec?.containers?.map(container => ({
    ...container,
    ...versioned(container.image, imageOf(is, container.name)),
  }))
  if (containers === undefined) return kept
  return { ...kept, spec: { ...spec, template: { ...spec?.template, spec: { ...spec?.template?.spec, containers } } } }
}

const imageOf = (object: Addon, name: string): string | undefined =>
  (object as Workload).spec?.template?.spec?.containers?.find(container => container.name === name)?.image

/** Where the image comes from is kept; nothing new comes to the old place of Kubernetes' own images. */
function versioned(image: string | undefined, kubeadms: string | undefined): { readonly image?: string } {
  if (image === undefined || kubeadms === undefined) return {}
  const [from, tag] = [/^([^@]+):[^:/@]+$/.exec(image)?.[1], /:[^:/@]+$/.exec(kubeadms)?.[0]]
  const isOld = from === undefined || tag === undefined || from.startsWith('k8s.gcr.io/')
  return { image: isOld ? kubeadms : `${from}${tag}` }
}

type Data = Readonly<Record<string, string>>
const config = 'config.conf'

/**
 * Its ConfigMap, which kubeadm writes as a whole too: the kubeconfig and what others have put there as it was, the
 * configuration with its old values and the fields that only the new version knows.
 */
export async function keptMap(is: Addon, was: Addon): Promise<Addon> {
  const kept = withFieldsOfOthers(is, was, was.metadata.managedFields ?? [], owners)
  const [old, now] = [was, is].map(({ data }) => (data ?? {}) as Data)
  const merged = await mergedConfig(old?.[config], now?.[config])
  return { ...kept, data: { ...now, ...old, ...(merged === undefined ? {} : { [config]: merged }) } }
}

async function mergedConfig(was: string | undefined, is: string | undefined): Promise<string | undefined> {
  if (was === undefined || is === undefined || was === is) return was ?? is
  const { parse, stringify } = await import('yaml')
  const [old, now]: readonly unknown[] = [parse(was), parse(is)]
  const merged = merge(old, now)
  // The text of whichever has it: another one is a change of its own.
  if (isDeepStrictEqual(merged, old)) return was
  return isDeepStrictEqual(merged, now) ? is : stringify(merged)
}

/** Values as they were, in the fields that there are now. */
function merge(was: unknown, is: unknown): unknown {
  if (!isObject(was) || !isObject(is)) return was
  return Object.fromEntries(
    Object.entries(is).map(([name, value]) => [name, Object.hasOwn(was, name) ? merge(was[name], value) : value]),
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
