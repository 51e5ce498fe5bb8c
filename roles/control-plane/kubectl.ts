import type { HostView, RemoteShell, StepContext } from 'rota'
import { mastersOf } from '../cluster/index.ts'
import { configDirOf } from './gate.ts'

/** kubectl on a master, as its administrator. */
export interface Kubectl {
  readonly master: string
  readonly $: RemoteShell
  /** The first words of every call. */
  readonly words: readonly string[]
}

/**
 * kubectl on any master whose API server answers, other masters first: the host itself is about to change. Nothing where nobody answers.
 */
export async function kubectlOn({
  host,
  inventory,
  on,
}: Pick<StepContext, 'host' | 'inventory' | 'on'>): Promise<Kubectl | undefined> {
  const masters = mastersOf(inventory)
  const others = masters.filter(master => master.name !== host.name)
  for (const master of [...others, ...masters.filter(candidate => candidate.name === host.name)]) {
    const words = wordsOf(master)
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

const wordsOf = (master: HostView): readonly string[] => [
  `${String(master.var('bin_dir') ?? '/usr/local/bin')}/kubectl`,
  '--kubeconfig',
  `${configDirOf(master)}/admin.conf`,
  '--request-timeout=10s',
]
