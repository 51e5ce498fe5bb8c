import { type HostView, quote, type Task, waitFor } from 'rota'
import { httpsUrl, withV } from '../../lib/cluster/index.ts'
import { ownKubectlWords } from '../../lib/cluster/kubectl.ts'
import { controllerPorts } from '../daemons/controller-flags.ts'
import type { Params } from '../daemons/daemons.ts'

// Asked on the host itself by 127.0.0.1, which a drain leaves open, for the certificate of its own address.
const ask = (params: Params, host: HostView, page: string) => ({
  url: httpsUrl(host.address, params.apiserverPort, page),
  address: '127.0.0.1',
  ca: `${params.kubeConfigDir}/pki/ca.crt`,
})

/** What a page says to the administrator: where nobody else is told. */
const asked = (params: Params, page: string): string =>
  [...ownKubectlWords(params), 'get', '--raw', page].map(quote).join(' ')

export const waitReady = (params: Params, host: HostView): Task =>
  waitFor({
    title: 'wait until the API server is ready',
    ...(params.anonymousAuth
      ? { http: { ...ask(params, host, '/readyz'), status: 200, timeout: 5 } }
      : { check: { run: asked(params, '/readyz') } }),
    timeout: params.readyTimeout,
  })

/** The upgrade is proven by what the running server says, not by what was installed. */
export const versionIs = (params: Params, host: HostView): Task =>
  waitFor({
    title: `wait until the API server is ${withV(params.kubeVersion)}`,
    ...(params.anonymousAuth
      ? { http: { ...ask(params, host, '/version'), contains: gitVersion(params) } }
      : { check: { run: `${asked(params, '/version')} | grep -Fq ${quote(gitVersion(params))}` } }),
    timeout: 30,
  })

const gitVersion = (params: Params): string => `"gitVersion": "${withV(params.kubeVersion)}"`

export const controllersAreHealthy = (): readonly Task[] => [
  controllerIsHealthy('kube-controller-manager'),
  controllerIsHealthy('kube-scheduler'),
]

export const controllerIsHealthy = (name: 'kube-controller-manager' | 'kube-scheduler', timeout = 60): Task => {
  const port = name === 'kube-scheduler' ? controllerPorts.scheduler : controllerPorts.controllerManager
  return waitFor({ http: { url: `https://127.0.0.1:${port}/healthz`, insecure: true }, timeout })
}
