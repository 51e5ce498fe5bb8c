// @ts-check
import { layoutRelease, releaseOf } from '../lab/kubespray/releases.mjs'

/** How many pods the workload has, and how many of them its budget keeps. */
export const replicas = 6
export const bound = 4

/** Where it answers on every host of the cluster. */
export const nodePort = 30080

/**
 * A workload as its operator would have it: a web server of which some pods are always there, and that goes on
 * answering until all hosts know that one of its pods is to end.
 * @param {string} layout whose image of nginx every host has
 * @returns {readonly object[]}
 */
export const workload = layout => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod(layout) } },
  },
  {
    apiVersion: 'policy/v1beta1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { minAvailable: bound, selector: { matchLabels: labels } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: webPort, nodePort }] },
  },
]

const metadata = { name: 'web', namespace: 'default' }
const labels = { app: 'web' }
const webPort = 8000

/** @param {string} layout */
const pod = layout => ({
  containers: [
    {
      name: 'web',
      image: `docker.io/library/nginx:${releaseOf(layoutRelease(layout)).nginxTag}`,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', `cat >/tmp/nginx.conf <<'END'\n${nginxConf}END\nexec nginx -c /tmp/nginx.conf`],
      readinessProbe: { httpGet: { path: '/', port: webPort }, periodSeconds: 1 },
      // A client may still be led to it until the last host has heard of its end.
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    },
  ],
})

const nginxConf = `daemon off;
worker_processes 1;
error_log stderr;
# A client may have a connection that it has never asked on.
worker_shutdown_timeout 2s;
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen ${webPort};
    location / { return 200 ok; }
  }
}
`
