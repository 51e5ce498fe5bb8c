/** Files of a node proxy in kubespray's shape, by what has changed between its releases 2.25 and 2.32. */
export interface KubesprayProxy {
  readonly masters: readonly string[]
  readonly openFiles?: number
  readonly healthPort?: number | undefined
  readonly dualStack?: boolean
  readonly image?: string
}

export const releases: Readonly<
  Record<string, { readonly openFiles: number; readonly nginx: string; readonly haproxy: string }>
> = {
  '2.25': { openFiles: 130048, nginx: '1.25.2-alpine', haproxy: '2.8.2-alpine' },
  '2.28': { openFiles: 130048, nginx: '1.27.4-alpine', haproxy: '3.1.3-alpine' },
  '2.31': { openFiles: 130048, nginx: '1.28.2-alpine', haproxy: '3.2.13-alpine' },
  '2.32': { openFiles: 65535, nginx: '1.30.1-alpine', haproxy: '3.2.19-alpine' },
}

/** Its loop leaves the space before its end in front of the brace. */
export const kubesprayNginx = ({
  masters,
  openFiles = 130048,
  healthPort = 8081,
  dualStack,
}: KubesprayProxy): string => `error_log stderr notice;

worker_processes 2;
worker_rlimit_nofile ${openFiles};
worker_shutdown_timeout 10s;

events {
  multi_accept on;
  use epoll;
  worker_connections 16384;
}

stream {
  upstream kube_apiserver {
    least_conn;
    ${masters.map(address => `server ${address}:6443;\n    `).join('')}}

  server {
    listen        127.0.0.1:6443;
    ${dualStack ? 'listen        [::1]:6443;\n    ' : ''}proxy_pass    kube_apiserver;
    proxy_timeout 10m;
    proxy_connect_timeout 1s;
  }
}

http {
  aio threads;
  aio_write on;
  tcp_nopush on;
  tcp_nodelay on;

  keepalive_timeout 5m;
  keepalive_requests 100;
  reset_timedout_connection on;
  server_tokens off;
  autoindex off;

  server {
    listen ${healthPort};
    ${dualStack ? `listen [::]:${healthPort};\n    ` : ''}location /healthz {
      access_log off;
      return 200;
    }
    location /stub_status {
      stub_status on;
      access_log off;
    }
  }
  }
`

export const kubesprayPod = ({
  image,
  app = 'nginx',
}: {
  readonly image: string
  readonly app?: 'nginx' | 'haproxy'
}): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${app === 'nginx' ? 'nginx-proxy' : 'haproxy'}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    k8s-app: kube-${app}
  annotations:
    ${app}-cfg-checksum: "0123456789abcdef0123456789abcdef01234567"
spec:
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    kubernetes.io/os: linux
  priorityClassName: system-node-critical
  containers:
  - name: ${app === 'nginx' ? 'nginx-proxy' : 'haproxy'}
    image: ${image}
    imagePullPolicy: IfNotPresent
    resources:
      requests:
        cpu: 25m
        memory: 32M
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8081
    readinessProbe:
      httpGet:
        path: /healthz
        port: 8081
    volumeMounts:
    - mountPath: ${app === 'nginx' ? '/etc/nginx' : '/usr/local/etc/haproxy/'}
      name: etc-${app}
      readOnly: true
  volumes:
  - name: etc-${app}
    hostPath:
      path: /etc/${app}
`

/** A server is called as the inventory calls its host. */
export const kubesprayHaproxy = ({
  masters,
  dualStack,
  semicolon = '',
}: KubesprayProxy & { readonly semicolon?: string }): string => `global
    maxconn                 4000
    log                     127.0.0.1 local0

defaults
    mode                    http
    log                     global
    option                  httplog
    option                  dontlognull
    option                  http-server-close
    option                  redispatch
    retries                 5
    timeout http-request    5m
    timeout queue           5m
    timeout connect         30s
    timeout client          5m
    timeout server          15m
    timeout http-keep-alive 30s
    timeout check           30s
    maxconn                 4000

frontend healthz
  bind 0.0.0.0:8081
${dualStack ? '  bind :::8081\n' : ''}  mode http
  monitor-uri /healthz

frontend kube_api_frontend
  bind 127.0.0.1:6443
${dualStack ? `  bind [::1]:6443${semicolon}\n` : ''}  mode tcp
  option tcplog
  default_backend kube_api_backend

backend kube_api_backend
  mode tcp
  balance leastconn
  default-server inter 15s downinter 15s rise 2 fall 2 slowstart 60s maxconn 1000 maxqueue 256 weight 100
  option httpchk GET /healthz
  http-check expect status 200
  ${masters.map((address, index) => `server m${index + 1} ${address}:6443 check check-ssl verify none\n  `).join('')}
`
