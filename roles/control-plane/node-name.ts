import type { HostView } from 'rota'

export const nodeNameVariable = 'kube_override_hostname'

/** What a kubelet on the host calls its node. */
export const nodeNameOf = (host: HostView): string => String(host.var(nodeNameVariable) ?? host.name).toLowerCase()
