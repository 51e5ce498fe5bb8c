import type { Flag } from './flags.ts'

export interface ControllerConf {
  readonly kubeConfigDir: string
  readonly serviceAddresses: string
  readonly podAddresses: string
  readonly nodePrefix: number
  readonly clusterName: string
  readonly logLevel: number
}

const ports = { controllerManager: 10257, scheduler: 10259 } as const
export const controllerPorts = ports

/** Flags of kube-controller-manager. One of all masters leads, the others wait for its lease. */
export function controllerManagerFlags(conf: ControllerConf): readonly Flag[] {
  const pki = `${conf.kubeConfigDir}/pki`
  const twoFamilies = conf.podAddresses.includes(',')
  return [
    ['allocate-node-cidrs', true],
    ...access(`${conf.kubeConfigDir}/controller-manager.conf`),
    ['bind-address', '127.0.0.1'],
    ['client-ca-file', `${pki}/ca.crt`],
    ['cluster-cidr', conf.podAddresses],
    ['cluster-name', conf.clusterName],
    ['cluster-signing-cert-file', `${pki}/ca.crt`],
    ['cluster-signing-key-file', `${pki}/ca.key`],
    ['controllers', '*,bootstrapsigner,tokencleaner'],
    ['leader-elect', true],
    ['node-cidr-mask-size', twoFamilies ? undefined : conf.nodePrefix],
    ['node-cidr-mask-size-ipv4', twoFamilies ? conf.nodePrefix : undefined],
    // The port without authentication; it is gone in later versions.
    ['port', 0, { until: '1.24' }],
    ['profiling', false],
    ['requestheader-client-ca-file', `${pki}/front-proxy-ca.crt`],
    ['root-ca-file', `${pki}/ca.crt`],
    ['secure-port', ports.controllerManager],
    ['service-account-private-key-file', `${pki}/sa.key`],
    ['service-cluster-ip-range', conf.serviceAddresses],
    ['use-service-account-credentials', true],
    ['v', conf.logLevel],
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
