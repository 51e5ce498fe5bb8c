import { type HostView, type Task, waitFor } from 'rota'
import { httpsUrl, withV } from '../../lib/cluster/index.ts'
import { controllerPorts } from '../daemons/controller-flags.ts'
import type { Params } from '../daemons/daemons.ts'

// Asked on the host itself by 127.0.0.1, which a drain leaves open, for the certificate of its own address.
const ask = (params: Params, host: HostView, page: string) => ({
  url: httpsUrl(host.address, params.apiserverPort, page),
  address: '127.0.0.1',
  ca: `${params.kubeConfigDir}/pki/ca.crt`,
})

export const waitReady = (params: Params, host: HostView): Task =>
  waitFor({
    title: 'wait until the API server is ready',
    http: { ...ask(params, host, '/readyz'), status: 200, timeout: 5 },
    timeout: params.readyTimeout,
  })

/** The upgrade is proven by what the running server says, not by what was installed. */
export const versionIs = (params: Params, host: HostView): Task =>
  waitFor({
    title: `wait until the API server is ${withV(params.kubeVersion)}`,
    http: { ...ask(params, host, '/version'), contains: `"gitVersion": "${withV(params.kubeVersion)}"` },
    timeout: 30,
  })

export const controllersAreHealthy = (): readonly Task[] => [
  controllerIsHealthy('kube-controller-manager'),
  controllerIsHealthy('kube-scheduler'),
]

export const controllerIsHealthy = (name: 'kube-controller-manager' | 'kube-scheduler', timeout = 60): Task => {
  const port = name === 'kube-scheduler' ? controllerPorts.scheduler : controllerPorts.controllerManager
  return waitFor({ http: { url: `https://127.0.0.1:${port}/healthz`, insecure: true }, timeout })
}
