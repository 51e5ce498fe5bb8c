import { type FactValues, gate, type HostView, holds, type Verdict } from 'rota'
import { fromVariables, type ReadyFacts, readyz } from '../cluster/index.ts'
import { apiserverPort, kubeConfigDir } from '../cluster/params.ts'

export interface ApiServerGateOptions {
  /** Default: the role's variables, kube_apiserver_port first; 6443. */
  readonly port?: number
  /** Default: the role's variables, kube_config_dir first; /etc/kubernetes. */
  readonly kubeConfigDir?: string
  /** Seconds; default 300. */
  readonly timeout?: number
}

/**
 * The API server of the host is ready, seen through its own certificate and authority. It says nothing about the version or about every
 * name of the certificate: the gate also counts who serves clients now, and before an upgrade nobody has what the upgrade brings. Those
 * are proven by the role control-plane itself.
 */
export const apiServerReady = (options: ApiServerGateOptions = {}) =>
  gate({
    name: 'API server is ready',
    vars: apiServerAt.vars,
    timeout: options.timeout ?? 300,
    facts: (host): ReadyFacts => ({
      ready: readyz(host, portOf(host, options), `${configDirOf(host, options)}/pki/ca.crt`),
    }),
    check: judge,
  })

function judge({ ready }: FactValues<ReadyFacts>, host: HostView): Verdict {
  const expected = `GET /readyz of ${host.name} answers 200`
  if (ready.type !== 'answered') return { ok: false, expected, saw: ready.reason }
  if (ready.expected) return holds
  return { ok: false, expected, saw: `${ready.status}${failedChecks(ready.body)}` }
}

// `[-]etcd failed: reason withheld`
const failedChecks = (body: string): string => {
  const failed = [...body.matchAll(/^\[-\](.*)$/gm)].map(match => match[1])
  return failed.length > 0 ? ` (${failed.join('; ')})` : ''
}

/** Where an API server is, by the variables of the role control-plane. */
export const apiServerAt = fromVariables('control-plane', { apiserverPort, kubeConfigDir })

export const portOf = (host: HostView, { port }: { readonly port?: number } = {}): number =>
  apiServerAt.of(host, { apiserverPort: port }).apiserverPort

export const configDirOf = (host: HostView, options: { readonly kubeConfigDir?: string } = {}): string =>
  apiServerAt.of(host, options).kubeConfigDir
