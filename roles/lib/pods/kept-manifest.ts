import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parseDocument } from 'yaml'
import { editedText } from './text-edits.ts'

/**
 * The manifest of a proxy's static pod that is on the host already, as it is: byte for byte where it makes the pod that
 * is wanted, so that no kubelet starts it anew; with another image alone where only that is to change. Else the wanted
 * one. What is compared are the objects: layout, quotes, labels, annotations (kubespray's checksum of the
 * configuration) and the address that probes ask make no other pod. The image stays what it is unless it was set.
 */
export function keptManifest(current: string, wanted: string, imageIsSet: boolean): string {
  const [theirs, ours] = [read(current), read(wanted)]
  if (theirs === undefined || ours === undefined) return wanted
  const { image, range } = theirs
  const kept = image !== undefined && isImage(image) && !imageIsSet ? image : ours.image
  // One that has no command runs the image's own, which is the same: kubespray has none.
  const withCommand = theirs.object.spec?.containers?.[0]?.command !== undefined
  if (isDeepStrictEqual(meaning(theirs.object, withCommand), meaning(ours.object, withCommand))) {
    if (image === kept || kept === undefined || range === undefined) return current
    return editedText(current, [{ ...range, text: isImage(kept) ? kept : JSON.stringify(kept) }])
  }
  return ours.range === undefined ? wanted : editedText(wanted, [{ ...ours.range, text: JSON.stringify(kept) }])
}

interface Manifest {
  readonly object: PodObject
  readonly image: string | undefined
  /** Where the image's name stands in the text. */
  readonly range: { readonly start: number; readonly end: number } | undefined
}

type Tree = Readonly<Record<string, unknown>>
interface PodObject extends Tree {
  readonly metadata?: Tree
  readonly spec?: Tree & { readonly containers?: readonly Tree[] }
}

/** What a host says is no pod of one container: nothing. */
function read(text: string): Manifest | undefined {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined
  let object: PodObject
  try {
    object = document.toJS({ maxAliasCount: 0 }) as PodObject
  } catch {
    return undefined
  }
  if (object.kind !== 'Pod' || !Array.isArray(object.spec?.containers) || object.spec.containers.length !== 1)
    return undefined
  const node = document.getIn(['spec', 'containers', 0, 'image'], true)
  const scalar = isScalar(node) && typeof node.value === 'string' ? node : undefined
  return {
    object,
    image: scalar?.value as string | undefined,
    range: scalar?.range ? { start: scalar.range[0], end: scalar.range[1] } : undefined,
  }
}

/** The pod without what makes no difference. */
function meaning(pod: PodObject, withCommand: boolean): unknown {
  const { metadata = {}, spec = {}, ...rest } = pod
  const [container = {}] = spec.containers ?? []
  const { image: _, command, livenessProbe, readinessProbe, volumeMounts, ...others } = container
  return {
    ...rest,
    metadata: { name: metadata.name, namespace: metadata.namespace ?? 'default' },
    spec: {
      ...spec,
      containers: [
        {
          ...others,
          ...(withCommand ? { command } : {}),
          livenessProbe: withoutHost(livenessProbe),
          readinessProbe: withoutHost(readinessProbe),
          volumeMounts: Array.isArray(volumeMounts) ? volumeMounts.map(withoutSlash) : volumeMounts,
        },
      ],
    },
  }
}

/** The configuration answers at every address. */
function withoutHost(probe: unknown): unknown {
  if (!isTree(probe) || !isTree(probe.httpGet)) return probe
  const { host: _, ...httpGet } = probe.httpGet
  return { ...probe, httpGet }
}

const withoutSlash = (mount: unknown): unknown =>
  isTree(mount) && typeof mount.mountPath === 'string'
    ? { ...mount, mountPath: mount.mountPath.replace(/(?<=.)\/$/, '') }
    : mount

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const isImage = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(text)
