import { type HostView, quote, type RemoteShell, type StepContext } from 'rota'
import { cluster, httpsUrl, mastersOf } from './index.ts'

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

/** The same for the API server of the host itself: the administrator's kubeconfig may lead to any. */
export const ownKubectlWords = (at: Parameters<typeof kubectlWords>[0] & { readonly apiserverPort: number }) => [
  ...kubectlWords(at),
  '--server',
  httpsUrl('127.0.0.1', at.apiserverPort),
]

/** The first words of every call. */
export const kubectlWords = (at: { readonly binDir: string; readonly kubeConfigDir: string }): readonly string[] => [
  `${at.binDir}/kubectl`,
  '--kubeconfig',
  `${at.kubeConfigDir}/admin.conf`,
  '--request-timeout=10s',
]

/**
 * Shell text after which `kube` is kubectl with an API server that is ready: the one that `admin.conf` leads to, else
 * that of any master, which `$server` then names. Where none is, the text ends with 69.
 */
export function kubeText(at: Parameters<typeof ownKubectlWords>[0], masters: readonly HostView[]): string {
  const [kubectl = '', ...words] = kubectlWords(at).map(quote)
  const servers = masters.map(master => quote(httpsUrl(master.address, at.apiserverPort)))
  return `kube() { ${kubectl} ${words.join(' ')} \${server:+--server "$server"} "$@"; }
[ -x ${kubectl} ] || { echo ${quote(`there is no ${at.binDir}/kubectl`)} >&2; exit 69; }
ready=
for server in '' ${servers.join(' ')}; do
  ! kube --request-timeout=5s get --raw /readyz >/dev/null 2>&1 || { ready=1; break; }
done
[ -n "$ready" ] || { echo 'no API server is ready' >&2; exit 69; }`
}
