/** Where the image expects its configuration. */
export const configInside = '/usr/local/etc/haproxy'
export const pod = { pod: 'haproxy', container: 'haproxy' } as const

export interface ProxyPod {
  readonly image: string
  readonly imageTag: string
  readonly pullPolicy: string
  readonly cpuRequests: string
  readonly memoryRequests: string
  readonly healthPort: number
  readonly configDir: string
}

/**
 * kubespray's pod (roles/kubernetes/node/templates/manifests/haproxy.manifest.j2), but for two things: the master process is asked for in
 * so many words (`-W`: its reload keeps connections), whatever the image would run; and there is no checksum of the configuration, which
 * would have the kubelet start the pod anew for every change.
 */
export const proxyManifest = (conf: ProxyPod): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${pod.pod}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    k8s-app: kube-haproxy
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    kubernetes.io/os: linux
  priorityClassName: system-node-critical
  containers:
  - name: ${pod.container}
    image: ${conf.image}:${conf.imageTag}
    imagePullPolicy: ${conf.pullPolicy}
    command: [haproxy, -W, -db, -f, ${configInside}/haproxy.cfg]
    resources:
      requests:
        cpu: ${conf.cpuRequests}
        memory: ${conf.memoryRequests}
${conf.healthPort > 0 ? probes(conf.healthPort) : ''}    volumeMounts:
    - mountPath: ${configInside}
      name: etc-haproxy
      readOnly: true
  volumes:
  - name: etc-haproxy
    hostPath:
      path: ${conf.configDir}
`

const probes = (port: number): string =>
  ['livenessProbe', 'readinessProbe']
    .map(
      name => `    ${name}:
      httpGet:
        path: /healthz
        port: ${port}
`,
    )
    .join('')
