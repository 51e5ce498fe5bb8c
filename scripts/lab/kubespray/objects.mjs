// @ts-check
import { dnsAddress, dnsDomain } from './cluster.mjs'

/**
 * What kubespray puts into the API itself, by the files that it leaves in /etc/kubernetes of the first master. Its
 * CoreDNS is its own, not kubeadm's. The program in its pods is a stand-in that answers /health and /ready: CoreDNS
 * can't be had here.
 * @type {Readonly<Record<string, object>>}
 */
export const objects = {
  'coredns-sa.yml': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('coredns', 'kube-dns') },
  'coredns-clusterrole.yml': {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'system:coredns', labels: reconciled() },
    rules: [
      {
        apiGroups: [''],
        resources: ['endpoints', 'services', 'pods', 'namespaces'],
        verbs: ['list', 'watch'],
      },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    ],
  },
  'coredns-clusterrolebinding.yml': {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'system:coredns', labels: reconciled() },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
    subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }],
  },
  'coredns-config.yml': {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns', namespace: 'kube-system', labels: reconciled() },
    data: {
      Corefile: `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes ${dnsDomain} in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
      prefer_udp
    }
    cache 30
    loop
    reload
    loadbalance
}
`,
    },
  },
  'coredns-deployment.yml': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...named('coredns', 'kube-dns'), labels: dnsLabels() },
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '10%' } },
      selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      template: {
        metadata: { labels: { 'k8s-app': 'kube-dns' }, annotations: { createdby: 'kubespray' } },
        spec: corednsPod(),
      },
    },
  },
  'coredns-svc.yml': {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...named('coredns', 'kube-dns'),
      labels: dnsLabels(),
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    },
    spec: {
      clusterIP: dnsAddress,
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        { name: 'metrics', port: 9153, protocol: 'TCP' },
      ],
    },
  },
  'node-crb.yml': {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: {
      name: 'kubespray:system:node',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
    },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
  },
}

/** @param {string} name @param {string} app */
function named(name, app) {
  return { name, namespace: 'kube-system', labels: { ...reconciled(), 'k8s-app': app } }
}

function reconciled() {
  return { 'addonmanager.kubernetes.io/mode': 'Reconcile' }
}

function dnsLabels() {
  return { ...reconciled(), 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'coredns' }
}

function corednsPod() {
  /** @param {string} path @param {number} port */
  const probe = (path, port) => ({
    httpGet: { path, port, scheme: 'HTTP' },
    timeoutSeconds: 5,
    successThreshold: 1,
    failureThreshold: 10,
  })
  return {
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    priorityClassName: 'system-cluster-critical',
    serviceAccountName: 'coredns',
    tolerations: ['master', 'control-plane'].map(role => ({
      key: `node-role.kubernetes.io/${role}`,
      effect: 'NoSchedule',
    })),
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
      },
    },
    containers: [
      {
        name: 'coredns',
        image: 'k8s.gcr.io/coredns:1.7.0',
        imagePullPolicy: 'IfNotPresent',
        resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
        args: ['-conf', '/etc/coredns/Corefile'],
        volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns' }],
        ports: [
          { containerPort: 53, name: 'dns', protocol: 'UDP' },
          { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
          { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
        ],
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['all'] },
          readOnlyRootFilesystem: true,
        },
        livenessProbe: probe('/health', 8080),
        readinessProbe: probe('/ready', 8181),
      },
    ],
    dnsPolicy: 'Default',
    volumes: [
      { name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
    ],
  }
}
