import type { RemoteShell, StepContext } from 'rota'
import { cluster, mastersOf } from '../lib/cluster/index.ts'

/** kubectl on a master, as its administrator. */
export interface Kubectl {
  readonly master: string
  readonly $: RemoteShell
  /** The first words of every call. */
  readonly words: readonly string[]
}

/**
 * kubectl on any master whose API server answers, other masters first: the host itself is about to change. Those that
 * are leaving are not asked. Nothing where nobody answers.
 */
export async function kubectlOn({
  host,
  inventory,
  on,
}: Pick<StepContext, 'host' | 'inventory' | 'on'>): Promise<Kubectl | undefined> {
  const others = inventory.cluster(cluster, host).masters.filter(master => master.name !== host.name)
  const own = mastersOf(inventory).filter(master => master.name === host.name)
  for (const master of [...others, ...own]) {
    const words = kubectlWords(inventory.cluster(cluster, master))
    try {
      const $ = on(master.name)
      const answer = await $`${words} get --raw /readyz`.nothrow().timeout(20)
      if (answer.exitCode === 0) return { master: master.name, $, words }
    } catch {
      // It can't be reached; the next one will do.
    }
  }
  return undefined
}

/** The first words of every call. */
export const kubectlWords = (at: { readonly binDir: string; readonly kubeConfigDir: string }): readonly string[] => [
  `${at.binDir}/kubectl`,
  '--kubeconfig',
  `${at.kubeConfigDir}/admin.conf`,
  '--request-timeout=10s',
]
