import { type FactValues, facts, gate, type HostView, holds, type Verdict } from 'rota'
import { cluster, httpsUrl, type ReadyFacts, readyz } from '../../lib/cluster/index.ts'

export interface ApiServerGateOptions {
  /** Seconds; default 300. */
  readonly timeout?: number
}

/**
 * The API server of the host is ready, seen through its own certificate and authority. It says nothing about the
 * version or about every name of the certificate: those are proven by the role control-plane itself.
 */
export const apiServerReady = (options: ApiServerGateOptions = {}) =>
  gate({
    name: 'API server is ready',
    cluster,
    timeout: options.timeout ?? 300,
    facts: ({ host, cluster: { apiserverPort, kubeConfigDir } }): ReadyFacts => ({
      ready: readyz(host, apiserverPort, `${kubeConfigDir}/pki/ca.crt`),
    }),
    check: (values, { host }) => judge(values, host),
    available: {
      facts: ({ cluster: { apiserverPort } }): ServingFacts => ({
        any: facts.http({
          url: httpsUrl('127.0.0.1', apiserverPort, '/readyz'),
          insecure: true,
          status: answers,
          timeout: 5,
        }),
        port: facts.tcp({ host: '127.0.0.1', port: apiserverPort }),
      }),
      check: (values, { host }) => serving(values, host),
    },
  })

type ServingFacts = { readonly any: ReturnType<typeof facts.http>; readonly port: ReturnType<typeof facts.tcp> }

/** Not ready is a 500; one that wants to know who asks serves all the same. */
const answers = [200, 401, 403]

/**
 * Whoever answers counts, whatever its certificate says: a master that has not got its name yet would else be taken for
 * one that is down, and all of them be worked on at once. Where nothing on the host can speak HTTPS, a port that is
 * open will do.
 */
const serving = ({ any, port }: FactValues<ServingFacts>, host: HostView): Verdict =>
  (any.type === 'answered' && any.expected) || (any.type === 'unavailable' && port.type === 'open')
    ? holds
    : {
        ok: false,
        expected: `the API server of ${host.name} answers`,
        saw: 'reason' in any ? any.reason : `${any.status}`,
      }

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
