import { directory, file, type HostView, type InventoryView, type PrepareContext, type Task } from 'rota'
import { httpsUrl, mastersOf } from '../cluster/index.ts'
import {
  apiServerNames,
  type ClusterNames,
  certificateFile,
  defaultLifetime,
  keyFile,
  kubernetesAuthorities,
  masterWishes,
  of,
  type Prepared,
  pairFiles,
  prepareCertificates,
} from '../pki/index.ts'
import type { Params } from './daemons.ts'
import { kubeconfig } from './kubeconfig.ts'

/** What the certificates of the masters are made from. */
export const clusterNames = (params: Params, inventory: InventoryView): ClusterNames => ({
  masters: mastersOf(inventory, params.leaving),
  dnsDomain: params.dnsDomain,
  serviceAddresses: params.serviceAddresses,
  loadBalancerName: params.loadBalancerName,
  loadBalancerAddresses: [params.virtualAddress, params.externalLoadBalancer?.address].filter(
    address => address !== undefined,
  ),
  supplementary: params.supplementaryNames,
})

/** Everything a client may call an API server of this cluster. */
export const servedNames = (params: Params, inventory: InventoryView) => apiServerNames(clusterNames(params, inventory))

export const prepareMasters = ({ hosts, inventory, check }: PrepareContext<Params>): Promise<Prepared> =>
  prepareCertificates(
    { inventory, check },
    hosts.flatMap(({ host, params }) => masterWishes(host, clusterNames(params, inventory))),
    kubernetesAuthorities,
    { ...defaultLifetime, certificateDays: hosts[0]?.params.certificateDays ?? defaultLifetime.certificateDays },
  )

const apiServer = 'kube-apiserver'
const controllers = 'kube-controller-manager'

/** Certificates, keys and kubeconfigs of a master, by kubeadm's names; each notifies whoever reads it. */
export function masterFiles(params: Params, host: HostView, prepared: Prepared): readonly (Task | readonly Task[])[] {
  const dir = params.kubeConfigDir
  const pki = `${dir}/pki`
  const pair = (name: string) => prepared.pair(of(host, name))
  const ca = prepared.pair('ca')
  const config = (name: string, user: string, notify?: string): Task =>
    file({
      path: `${dir}/${name}.conf`,
      content: kubeconfig({
        server: httpsUrl('127.0.0.1', params.apiserverPort),
        ca: ca.certificate,
        user,
        pair: pair(name),
      }),
      mode: '0600',
      secret: true,
      backup: false,
      ...(notify === undefined ? {} : { notify }),
    })
  return [
    directory({ path: dir, mode: '0755' }),
    directory({ path: pki, mode: '0755' }),
    directory({ path: `${pki}/etcd`, mode: '0755' }),
    certificateFile(`${pki}/ca.crt`, ca.certificate, { notify: [apiServer, controllers] }),
    // The controller manager signs the certificates of kubelets. An authority whose key is kept elsewhere has none to give.
    ca.key === '' ? [] : [keyFile(`${pki}/ca.key`, ca.key, { notify: controllers })],
    certificateFile(`${pki}/front-proxy-ca.crt`, prepared.pair('front-proxy-ca').certificate, {
      notify: [apiServer, controllers],
    }),
    certificateFile(`${pki}/etcd/ca.crt`, prepared.pair('etcd/ca').certificate, { notify: apiServer }),
    keyFile(`${pki}/sa.key`, prepared.serviceAccount.key, { notify: [apiServer, controllers] }),
    certificateFile(`${pki}/sa.pub`, prepared.serviceAccount.publicKey, { notify: apiServer }),
    pairFiles(`${pki}/apiserver`, pair('apiserver'), { notify: apiServer }),
    pairFiles(`${pki}/apiserver-kubelet-client`, pair('apiserver-kubelet-client'), { notify: apiServer }),
    pairFiles(`${pki}/apiserver-etcd-client`, pair('apiserver-etcd-client'), { notify: apiServer }),
    pairFiles(`${pki}/front-proxy-client`, pair('front-proxy-client'), { notify: apiServer }),
    params.encryptionConfig === undefined
      ? []
      : [
          file({
            path: `${dir}/encryption.yaml`,
            content: params.encryptionConfig,
            mode: '0600',
            secret: true,
            notify: apiServer,
          }),
        ],
    config('admin', 'kubernetes-admin'),
    config('controller-manager', 'system:kube-controller-manager', controllers),
    config('scheduler', 'system:kube-scheduler', 'kube-scheduler'),
  ]
}
