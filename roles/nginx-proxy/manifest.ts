import { dirname } from 'node:path'

export interface Manifest {
  readonly podName: string
  readonly image: string
  readonly pullPolicy: string
  readonly cpuRequests: string
  readonly memoryRequests: string
  readonly healthPort: number
  /** On the host; the container sees its folder as /etc/nginx. */
  readonly config: string
}

/**
 * kubespray's static pod (roles/kubernetes/node/templates/manifests/nginx-proxy.manifest.j2). Its checksum of the configuration is left
 * out: with it every new list of masters would be a new pod, and not a reload.
 */
export const nginxManifest = (pod: Manifest): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${pod.podName}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    k8s-app: kube-nginx
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    kubernetes.io/os: linux
  priorityClassName: system-node-critical
  containers:
  - name: nginx-proxy
    image: ${JSON.stringify(pod.image)}
    imagePullPolicy: ${pod.pullPolicy}
    resources:
      requests:
        cpu: ${pod.cpuRequests}
        memory: ${pod.memoryRequests}
${pod.healthPort > 0 ? `${probe('livenessProbe', pod.healthPort)}${probe('readinessProbe', pod.healthPort)}` : ''}    volumeMounts:
    - mountPath: /etc/nginx
      name: etc-nginx
      readOnly: true
  volumes:
  - name: etc-nginx
    hostPath:
      path: ${JSON.stringify(dirname(pod.config))}
`

// The server that answers listens on the loopback only; kubespray's listens everywhere.
const probe = (name: string, port: number): string => `    ${name}:
      httpGet:
        host: 127.0.0.1
        path: /healthz
        port: ${port}
`
