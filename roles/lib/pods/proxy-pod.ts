import { sharedParams } from 'rota'

export interface ProxyPod {
  readonly name: string
  readonly container: string
  /** Value of the label `k8s-app`. */
  readonly app: string
  readonly image: string
  readonly pullPolicy: string
  /** What the container runs, where that is not the image's own choice. */
  readonly command?: readonly string[]
  readonly cpuRequests: string
  readonly memoryRequests: string
  /** Where `/healthz` answers; port 0: it is not asked. Without an address, the kubelet asks the host's own. */
  readonly health: { readonly port: number; readonly host?: string }
  /** The folder of the configuration on the host, and where the container sees it, read-only. */
  readonly config: { readonly volume: string; readonly onHost: string; readonly inside: string }
}

/**
 * The static pod of a node's proxy, as kubespray's templates have it
 * (roles/kubernetes/node/templates/manifests/*-proxy.manifest.j2, haproxy.manifest.j2). Their checksum of the
 * configuration is left out: with it every new list of masters would be a new pod, and not a reload.
 */
export const proxyPod = (pod: ProxyPod): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${pod.name}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    k8s-app: ${pod.app}
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    kubernetes.io/os: linux
  priorityClassName: system-node-critical
  containers:
  - name: ${pod.container}
    image: ${JSON.stringify(pod.image)}
    imagePullPolicy: ${pod.pullPolicy}
${pod.command === undefined ? '' : `    command: ${JSON.stringify(pod.command)}\n`}    resources:
      requests:
        cpu: ${pod.cpuRequests}
        memory: ${pod.memoryRequests}
${pod.health.port > 0 ? ['livenessProbe', 'readinessProbe'].map(name => probe(name, pod.health)).join('') : ''}    volumeMounts:
    - mountPath: ${pod.config.inside}
      name: ${pod.config.volume}
      readOnly: true
  volumes:
  - name: ${pod.config.volume}
    hostPath:
      path: ${JSON.stringify(pod.config.onHost)}
`

const probe = (name: string, { port, host }: ProxyPod['health']): string => `    ${name}:
      httpGet:
${host === undefined ? '' : `        host: ${host}\n`}        path: /healthz
        port: ${port}
`

/** Params of such a pod that a role has beside its image. */
export const proxyPodParams = {
  pullPolicy: {
    type: 'string',
    enum: ['IfNotPresent', 'Always', 'Never'],
    default: 'IfNotPresent',
    var: 'k8s_image_pull_policy',
    description: 'When the kubelet fetches the image of a static pod.',
  },
  cpuRequests: {
    type: 'string',
    pattern: '^[0-9.]+m?$',
    default: '25m',
    var: 'loadbalancer_apiserver_cpu_requests',
    description: 'CPU that the pod asks for.',
  },
  memoryRequests: {
    type: 'string',
    pattern: '^[0-9.]+([EPTGMk]i?)?$',
    default: '32M',
    var: 'loadbalancer_apiserver_memory_requests',
    description: 'Memory that the pod asks for.',
  },
} as const

// What fetches the image beforehand has to know it.
sharedParams({ pullPolicy: proxyPodParams.pullPolicy })
