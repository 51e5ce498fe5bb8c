import type { HostView } from 'rota'

export const nodeNameVariable = 'kube_override_hostname'

/** What a kubelet on the host calls its node. */
export const nodeNameOf = (host: HostView): string => String(host.var(nodeNameVariable) ?? host.name).toLowerCase()

/** Kubernetes takes it for the name of an object (RFC 1123, a subdomain). */
export const isNodeName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name)
