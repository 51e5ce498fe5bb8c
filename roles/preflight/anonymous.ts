import { type Check, type Finding, facts, type HostView, type HttpFact, hostCheck } from 'rota'
import { textOf } from '../control-plane/kubeadm/seen.ts'
import { httpsUrl, readyz, wantsToKnowWho } from '../lib/cluster/index.ts'
import type { Params } from './params.ts'

/**
 * API servers answer those without credentials as the variables say: gates and load balancers go by that. What counts
 * is what a server says: `--anonymous-auth=false` is one reason, conditions in an AuthenticationConfiguration and a
 * role that was taken away are others. Of one that is down its manifest says at least the flag.
 */
export const anonymousIsAsSaid = (params: Params, host: HostView): Check => {
  const ca = `${params.kubeConfigDir}/pki/ca.crt`
  const url = httpsUrl(host.address, params.apiserverPort, '/version')
  return hostCheck({
    name: 'answers without credentials',
    facts: {
      '/readyz': readyz(host, params.apiserverPort, ca),
      '/version': facts.http({ url, address: '127.0.0.1', ca, timeout: 5 }),
      manifest: facts.path({ path: `${params.manifestDir}/kube-apiserver.yaml`, content: true }),
    },
    verdict: ({ manifest, ...pages }) => judgeAnonymous(params.anonymousAuth, pages, textOf(manifest)),
  })
}

export function judgeAnonymous(
  anonymousAuth: boolean,
  pages: Readonly<Record<string, HttpFact>>,
  manifest = '',
): Finding {
  const expected =
    'an API server that tells anybody whether it is ready and which version it is, or kube_api_anonymous_auth: false'
  const answers = Object.entries(pages).flatMap(([page, fact]) =>
    fact.type === 'answered' ? [{ page, status: fact.status }] : [],
  )
  const refused = answers.filter(({ status }) => wantsToKnowWho(status))
  // One that is down is for the run to mend.
  const flag = /--anonymous-auth=["']?(false|False)\b/.test(manifest)
  if (answers.length === 0)
    return { ok: anonymousAuth ? !flag : true, expected, saw: `no answer${flag ? ', --anonymous-auth=false' : ''}` }
  return {
    ok: !anonymousAuth || refused.length === 0,
    expected,
    saw: answers.map(({ page, status }) => `${page} ${status}`).join(', '),
  }
}
