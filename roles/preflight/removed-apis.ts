import { type Check, type Finding, facts, hostCheck, quote } from 'rota'
import { atLeast, withV } from '../lib/cluster/index.ts'
import { ownKubectlWords } from '../lib/cluster/kubectl.ts'
import { list } from './list.ts'

type At = Parameters<typeof ownKubectlWords>[0] & { readonly kubeVersion: string }

/**
 * What somebody still asks this API server for, and the new one will not have. It is told and not refused: one question
 * of a person counts as much as a controller that lives by it, the count is kept until the API server restarts, and
 * Kubernetes' own garbage collector asks for all there is. Source: Kubernetes' metric
 * `apiserver_requested_deprecated_apis` (since 1.19).
 */
export const removedApisAreUnused = (at: At): Check =>
  hostCheck({
    name: 'APIs that the new version drops',
    facts: { metrics: facts.command({ run: metricsText(at), timeout: 20 }) },
    verdict: ({ metrics }) => judgeRemovedApis(at.kubeVersion, metrics),
  })

const metricsText = (at: At): string => {
  const [kubectl = '', ...words] = ownKubectlWords(at).map(quote)
  return `[ -x ${kubectl} ] || exit 3
said=$(${kubectl} ${words.join(' ')} get --raw /metrics) || exit 1
printf '%s\\n' "$said" | grep '^apiserver_requested_deprecated_apis{' | head -n 200
:`
}

export function judgeRemovedApis(
  kubeVersion: string,
  { exitCode, stdout }: { readonly exitCode: number; readonly stdout: string },
): Finding {
  const expected = `nobody who asks for what ${withV(kubeVersion)} does not have`
  if (exitCode !== 0) return { ok: true, expected, saw: 'not asked: the API server of this host does not answer' }
  const asked = stdout.split('\n').flatMap(line => {
    const value = (label: string) => new RegExp(`[{,]${label}="([a-z0-9.-]*)"`).exec(line)?.[1]
    const [removed, group, version, resource] = ['removed_release', 'group', 'version', 'resource'].map(value)
    if (!removed || !/^\d+\.\d+$/.test(removed) || !version || !resource) return []
    return atLeast(kubeVersion, removed)
      ? [{ removed, what: `${resource} of ${group ? `${group}/` : ''}${version}` }]
      : []
  })
  if (asked.length === 0) return { ok: true, expected, saw: 'none asked for' }
  const which = [...new Set(asked.map(({ removed, what }) => `${what} (gone in ${removed})`))].sort()
  return {
    ok: true,
    expected,
    saw: `${which.length} asked for`,
    warnings: [
      `somebody asks for ${list(which, 10)}: clients that live by it fail after the upgrade; the audit log says who (annotation k8s.io/deprecated)`,
    ],
  }
}
