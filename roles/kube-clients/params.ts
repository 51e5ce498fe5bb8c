import {
  apiserverPort,
  clientsServer,
  externalLoadBalancer,
  kubeConfigDir,
  leaving,
  loadBalancerName,
  nginxVariant,
  nodeLoadBalancer,
  nodeLoadBalancerWanted,
  nodeProxyPort,
  virtualAddress,
} from '../lib/cluster/params.ts'
import { vipPortParams } from '../lib/cluster/vip-params.ts'

export const params = {
  type: 'object',
  properties: {
    server: clientsServer,
    insecureServer: {
      type: 'string',
      format: 'http-server',
      var: 'kube_clients_insecure_server',
      description:
        'The same for old files that name an `http://` server (`KUBE_MASTER`, `KUBELET_API_SERVER`). Without it these stay as they are.',
    },
    nodeProxy: nodeLoadBalancerWanted,
    nodeProxyType: nodeLoadBalancer,
    nodeProxyVariant: nginxVariant,
    nodeProxyPort,
    virtualAddress,
    ...vipPortParams,
    externalLoadBalancer,
    loadBalancerName,
    apiserverPort,
    kubeConfigDir,
    kubeconfigs: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string', format: 'word' } },
      default: {
        kubelet: [
          'kubelet.conf',
          'bootstrap-kubelet.conf',
          'kubelet.kubeconfig',
          'bootstrap.kubeconfig',
          'node-kubeconfig.yaml',
        ],
        'kube-proxy': ['kube-proxy.conf', 'kube-proxy.kubeconfig', 'kube-proxy-kubeconfig.yaml'],
        'kube-controller-manager': [
          'controller-manager.conf',
          'kube-controller-manager.kubeconfig',
          'kube-controller-manager-kubeconfig.yaml',
        ],
        'kube-scheduler': ['scheduler.conf', 'kube-scheduler.kubeconfig', 'kube-scheduler-kubeconfig.yaml'],
      },
      description:
        'Kubeconfigs by the daemon that reads them, in `kubeConfigDir` unless absolute. Those that are not there are passed over.',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      default: 60,
      description:
        'Seconds in which the server must answer before a client is pointed at it, and a client must be healthy again.',
    },
    leaving,
  },
} as const
