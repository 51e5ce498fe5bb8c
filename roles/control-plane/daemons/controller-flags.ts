import {
  isV6Range,
  type PodAddresses,
  podRanges,
  type ServiceAddresses,
  serviceRanges,
} from '../../lib/cluster/index.ts'
import type { Flag } from './flags.ts'

export interface ControllerConf extends ServiceAddresses, PodAddresses {
  readonly kubeConfigDir: string
  readonly nodePrefix: number
  readonly nodePrefixV6?: number | undefined
  readonly clusterName: string
  readonly logLevel: number
}

const ports = { controllerManager: 10257, scheduler: 10259 } as const
export const controllerPorts = ports

/** Flags of kube-controller-manager. One of all masters leads, the others wait for its lease. */
export function controllerManagerFlags(conf: ControllerConf): readonly Flag[] {
  const pki = `${conf.kubeConfigDir}/pki`
  return [
    ['allocate-node-cidrs', true],
    ...access(`${conf.kubeConfigDir}/controller-manager.conf`),
    ['bind-address', '127.0.0.1'],
    ['client-ca-file', `${pki}/ca.crt`],
    ['cluster-cidr', podRanges(conf).join(',')],
    ['cluster-name', conf.clusterName],
    ['cluster-signing-cert-file', `${pki}/ca.crt`],
    ['cluster-signing-key-file', `${pki}/ca.key`],
    ['controllers', '*,bootstrapsigner,tokencleaner'],
    ['leader-elect', true],
    ...nodeMasks(conf),
    // The port without authentication; it is gone in later versions.
    ['port', 0, { until: '1.24' }],
    ['profiling', false],
    ['requestheader-client-ca-file', `${pki}/front-proxy-ca.crt`],
    ['root-ca-file', `${pki}/ca.crt`],
    ['secure-port', ports.controllerManager],
    ['service-account-private-key-file', `${pki}/sa.key`],
    ['service-cluster-ip-range', serviceRanges(conf).join(',')],
    ['use-service-account-credentials', true],
    ['v', conf.logLevel],
  ]
}

/** With one family there is one flag; that of IPv6 has another size. */
function nodeMasks(conf: ControllerConf): readonly Flag[] {
  const families = podRanges(conf).map(isV6Range)
  const v6 = conf.nodePrefixV6 ?? (conf.ipv6Stack ? 120 : undefined)
  if (families.length === 1) return [['node-cidr-mask-size', families[0] ? v6 : conf.nodePrefix]]
  return [
    ['node-cidr-mask-size-ipv4', conf.nodePrefix],
    ['node-cidr-mask-size-ipv6', v6],
  ]
}

/** Flags of kube-scheduler. */
export const schedulerFlags = (conf: ControllerConf): readonly Flag[] => [
  ...access(`${conf.kubeConfigDir}/scheduler.conf`),
  ['bind-address', '127.0.0.1'],
  ['leader-elect', true],
  ['port', 0, { until: '1.24' }],
  ['profiling', false],
  ['secure-port', ports.scheduler],
  ['v', conf.logLevel],
]

const access = (kubeconfig: string): readonly Flag[] => [
  ['authentication-kubeconfig', kubeconfig],
  ['authorization-kubeconfig', kubeconfig],
  ['kubeconfig', kubeconfig],
]
