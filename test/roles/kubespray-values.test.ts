import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoleMaker } from '../../engine/role/role.ts'
import { resolveParams } from '../../engine/values/params.ts'
import type { ParamSchema, ParamsSchema } from '../../engine/values/schema.ts'
import * as all from '../../roles/index.ts'

/** As kubespray's checkout has them: by architecture and version. */
const sumsOf = (...versions: readonly string[]) => ({
  amd64: Object.fromEntries(versions.map(version => [version, `sha256:${'a'.repeat(64)}`])),
  arm: Object.fromEntries(versions.map(version => [version, 0])),
})

/**
 * Every variable of kubespray's that a param reads, with the values that its role defaults and sample inventories of
 * 2.16 and 2.25 to 2.32 give it (templates: what they come to), and those it documents for "off". None is refused.
 */
const theirs: Readonly<Record<string, readonly unknown[]>> = {
  apiserver_loadbalancer_domain_name: ['lb-apiserver.kubernetes.local', 'localhost', '10.0.0.100'],
  authorization_modes: [['Node', 'RBAC'], []],
  bin_dir: ['/usr/local/bin', '/opt/bin'],
  cluster_name: ['cluster.local'],
  cni_binary_checksums: [sumsOf('1.4.0', '1.9.1')],
  cni_download_url: [
    'https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz',
  ],
  cni_version: ['v1.4.0', '1.9.1'],
  container_manager: ['containerd', 'docker', 'crio'],
  containerd_archive_checksums: [sumsOf('1.7.24', '2.2.3'), { amd64: { '1.7.24': 0 } }],
  containerd_cfg_dir: ['/etc/containerd'],
  containerd_download_url: [
    'https://github.com/containerd/containerd/releases/download/v1.7.24/containerd-1.7.24-linux-amd64.tar.gz',
  ],
  containerd_registries_mirrors: [
    [],
    [
      {
        prefix: 'docker.io',
        mirrors: [{ host: 'https://registry-1.docker.io', capabilities: ['pull', 'resolve'], skip_verify: false }],
      },
    ],
    [
      {
        prefix: 'test.registry.io',
        mirrors: [
          {
            host: 'http://xyz.example:5000',
            capabilities: ['pull'],
            skip_verify: true,
            ca: ['/etc/certs/mirror.pem'],
            client: [
              ['/etc/certs/client.pem', ''],
              ['/etc/certs/client.cert', '/etc/certs/client.key'],
            ],
            header: { Authorization: 'Basic XXX' },
          },
        ],
      },
    ],
  ],
  containerd_static_archive_checksums: [sumsOf('1.7.24', '2.2.3')],
  containerd_static_binary: [false, true],
  containerd_use_systemd_cgroup: [true, false],
  containerd_version: ['1.7.24', '2.1.4', 'v1.7.16'],
  cri_socket: [
    'unix:///var/run/containerd/containerd.sock',
    'unix:///var/run/crio/crio.sock',
    'unix:///var/run/cri-dockerd.sock',
    '/var/run/dockershim.sock',
  ],
  crictl_checksums: [sumsOf('v1.30.0', '1.35.0')],
  crictl_download_url: [
    'https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.35.0/crictl-v1.35.0-linux-amd64.tar.gz',
  ],
  crictl_version: ['v1.30.0', '1.35.0'],
  dl_k8s_io_url: ['https://dl.k8s.io'],
  dns_domain: ['cluster.local'],
  docker_containerd_version: ['1.6.32'],
  docker_version: ['20.10', '24.0', '26.1', '28.3', 'latest', 'stable', 'edge'],
  enable_dual_stack_networks: [true, false],
  etcd_backup_prefix: ['/var/backups'],
  etcd_binary_checksums: [sumsOf('v3.5.16', '3.6.10')],
  etcd_compaction_retention: ['8', 0, '0'],
  etcd_config_dir: ['/etc/ssl/etcd'],
  etcd_data_dir: ['/var/lib/etcd'],
  etcd_deployment_type: ['host', 'docker', 'kubeadm'],
  etcd_download_url: ['https://github.com/etcd-io/etcd/releases/download/v3.5.16/etcd-v3.5.16-linux-amd64.tar.gz'],
  etcd_election_timeout: ['5000'],
  etcd_heartbeat_interval: ['250'],
  etcd_image_tag: ['v3.5.16', 'v3.6.10'],
  etcd_quota_backend_bytes: ['2147483648', 2147483648, ''],
  etcd_snapshot_count: ['10000', '100000'],
  etcd_version: ['v3.5.16', '3.6.10'],
  files_repo: ['http://myprivatehttpd'],
  github_url: ['https://github.com', 'http://myprivatehttpd'],
  haproxy_config_dir: ['/etc/haproxy'],
  haproxy_image_repo: ['docker.io/library/haproxy'],
  haproxy_image_tag: ['2.8.2-alpine', '3.1.3-alpine', '3.2.13-alpine', '3.2.19-alpine'],
  http_proxy: ['', 'http://user:p@proxy:3128'],
  https_proxy: ['', 'http://proxy:3128'],
  ip6: ['fd00::10'],
  ipv4_stack: [true, false],
  ipv6_stack: [true, false],
  k8s_image_pull_policy: ['IfNotPresent', 'Always'],
  kube_api_anonymous_auth: [true, false],
  kube_apiserver_bind_address: ['0.0.0.0', '::'],
  kube_apiserver_enable_admission_plugins: [[]],
  kube_apiserver_insecure_port: [0, '0', 8080],
  kube_apiserver_node_port_range: ['30000-32767', ''],
  kube_apiserver_port: [6443, '6443'],
  kube_config_dir: ['/etc/kubernetes'],
  kube_image_repo: ['registry.k8s.io', 'k8s.gcr.io'],
  kube_log_level: [2],
  kube_manifest_dir: ['/etc/kubernetes/manifests'],
  kube_network_node_prefix: [24],
  kube_network_node_prefix_ipv6: [120],
  kube_pods_subnet: ['10.233.64.0/18'],
  kube_pods_subnet_ipv6: ['fd85:ee78:d8a6:8607::1:0000/112'],
  kube_scheduler_extra_args: [{}],
  kube_service_addresses: ['10.233.0.0/18'],
  kube_service_addresses_ipv6: ['fd85:ee78:d8a6:8607::1000/116'],
  kube_token_auth: [false],
  kube_token_dir: ['/etc/kubernetes/tokens'],
  kube_version: ['v1.29.10', '1.32.5', '1.35.3'],
  kube_vip_address: [null, '', '192.168.56.120'],
  kube_vip_enabled: [false],
  kube_vip_interface: [null, '', 'eth0'],
  kubeadm_checksums: [
    { arm: { 'v1.30.6': 0 }, amd64: { 'v1.30.6': 'a'.repeat(64) } },
    { amd64: { '1.32.13': `sha256:${'a'.repeat(64)}` } },
  ],
  kubeadm_download_url: ['https://dl.k8s.io/release/v1.32.13/bin/linux/amd64/kubeadm'],
  kubeadm_ignore_preflight_errors: [[]],
  kubeadm_init_phases_skip: [['addon/coredns'], ['addon/coredns', 'addon/kube-proxy'], []],
  kubeadm_init_timeout: ['300s'],
  kubeadm_upgrade_auto_cert_renewal: [true, false],
  kubectl_checksums: [{ amd64: { '1.32.13': `sha256:${'a'.repeat(64)}` } }],
  kubectl_download_url: ['https://dl.k8s.io/release/v1.32.13/bin/linux/amd64/kubectl'],
  kubelet_checksums: [{ amd64: { '1.32.13': `sha256:${'a'.repeat(64)}` } }],
  kubelet_config_extra_args: [{}],
  kubelet_csr_approver_enabled: [true, false],
  kubelet_download_url: ['https://dl.k8s.io/release/v1.32.13/bin/linux/amd64/kubelet'],
  kubelet_rotate_server_certificates: [false, true],
  kubespray_release: ['2.28', 'v2.32.1'],
  loadbalancer_apiserver: [{ address: '1.2.3.4', port: 1234 }, { address: 'lb.example' }],
  loadbalancer_apiserver_cpu_requests: ['25m'],
  loadbalancer_apiserver_healthcheck_port: [8081],
  loadbalancer_apiserver_keepalive_timeout: ['5m'],
  loadbalancer_apiserver_localhost: [true, false],
  loadbalancer_apiserver_memory_requests: ['32M'],
  loadbalancer_apiserver_pod_name: ['nginx-proxy', 'haproxy'],
  loadbalancer_apiserver_port: [6443],
  loadbalancer_apiserver_type: ['nginx', 'haproxy'],
  nerdctl_archive_checksums: [sumsOf('1.7.7', '2.2.2')],
  nerdctl_download_url: [
    'https://github.com/containerd/nerdctl/releases/download/v2.2.2/nerdctl-2.2.2-linux-amd64.tar.gz',
  ],
  nerdctl_version: ['1.7.7', '2.2.2'],
  nginx_config_dir: ['/etc/nginx'],
  nginx_image_repo: ['docker.io/library/nginx'],
  nginx_image_tag: ['1.25.2-alpine', '1.27.4-alpine', '1.28.2-alpine', '1.30.1-alpine'],
  no_proxy: ['', 'localhost,10.0.0.1'],
  node_labels: [{}, '', { 'node-role.kubernetes.io/ingress': '', zone: 1, gpu: true }],
  node_taints: [[], '', ['node.example.com/external=true:NoSchedule'], [{ key: 'a', value: 'b', effect: 'NoExecute' }]],
  pod_infra_image_repo: ['registry.k8s.io/pause'],
  pod_infra_image_tag: ['3.9', '3.10.1'],
  populate_inventory_to_hosts_file: [true, false],
  populate_loadbalancer_apiserver_to_hosts_file: [true],
  post_uncordon_hooks: [[]],
  post_upgrade_hooks: [[], ['post_upgrade_hook.yml']],
  pre_cordon_hooks: [[]],
  pre_upgrade_hooks: [[]],
  remove_anonymous_access: [false, true],
  runc_checksums: [sumsOf('v1.1.14', '1.4.2')],
  runc_download_url: ['https://github.com/opencontainers/runc/releases/download/v1.4.2/runc.amd64'],
  runc_version: ['v1.1.14', '1.4.2'],
  supplementary_addresses_in_ssl_keys: [[], ['10.0.0.1', 'api.example']],
  system_upgrade: [false, true],
}

