import { sharedParams } from 'rota'
import {
  apiserverPort,
  binDir,
  certificateDays,
  clientsServer,
  controlPlaneMethod,
  credentialsDir,
  dnsDomain,
  drainLimit,
  etcdClientPort,
  etcdDeployment,
  externalLoadBalancer,
  installDir,
  kubeConfigDir,
  kubeVersion,
  leaving,
  loadBalancerName,
  manifestDir,
  packageNames,
  podAddresses,
  serviceAddresses,
  tokenDir,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { kubeadmParams } from './kubeadm/params.ts'

const extraArguments = (daemon: string, variable: string) =>
  ({
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
    additionalProperties: { type: ['string', 'number', 'boolean'], text: 'line' },
    default: {},
    var: variable,
    description: `Further flags of ${daemon}, without their dashes; they beat the role's own.`,
  }) as const

export const params = {
  type: 'object',
  properties: {
    method: controlPlaneMethod,
    kubeVersion,
    installDir,
    kubeConfigDir,
    binDir,
    apiserverPort,
    bindAddress: {
      type: 'string',
      format: 'address',
      default: '0.0.0.0',
      var: 'kube_apiserver_bind_address',
      description: 'Address that the API server listens on.',
    },
    serviceAddresses,
    podAddresses,
    nodePrefix: {
      type: 'integer',
      default: 24,
      var: 'kube_network_node_prefix',
      description: "Size of a node's share of it.",
    },
    nodePorts: {
      type: 'string',
      pattern: '^[0-9]+-[0-9]+$',
      default: '30000-32767',
      var: 'kube_apiserver_node_port_range',
      description: 'Range of node ports.',
    },
    dnsDomain,
    clusterName: {
      type: 'string',
      format: 'word',
      default: 'cluster.local',
      var: 'cluster_name',
      description: 'Name of the cluster.',
    },
    virtualAddress,
    externalLoadBalancer,
    loadBalancerName,
    supplementaryNames: {
      type: 'array',
      items: { type: 'string', format: 'certificate-name' },
      default: [],
      var: 'supplementary_addresses_in_ssl_keys',
      description: "Further names and addresses in the API server's certificate.",
    },
    authorizationModes: {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9]+$' },
      default: ['Node', 'RBAC'],
      var: 'authorization_modes',
      description: 'kube-apiserver: `--authorization-mode`.',
    },
    admissionPlugins: {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9]+$' },
      default: ['NodeRestriction'],
      var: 'kube_apiserver_enable_admission_plugins',
      description: 'kube-apiserver: `--enable-admission-plugins`.',
    },
    shutdownDelay: {
      type: 'integer',
      minimum: 0,
      default: 0,
      var: 'kube_apiserver_shutdown_delay_seconds',
      description:
        'Seconds that an API server goes on serving after it has begun to say that it is not ready. A rollout needs none: it closes the port to new connections first.',
    },
    stopTimeout: {
      type: 'integer',
      minimum: 1,
      default: 12,
      description:
        'Seconds that requests under way are given when an API server stops, beyond the delay; watches have no end of their own, so it is most often used up.',
    },
    goawayChance: {
      type: 'number',
      minimum: 0,
      maximum: 0.02,
      default: 0,
      description:
        'kube-apiserver: `--goaway-chance`: how often a client on HTTP/2 is asked to connect anew, which evens out the load after a rollout.',
    },
    encryptionConfig: {
      type: 'string',
      text: 'lines',
      minLength: 1,
      secret: true,
      var: 'kube_encryption_provider_config',
      description: 'An EncryptionConfiguration (YAML) for data in etcd.',
    },
    logLevel: {
      type: 'integer',
      minimum: 0,
      maximum: 10,
      default: 2,
      var: 'kube_log_level',
      description: '`-v` of every daemon.',
    },
    apiserverArguments: extraArguments('kube-apiserver', 'kube_apiserver_extra_args'),
    controllerManagerArguments: extraArguments('kube-controller-manager', 'kube_controller_manager_extra_args'),
    schedulerArguments: extraArguments('kube-scheduler', 'kube_scheduler_extra_args'),
    etcdClientPort,
    readyTimeout: {
      type: 'integer',
      minimum: 1,
      default: 300,
      description: 'Seconds that an API server may take to be ready; kubespray waits 60 × 5 s.',
    },
    drainLimit,
    packages: packageNames(['iptables', 'curl', 'openssl']),
    certificateDays,
    clientsServer,
    tokenAuth: {
      type: 'boolean',
      default: false,
      var: 'kube_token_auth',
      description:
        'kube-apiserver: `--token-auth-file`, with a token for every master (`system:kubectl-NAME`) and every node (`system:kubelet-NAME`), made once in `pki/known_tokens.csv` beside the inventory.',
    },
    tokenDir,
    manifestDir,
    credentialsDir,
    imageRepo: {
      type: 'string',
      format: 'image',
      var: 'kube_image_repo',
      description:
        "Registry of the static pods' images, whose tag is the version. Default: k8s.gcr.io, from 1.25 on registry.k8s.io.",
    },
    etcdDeployment,
    ...kubeadmParams,
    leaving,
  },
  required: ['kubeVersion'],
} as const

// The roles that take a master away or look at one have these too.
const { supplementaryNames, shutdownDelay, stopTimeout, controlPlaneEndpoint, criSocket, etcdDataDir } =
  params.properties
sharedParams({ supplementaryNames, shutdownDelay, stopTimeout, controlPlaneEndpoint, criSocket, etcdDataDir })
