// Values that all roles of a cluster agree on (`cluster`), with kubespray's variables and defaults. A role that has one
// of these among its params has that value, whoever sets it: a copy of a schema would be another value.

/**
 * Listed masters are about to leave the cluster: no proxy lists them, no certificate names them, no member counts them.
 */
export const leaving = {
  type: ['array', 'string'],
  items: { type: 'string', text: 'line' },
  text: 'line',
  default: [],
  var: 'leaving_masters',
  description: 'Masters that are being removed: their names, as a list or separated by commas.',
} as const

export const leavingStayNodes = {
  type: 'boolean',
  default: true,
  var: 'leaving_masters_stay_nodes',
  description:
    'A master that is being removed and is in `kube_node` too stays a node: its control plane goes, its kubelet stays and goes through a proxy. `false`: all of it goes.',
} as const

export const apiserverPort = {
  type: 'integer',
  minimum: 1,
  maximum: 65535,
  default: 6443,
  var: 'kube_apiserver_port',
  description: 'Port of every API server.',
} as const

/** kubespray's word on `--anonymous-auth`; it says how API servers answer, and changes none. */
export const anonymousAuth = {
  type: 'boolean',
  default: true,
  var: 'kube_api_anonymous_auth',
  description:
    'Whether API servers tell somebody without credentials that they are ready. Where not, they are asked on the host with `admin.conf`, and from elsewhere 401 and 403 count as an answer.',
} as const

export const dnsDomain = {
  type: 'string',
  format: 'dns-name',
  default: 'cluster.local',
  var: ['dns_domain', 'cluster_name'],
  description: "The cluster's DNS domain.",
} as const

export const kubeVersion = {
  type: 'string',
  format: 'version',
  var: 'kube_version',
  description: 'Version of Kubernetes, with or without its `v`.',
} as const

export const virtualAddress = {
  type: 'string',
  format: 'address',
  var: ['kube_vip_address', 'vip_address'],
  description: 'The virtual address in front of the masters.',
} as const

export const externalLoadBalancer = {
  type: 'object',
  properties: {
    address: { type: 'string', format: 'address-or-name' },
    port: { type: ['integer', 'string'], minimum: 1, maximum: 65535, pattern: '^[1-9][0-9]{0,4}$' },
  },
  required: ['address'],
  var: 'loadbalancer_apiserver',
  description: "kubespray's external load balancer: its address and port.",
} as const

export const loadBalancerName = {
  type: 'string',
  format: 'address-or-name',
  default: 'lb-apiserver.kubernetes.local',
  var: 'apiserver_loadbalancer_domain_name',
  description: "Name of the virtual address. kubespray since 2.29 has the balancer's address here.",
} as const

export const kubeConfigDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/kubernetes',
  var: 'kube_config_dir',
  description: 'Configuration and certificates of Kubernetes.',
} as const

/** Credentials of masters that are static pods, by the names that Kubernetes' own HA guide gave them. */
export const credentialsDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/srv/kubernetes',
  var: 'kube_credentials_dir',
  description: 'Credentials of masters that are static pods; their keys are the same on all masters.',
} as const

export const tokenDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/kubernetes/tokens',
  var: 'kube_token_dir',
  description: 'Where `known_tokens.csv` is; that of static pods is in their directory of credentials.',
} as const

/** Where clients are told to go, where the operator says so. */
export const clientsServer = {
  type: 'string',
  format: 'https-server',
  var: 'kube_clients_server',
  description:
    "URL that kubelets, kube-proxies, controller managers and schedulers use. Default: a node's own proxy, or the virtual address where it has none; on a master its own API server.",
} as const

export const installDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/opt/kubernetes',
  var: 'kube_install_dir',
  description: 'Where the binaries go, each version in a folder of its own: `/opt/kubernetes/v1.20.2/bin`.',
} as const

export const packageNames = <const T extends readonly string[]>(names: T) =>
  ({
    type: 'array',
    items: { type: 'string', format: 'package-name' },
    default: names,
    description:
      "Packages that are installed, by Debian's names; where dnf or yum installs them, by the names they have there.",
  }) as const

/** What is behind the virtual address: the roles of the others do nothing. */
export const vipLoadBalancer = {
  type: 'string',
  enum: ['haproxy', 'nginx', 'lvs'],
  default: 'haproxy',
  var: 'kube_vip_load_balancer',
  description: 'What balances behind the virtual address: haproxy, nginx, or the kernel (LVS).',
} as const

