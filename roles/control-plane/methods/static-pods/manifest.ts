import { sha256 } from '../../credentials/files.ts'

/** A static pod of the control plane. */
export interface DaemonPod {
  readonly name: string
  readonly image: string
  readonly words: readonly string[]
  readonly probes: { readonly live: string; readonly ready?: string | undefined; readonly port: number }
  readonly mounts: readonly Mount[]
  readonly cpu: string
  /** Seconds. */
  readonly stopTimeout: number
  /** Of everything that the daemon reads when it starts: with another one the kubelet starts it anew. */
  readonly reads: string
}

export interface Mount {
  readonly name: string
  readonly path: string
  readonly type: 'Directory' | 'DirectoryOrCreate' | 'File' | 'FileOrCreate'
  readonly writable?: boolean
}

/** Label with the sum of the manifest: it tells whose pod runs, in every runtime. */
export const manifestLabel = 'rota-manifest'

/** Annotation with the sum of what the daemon reads. */
export const readsAnnotation = 'rota/reads'

/** The manifest of a pod. kubeadm's labels and probes, and the log file of Kubernetes' own HA guide. */
export function podManifest(pod: DaemonPod): string {
  const text = (label: string) => manifestText(pod, label)
  // A label is at most 63 characters long.
  return text(sha256(text('')).slice(0, 40))
}

const manifestText = (pod: DaemonPod, label: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${pod.name}
  namespace: kube-system
  labels:
    component: ${pod.name}
    tier: control-plane
    ${manifestLabel}: "${label}"
  annotations:
    ${readsAnnotation}: "${pod.reads}"
spec:
  hostNetwork: true
  priorityClassName: system-node-critical
  terminationGracePeriodSeconds: ${pod.stopTimeout}
  containers:
    - name: ${pod.name}
      image: ${scalar(pod.image)}
      imagePullPolicy: IfNotPresent
      command:
${pod.words.map(word => `        - ${scalar(word)}`).join('\n')}
      resources:
        requests:
          cpu: ${pod.cpu}
      livenessProbe:
${probe(pod.probes.port, pod.probes.live, { failureThreshold: 8, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 })}
${pod.probes.ready === undefined ? '' : `      readinessProbe:\n${probe(pod.probes.port, pod.probes.ready, { failureThreshold: 3, periodSeconds: 1, timeoutSeconds: 15 })}\n`}      startupProbe:
${probe(pod.probes.port, pod.probes.live, { failureThreshold: 24, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 })}
      volumeMounts:
${pod.mounts.map(volumeMount).join('\n')}
  volumes:
${pod.mounts.map(volume).join('\n')}
`

// 127.0.0.1: what a drain leaves open, and what the controllers listen on.
const probe = (port: number, path: string, numbers: Readonly<Record<string, number>>): string =>
  [
    '        httpGet:',
    '          host: 127.0.0.1',
    `          path: ${path}`,
    `          port: ${port}`,
    '          scheme: HTTPS',
    ...Object.entries(numbers).map(([name, value]) => `        ${name}: ${value}`),
  ].join('\n')

const volumeMount = ({ name, path, writable }: Mount): string =>
  `        - name: ${name}\n          mountPath: ${scalar(path)}${writable ? '' : '\n          readOnly: true'}`

const volume = ({ name, path, type }: Mount): string =>
  `    - name: ${name}\n      hostPath:\n        path: ${scalar(path)}\n        type: ${type}`

/** A text of YAML; JSON's quotes are YAML's, too. */
const scalar = (text: string): string =>
  /^[A-Za-z0-9/][A-Za-z0-9_./-]*(:[A-Za-z0-9_.-]+)?$/.test(text) || /^--[a-z0-9-]+=[A-Za-z0-9_./,*:=-]+$/.test(text)
    ? text
    : JSON.stringify(text)
