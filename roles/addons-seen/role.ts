import { type Check, defineRole, type Finding, facts, type ParamsOf, quote, sharedCheck } from 'rota'
import { cluster, clusterProblems, mastersOf, minorOf } from '../lib/cluster/index.ts'
import { kubeText } from '../lib/cluster/kubectl.ts'
import { apiserverPort, binDir, kubeConfigDir, kubeVersion, leaving } from '../lib/cluster/params.ts'
import { addonsIn, imagesPath, imagesPattern, type Seen } from './images.ts'
import { saidOf } from './support.ts'

const params = {
  type: 'object',
  properties: { kubeVersion, binDir, kubeConfigDir, apiserverPort, leaving },
} as const

/**
 * Which add-ons are in the cluster, in which version, and what their makers say of them beside the version of
 * Kubernetes that it goes to. Changes nothing, and stops nobody.
 */
export const addonsSeen = defineRole({
  name: 'addons-seen',
  description: 'the add-ons of the cluster, and whether they suit the version that it goes to',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: () => [],
  checks: ({ params, host, inventory }) => {
    const others = mastersOf(inventory, params.leaving).filter(({ name }) => name !== host.name)
    return checksWith(params, kubeText(params, [host, ...others]))
  },
})

function checksWith({ kubeVersion }: ParamsOf<typeof params>, kube: string): readonly Check[] {
  const printed = facts.command({
    run: `${kube}
images=$(kube --request-timeout=20s get deployments,daemonsets -A -o ${quote(imagesPath)}) || exit
printf '%s\\n' "$images" | grep -E ${quote(imagesPattern)} || :`,
    timeout: 30,
  })
  const check = (name: string, expected: string, said: (seen: readonly Seen[]) => string): Check =>
    sharedCheck({
      name,
      facts: { printed },
      read: ({ printed: { exitCode, stdout } }) => (exitCode === 0 ? addonsIn(stdout) : undefined),
      verdict: answers => verdict(expected, [...answers.values()], said),
    })
  return [
    check('add-ons', 'those of the cluster', listed),
    ...(kubeVersion === undefined
      ? []
      : [check(`add-ons with ${minorOf(kubeVersion).join('.')}`, 'such as suit it', judged(kubeVersion))]),
  ]
}

/** Any master that could ask will do: they ask the same cluster. */
function verdict(
  expected: string,
  answers: readonly (readonly Seen[] | undefined)[],
  said: (seen: readonly Seen[]) => string,
): Finding {
  const seen = answers.find(answer => answer !== undefined)
  return { ok: true, expected, saw: seen === undefined ? 'not asked: no API server is ready' : said(seen) }
}

export const listed = (seen: readonly Seen[]): string =>
  seen.map(({ name, version }) => `${name} ${version ?? 'of no version'}`).join(', ') || 'none that is known here'

export const judged =
  (kubeVersion: string) =>
  (seen: readonly Seen[]): string =>
    seen.flatMap(each => saidOf(each, kubeVersion) ?? []).join('; ') || 'all suit it, as far as is known here'