/** kubespray's choice of a proxy on every node: the roles of the others do nothing. */
export const nodeLoadBalancer = {
  type: 'string',
  enum: ['nginx', 'haproxy'],
  default: 'nginx',
  var: 'loadbalancer_apiserver_type',
  description: 'The proxy of every node.',
} as const

export const nodeLoadBalancerWanted = {
  type: 'boolean',
  var: 'loadbalancer_apiserver_localhost',
  description:
    'Whether every node has a proxy of its own. Default, as in kubespray: unless there is an external load balancer (`loadbalancer_apiserver`).',
} as const

/** How nginx runs on every node. */
export const nginxVariant = {
  type: 'string',
  enum: ['system', 'docker', 'static-pod', 'source'],
  default: 'static-pod',
  var: 'nginx_proxy_variant',
  description:
    "`static-pod`: nginx in a pod of the kubelet's, kubespray's layout. `docker`: nginx in a container that a unit keeps running. `system`: the distribution's nginx with a unit and a configuration of its own. `source`: nginx built from source, once, and given to every host.",
} as const

/** How the daemons of the masters run. */
export const controlPlaneMethod = {
  type: 'string',
  enum: ['binaries', 'static-pods', 'kubeadm'],
  default: 'kubeadm',
  var: 'control_plane_method',
  description:
    '`kubeadm`: what kubeadm makes of them, as kubespray does. `binaries`: systemd units for the programs of the role kube-binaries. `static-pods`: manifests for the kubelet, and one directory of credentials that all masters share.',
} as const

/** kubespray's scale.yml joins whoever is in `kube_node`. */
export const nodesJoin = {
  type: 'boolean',
  default: true,
  var: 'kube_nodes_join',
  description:
    'Whether a host of `kube_node` or `calico_rr` that is no node yet joins, where kubeadm has made the cluster.',
} as const

/** Who runs etcd, by kubespray's variable. */
export const etcdDeployment = {
  type: 'string',
  enum: ['host', 'docker', 'kubeadm', 'external'],
  default: 'host',
  agree: true,
  var: 'etcd_deployment_type',
  description:
    "`host`: the role etcd, on the hosts of the group etcd; where they have an etcd that kubespray has made, that one, in its own layout. `docker`: the same for one that kubespray keeps in a container; no new one is made so. `kubeadm`: every master has a member of its own, a static pod that kubeadm makes. `external`: somebody else's: it is left as it is.",
} as const

export const etcdMemberName = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
  var: 'etcd_member_name',
  description:
    "Name of a new member of an etcd that kubespray has made. Default: `etcd` and the host's place in the group, as in kubespray.",
} as const

/** Of a host of the group etcd, set in the inventory; how clients reach it then: `etcdClientUrls`. */
export const etcdAccessAddress = {
  type: 'string',
  format: 'address-or-name',
  var: 'etcd_access_address',
  description:
    "Address or name by which clients, the API servers above all, reach the host's etcd member. Default: the host's address.",
} as const

export const manifestDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/kubernetes/manifests',
  var: 'kube_manifest_dir',
  description: 'Where the kubelet looks for static pods.',
} as const

export const lvsPort = {
  type: 'integer',
  minimum: 1,
  maximum: 65535,
  var: ['kube_lvs_port', 'keepalived_lvs_port'],
  description: "LVS: port of the virtual address. The API server's own where it is not set; with DR there is no other.",
} as const

/** How LVS hands packets to the masters: `virtual_server` of keepalived.conf and what the masters need for it. */
export const lvsKind = {
  type: 'string',
  enum: ['DR', 'NAT'],
  default: 'DR',
  var: 'kube_lvs_kind',
  description:
    'LVS: `DR` (the masters have the virtual address on lo and answer clients themselves) or `NAT` (answers go back through the director).',
} as const

export const lvsGateway = {
  type: 'string',
  format: 'address',
  var: 'kube_lvs_gateway',
  description:
    'LVS with NAT: a second address that moves with the virtual one, on the director, through which the masters answer.',
} as const

/** Names of nodes; how they follow from it: `nodeName` of the cluster. */
export const overrideHostname = {
  type: 'string',
  text: 'line',
  minLength: 1,
  var: 'kube_override_hostname',
  description: "Name of the host's node. Default: the host's own name.",
} as const

export const criSocket = {
  type: 'string',
  format: 'word',
  var: 'cri_socket',
  description:
    "Socket of the host's container runtime, for kubeadm; without it kubeadm looks for one. Hosts of one cluster may have different ones.",
} as const

export const binDir = {
  type: 'string',
  format: 'absolute-path',
  default: '/usr/local/bin',
  var: 'bin_dir',
  description: 'Where `kubectl` is linked.',
} as const

