import type { Managed } from './managed-fields.ts'

/** An object of Kubernetes, as `kubectl get -o json` has it. */
export interface Addon {
  readonly apiVersion?: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly resourceVersion?: string
    readonly managedFields?: readonly Managed[]
  }
  readonly [field: string]: unknown
}

export const nameOf = ({ kind, metadata }: Addon): string => `${kind.toLowerCase()}/${metadata.name}`

/** Of the kinds that kubeadm's add-ons have. */
export function pathOf({ apiVersion = 'v1', kind, metadata: { name, namespace } }: Addon): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = namespace === undefined ? '' : `/namespaces/${namespace}`
  return `${group}${place}/${kind.toLowerCase()}s/${name}`
}

/** As it may be sent: without what the API server writes itself. */
export function bare({ metadata, status: _, ...object }: Addon): Addon {
  const kept = Object.entries(metadata).filter(([field]) => !apiServers.includes(field))
  return { ...object, metadata: Object.fromEntries(kept) } as unknown as Addon
}

const apiServers: readonly string[] = [
  ...['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid'],
]

/** Numbers that Kubernetes counts up itself. */
const counters: readonly string[] = ['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation']

export function comparable(object: Addon): unknown {
  const { metadata, ...rest } = bare(object)
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !counters.includes(name))
  return {
    ...rest,
    metadata: { ...metadata, annotations: Object.fromEntries(annotations), labels: metadata.labels ?? {} },
  }
}