const makers: readonly RoleMaker<ParamsSchema>[] = (Object.values(all) as readonly unknown[]).flatMap(value =>
  typeof value === 'function' && 'role' in value ? [value as unknown as RoleMaker<ParamsSchema>] : [],
)
const origin = { file: 'all.yml', line: 1, column: 1 }
const variablesOf = (schema: ParamSchema): readonly string[] =>
  typeof schema === 'object' && schema.var !== undefined ? [schema.var].flat() : []

for (const [name, values] of Object.entries(theirs)) {
  const readers = makers.filter(({ role }) =>
    Object.values(role.params.properties).some(schema => variablesOf(schema).includes(name)),
  )
  for (const value of values) {
    test(`${name}: ${JSON.stringify(value)} is not refused`, () => {
      assert.is.not(readers.length, 0, `no param reads ${name} any more: take it out of this table`)
      for (const { role } of readers) {
        const variable = { value, origin, source: 'group_vars/all', rank: 3, locate: () => origin }
        const resolved = resolveParams({ role, params: {} }, asked =>
          asked === name ? { value, variable } : undefined,
        )
        const problems = resolved.ok ? [] : resolved.problems.map(({ message }) => message)
        assert.equal(
          problems.filter(message => message.includes(name)),
          [],
          role.name,
        )
      }
    })
  }
}

test('a param that reads another variable of kubespray has a row here', () => {
  const names = new Set(makers.flatMap(({ role }) => Object.values(role.params.properties).flatMap(variablesOf)))
  const ours =
    /^(container_engine_(up|down)grade|control_plane_method|leaving_masters(_stay_nodes)?|vip_address|nginx_(build|source|vip|proxy)_\w+|keepalived_\w+|haproxy_(bind_port|config|kube_apiserver_port|stats_password)|kube_(clients|lvs)_\w+|kube_nodes_join|kube_vip_load_balancer|etcd_(client_port|peer_port|snapshots_(kept|size)|unit)|kube_(binaries_(from|names)|bin_cache|certificate_days|credentials_dir|encryption_provider_config|install_dir)|kube_apiserver_(drain_limit|extra_args|shutdown_delay_seconds)|kube_controller_manager_extra_args|kubeadm_control_plane_endpoint|upgrade_addons|loadbalancer_apiserver_(proxy_timeout|worker_shutdown_timeout))$/
  assert.equal([...names].filter(name => !(name in theirs) && !ours.test(name)).sort(), [])
})

test.run()