export const serviceAddresses = {
  type: 'string',
  format: 'address-ranges',
  default: '10.233.0.0/18',
  var: 'kube_service_addresses',
  description: 'Range of service addresses.',
} as const

export const podAddresses = {
  type: 'string',
  format: 'address-ranges',
  default: '10.233.64.0/18',
  var: 'kube_pods_subnet',
  description: 'Range of pod addresses.',
} as const

export const ipv4Stack = {
  type: 'boolean',
  default: true,
  var: 'ipv4_stack',
  description: 'The cluster speaks IPv4. Where it does not, `ip6` and `access_ip6` are the addresses of hosts.',
} as const

export const ipv6Stack = {
  type: 'boolean',
  default: false,
  var: ['ipv6_stack', 'enable_dual_stack_networks'],
  description: 'The cluster speaks IPv6, beside IPv4 or alone.',
} as const

export const serviceAddressesV6 = {
  type: 'string',
  format: 'address-ranges',
  default: 'fd85:ee78:d8a6:8607::1000/116',
  var: 'kube_service_addresses_ipv6',
  description: 'Range of service addresses of IPv6, with `ipv6Stack`.',
} as const

export const podAddressesV6 = {
  type: 'string',
  format: 'address-ranges',
  default: 'fd85:ee78:d8a6:8607::1:0/112',
  var: 'kube_pods_subnet_ipv6',
  description: 'Range of pod addresses of IPv6, with `ipv6Stack`.',
} as const

/** Of a host that has an address of each family. */
export const secondAddress = {
  type: 'string',
  format: 'address',
  var: 'ip6',
  description: "The host's address of IPv6, where the cluster speaks both families.",
} as const

export const drainLimit = {
  type: 'integer',
  minimum: 5,
  default: 600,
  var: 'kube_apiserver_drain_limit',
  description:
    'Seconds after which a host that turns new connections away lets them in again by itself, should the control machine be gone; three times as long where the run is still at work on it.',
} as const

export const nodeProxyPort = {
  type: 'integer',
  minimum: 1,
  maximum: 65535,
  var: 'loadbalancer_apiserver_port',
  defaults: { haproxy: 6443, 'static-pod': 6443, system: 6443, docker: 8443, source: 8443 },
  description: "Port of a node's proxy.",
} as const

/** Of the haproxy behind the virtual address. */
export const haproxyConfig = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/haproxy/haproxy.cfg',
  var: 'haproxy_config',
  description: 'The configuration.',
} as const

export const keepalivedConfig = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/keepalived/keepalived.conf',
  var: 'keepalived_config',
  description: 'The configuration.',
} as const

/** Of the nginx behind the virtual address. */
export const nginxVipConfig = {
  type: 'string',
  format: 'absolute-path',
  default: '/etc/nginx/nginx-vip.conf',
  var: 'nginx_vip_config',
  description: 'The configuration.',
} as const

export const virtualRouterId = {
  type: 'integer',
  minimum: 1,
  maximum: 255,
  default: 51,
  var: 'keepalived_virtual_router_id',
  description: 'Unique among the VRRP groups of the network.',
} as const

export const routerId = {
  type: 'string',
  format: 'word',
  var: 'keepalived_router_id',
  description: "The host's name where it is not set.",
} as const

export const certificateDays = {
  type: 'integer',
  minimum: 1,
  default: 365,
  var: 'kube_certificate_days',
  description: 'Life of a new certificate.',
} as const

export const etcdClientPort = {
  type: 'integer',
  minimum: 1,
  maximum: 65535,
  default: 2379,
  var: 'etcd_client_port',
  description: 'Port for clients.',
} as const

export const etcdConfigDir = {
  type: 'string',
  format: 'absolute-path',
  pattern: '^/[^/]+/.+$',
  default: '/etc/kube-etcd',
  var: 'etcd_config_dir',
  description: 'Configuration and certificates.',
} as const

export const etcdHeartbeatInterval = {
  type: 'integer',
  minimum: 1,
  default: 250,
  var: 'etcd_heartbeat_interval',
  description: 'Milliseconds. Of a member that kubeadm makes: read when the cluster is made.',
} as const

export const etcdElectionTimeout = {
  type: 'integer',
  minimum: 1,
  maximum: 50000,
  default: 5000,
  var: 'etcd_election_timeout',
  description:
    'Milliseconds, five times the heartbeat or more. Of a member that kubeadm makes: read when the cluster is made.',
} as const

export const etcdUnit = {
  type: 'string',
  format: 'unit-name',
  default: 'kube-etcd',
  var: 'etcd_unit',
  description: "Name of the unit; not the package's own `etcd`.",
} as const
