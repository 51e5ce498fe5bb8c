import { type Around, around, type HookContext } from 'rota'
import { isOlder } from '../control-plane/kubeadm/skew.ts'
import { cluster, httpsUrl, withV } from '../lib/cluster/index.ts'
import { kubectlWords } from '../lib/cluster/kubectl.ts'

/**
 * No kubelet becomes newer than an API server (Kubernetes' version skew policy): asked once a play, before the first
 * node is cordoned.
 */
export const apiServersAreNew = (): Around => {
  let asked: Promise<string | undefined> | undefined
  return around({
    name: 'the API servers come first',
    cluster,
    announce: async context => {
      asked ??= whoIsOlder(context)
      const problem = await asked
      if (problem !== undefined) throw new Error(problem)
    },
    enter: async () => {},
    leave: async () => {},
  })
}

async function whoIsOlder(context: HookContext<typeof cluster>): Promise<string | undefined> {
  const { kubeVersion, masters } = context.cluster
  if (kubeVersion === undefined) return undefined
  const seen = await Promise.all(
    masters.map(async master => ({ name: master.name, version: await versionOf(context, master.name) })),
  )
  const known = seen.flatMap(({ name, version }) => (version === undefined ? [] : [{ name, version }]))
  if (known.length === 0) return 'no API server answers: which version the kubelets may have is not known'
  const older = known.filter(({ version }) => isOlder(version, kubeVersion))
  if (older.length > 0)
    return `the API server of ${older.map(({ name, version }) => `${name} is ${version}`).join(', of ')}: a kubelet may not be newer, so the masters come first (--tags master)`
  const silent = seen.filter(({ version }) => version === undefined).map(({ name }) => name)
  if (silent.length > 0)
    context.say(
      `the API server of ${silent.join(', ')} does not answer: it must not come back older than ${withV(kubeVersion)}`,
    )
  return undefined
}

async function versionOf({ inventory, on }: HookContext<typeof cluster>, name: string): Promise<string | undefined> {
  const at = inventory.cluster(cluster, inventory.host(name))
  const own = [...kubectlWords(at), '--server', httpsUrl('127.0.0.1', at.apiserverPort)]
  const said = await on(name)`${own} get --raw /version`
    .nothrow()
    .timeout(20)
    .text()
    .catch(() => '')
  return /"gitVersion": *"(v\d+\.\d+\.\d+[^"\s]*)"/.exec(said)?.[1]
}
