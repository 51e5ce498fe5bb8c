import type { HostView } from 'rota'
import { type ServiceAddresses, serviceRanges, speaksV6 } from '../../lib/cluster/index.ts'
import type { Flag } from './flags.ts'

export interface ApiServerConf extends ServiceAddresses {
  readonly kubeConfigDir: string
  readonly apiserverPort: number
  readonly bindAddress?: string | undefined
  readonly nodePorts: string
  readonly dnsDomain: string
  readonly authorizationModes: readonly string[]
  readonly admissionPlugins: readonly string[]
  readonly shutdownDelay: number
  readonly goawayChance: number
  readonly encryptionConfig?: string | undefined
  readonly tokenAuth: boolean
  readonly tokenDir: string
  readonly logLevel: number
}

/** Flags of kube-apiserver, as kubeadm and kubespray set them. */
export function apiServerFlags(
  conf: ApiServerConf,
  host: HostView,
  cluster: { readonly masters: readonly HostView[]; readonly etcd: readonly string[] },
): readonly Flag[] {
  const pki = `${conf.kubeConfigDir}/pki`
  return [
    ['advertise-address', host.address],
    ['allow-privileged', true],
    ['apiserver-count', cluster.masters.length],
    ['authorization-mode', conf.authorizationModes.join(',')],
    ['bind-address', conf.bindAddress ?? (speaksV6(conf, host) ? '::' : '0.0.0.0')],
    ['client-ca-file', `${pki}/ca.crt`],
    ['enable-admission-plugins', conf.admissionPlugins.length > 0 ? conf.admissionPlugins.join(',') : undefined],
    ['enable-bootstrap-token-auth', true],
    [
      'encryption-provider-config',
      conf.encryptionConfig === undefined ? undefined : `${conf.kubeConfigDir}/encryption.yaml`,
    ],
    ['etcd-cafile', `${pki}/etcd/ca.crt`],
    ['etcd-certfile', `${pki}/apiserver-etcd-client.crt`],
    ['etcd-keyfile', `${pki}/apiserver-etcd-client.key`],
    ['etcd-servers', cluster.etcd.join(',')],
    ['goaway-chance', conf.goawayChance > 0 ? conf.goawayChance : undefined, { from: '1.18' }],
    // The port without any authentication: closed where it can still be opened.
    ['insecure-port', 0, { until: '1.24' }],
    ['kubelet-client-certificate', `${pki}/apiserver-kubelet-client.crt`],
    ['kubelet-client-key', `${pki}/apiserver-kubelet-client.key`],
    ['kubelet-preferred-address-types', 'InternalDNS,InternalIP,Hostname,ExternalDNS,ExternalIP'],
    ['profiling', false],
    ['proxy-client-cert-file', `${pki}/front-proxy-client.crt`],
    ['proxy-client-key-file', `${pki}/front-proxy-client.key`],
    ['requestheader-allowed-names', 'front-proxy-client'],
    ['requestheader-client-ca-file', `${pki}/front-proxy-ca.crt`],
    ['requestheader-extra-headers-prefix', 'X-Remote-Extra-'],
    ['requestheader-group-headers', 'X-Remote-Group'],
    ['requestheader-username-headers', 'X-Remote-User'],
    ['secure-port', conf.apiserverPort],
    ['service-account-issuer', `https://kubernetes.default.svc.${conf.dnsDomain}`, { from: '1.20' }],
    ['service-account-key-file', `${pki}/sa.pub`],
    ['service-account-signing-key-file', `${pki}/sa.key`, { from: '1.20' }],
    ['service-cluster-ip-range', serviceRanges(conf).join(',')],
    ['service-node-port-range', conf.nodePorts],
    ['shutdown-delay-duration', `${conf.shutdownDelay}s`],
    ['tls-cert-file', `${pki}/apiserver.crt`],
    ['tls-private-key-file', `${pki}/apiserver.key`],
    ['token-auth-file', conf.tokenAuth ? `${conf.tokenDir}/known_tokens.csv` : undefined],
    ['v', conf.logLevel],
  ]
}
