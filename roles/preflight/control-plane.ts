import { type Check, type Finding, hostCheck } from 'rota'
import { type Manifests, manifests, versionsOf } from '../control-plane/kubeadm/seen.ts'
import { minorProblem, skewProblem } from '../control-plane/kubeadm/skew.ts'
import { withV } from '../lib/cluster/index.ts'
import type { Params } from './params.ts'

/** From the version of every daemon there is a way to the wanted one. */
export const controlPlaneMayFollow = (params: Params): Check =>
  hostCheck({
    name: "the control plane's version",
    facts: manifests(params),
    verdict: seen => judgeControlPlane(params, seen),
  })

export function judgeControlPlane(
  { kubeVersion, method }: Pick<Params, 'kubeVersion' | 'method'>,
  seen: Manifests,
): Finding {
  const found = versionsOf(seen).flatMap(([name, version]) => (version === undefined ? [] : [{ name, version }]))
  const problem = method === 'kubeadm' ? skewProblem : minorProblem
  const wrong = found.flatMap(({ name, version }) => {
    const why = problem(version, kubeVersion)
    return why === undefined ? [] : [`${name} ${why}`]
  })
  return {
    ok: wrong.length === 0,
    expected: `a way to ${withV(kubeVersion)} that leaves no minor version out`,
    saw: wrong[0] ?? ([...new Set(found.map(({ version }) => version))].join(', ') || 'no static pod of a master yet'),
  }
}
