import { type FactValues, facts, gate, type HostView, holds, type Verdict } from 'rota'
import { cluster, httpsUrl, type ReadyFacts, readyz, servingStatuses, wantsToKnowWho } from '../../lib/cluster/index.ts'
import { ownKubectlWords } from '../../lib/cluster/kubectl.ts'

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
    facts: ({ host, cluster: values }): GateFacts => ({
      ready: readyz(host, values.apiserverPort, `${values.kubeConfigDir}/pki/ca.crt`),
      // Where nobody is told without credentials; else nothing is asked.
      asked: facts.command({
        run: values.anonymousAuth ? ['false'] : [...ownKubectlWords(values), 'get', '--raw', '/readyz'],
        timeout: 15,
      }),
    }),
    check: (values, { host }) => judge(values, host),
    available: {
      facts: ({ cluster: { apiserverPort } }): ServingFacts => ({
        any: facts.http({
          url: httpsUrl('127.0.0.1', apiserverPort, '/readyz'),
          insecure: true,
          status: servingStatuses,
          timeout: 5,
        }),
        port: facts.tcp({ host: '127.0.0.1', port: apiserverPort }),
      }),
      check: (values, { host }) => serving(values, host),
    },
  })

type GateFacts = ReadyFacts & { readonly asked: ReturnType<typeof facts.command> }
type ServingFacts = { readonly any: ReturnType<typeof facts.http>; readonly port: ReturnType<typeof facts.tcp> }

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

function judge({ ready, asked }: FactValues<GateFacts>, host: HostView): Verdict {
  const expected = `GET /readyz of ${host.name} answers 200`
  if (ready.type !== 'answered') return { ok: false, expected, saw: ready.reason }
  if (ready.status === 200 || (ready.expected && asked.exitCode === 0)) return holds
  if (!wantsToKnowWho(ready.status)) return { ok: false, expected, saw: `${ready.status}${failedChecks(ready.body)}` }
  // Nobody has asked: `false` says nothing.
  const why =
    asked.stderr.trim() === ''
      ? 'it tells nothing without credentials; kube_api_anonymous_auth: false has it asked with admin.conf'
      : `without credentials; asked with admin.conf: ${lastLine(asked.stderr)}`
  return { ok: false, expected, saw: `${ready.status}: ${why}` }
}

const lastLine = (text: string): string => (text.trim().split('\n').at(-1) ?? '').slice(-300)

// `[-]etcd failed: reason withheld`
const failedChecks = (body: string): string => {
  const failed = [...body.matchAll(/^\[-\](.*)$/gm)].map(match => match[1])
  return failed.length > 0 ? ` (${failed.join('; ')})` : ''
}
