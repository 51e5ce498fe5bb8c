import { criSocket, etcdElectionTimeout, etcdHeartbeatInterval, packageNames } from '../../lib/cluster/params.ts'
import { vipPortParams } from '../../lib/cluster/vip-params.ts'
import { params as nginxProxy } from '../../nginx-proxy/params.ts'

/** Params of the method `kubeadm` alone, with kubespray's variables. */
export const kubeadmParams = {
  controlPlaneEndpoint: {
    type: 'string',
    format: 'endpoint',
    var: 'kubeadm_control_plane_endpoint',
    description:
      'kubeadm: what everybody who joins is told to use, `NAME:PORT`; read when the cluster is made. Default: the name and port of the external load balancer, else the virtual address (not behind LVS), else the first master.',
  },
  ...vipPortParams,
  initPhasesSkip: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z0-9/-]+$' },
    default: [],
    var: 'kubeadm_init_phases_skip',
    description: 'kubeadm: phases of `init` that are left out, such as `addon/kube-proxy`.',
  },
  ignorePreflightErrors: {
    type: 'array',
    items: { type: 'string', pattern: '^[A-Za-z0-9-]+$' },
    default: [],
    var: 'kubeadm_ignore_preflight_errors',
    description: 'kubeadm: checks whose errors are warnings.',
  },
  certificateRenewal: {
    type: 'boolean',
    default: true,
    var: 'kubeadm_upgrade_auto_cert_renewal',
    description: 'kubeadm: an upgrade renews the certificates of the master.',
  },
  initTimeout: {
    type: ['integer', 'string'],
    minimum: 0,
    format: 'duration',
    default: '300s',
    var: 'kubeadm_init_timeout',
    description:
      'kubeadm: how long `init` may take; those that join wait for it as long, and as long as they may take themselves.',
  },
  joinTimeout: {
    type: ['integer', 'string'],
    minimum: 0,
    format: 'duration',
    default: '300s',
    description: 'kubeadm: how long `join` may take.',
  },
  removeAnonymousAccess: {
    type: 'boolean',
    default: false,
    var: 'remove_anonymous_access',
    description:
      'kubeadm: after `init` and `upgrade` the binding that lets anybody read where the cluster is, without credentials, is deleted.',
  },
  upgradeTimeout: {
    type: ['integer', 'string'],
    minimum: 0,
    format: 'duration',
    default: '600s',
    description: 'kubeadm: how long `upgrade` may take.',
  },
  criSocket,
  etcdDataDir: {
    type: 'string',
    format: 'absolute-path',
    pattern: '^/[^/]+/.+$',
    default: '/var/lib/etcd',
    var: 'etcd_data_dir',
    description: "kubeadm: data of a master's own etcd member; read when the cluster is made.",
  },
  etcdHeartbeatInterval,
  etcdElectionTimeout,
  kubeletConfiguration: {
    type: 'object',
    default: {},
    var: 'kubelet_config_extra_args',
    description: 'kubeadm: further fields of the KubeletConfiguration; read when the cluster is made.',
  },
  kubeletArguments: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
    additionalProperties: { type: ['string', 'number', 'boolean'], text: 'line' },
    default: {},
    description: 'kubeadm: further flags of the kubelet, without their dashes; read when the master is made.',
  },
  kubeadmPackages: {
    ...packageNames(['conntrack', 'socat']),
    description: 'Packages that kubeadm wants besides.',
  },
  // The names of what has the port on a node that becomes a master.
  nginxUnit: nginxProxy.properties.unit,
  nginxPodName: nginxProxy.properties.podName,
} as const
