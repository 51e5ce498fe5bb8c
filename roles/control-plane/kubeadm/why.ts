import type { RemoteShell, StepContext } from 'rota'
import { nodeNameOf } from '../../lib/cluster/cluster.ts'
import { kubectlWords } from '../../lib/cluster/kubectl.ts'
import type { Params } from '../daemons/daemons.ts'
import { listing, readListing } from './neighbour/listing.ts'
import { namedByManifests } from './neighbour/named.ts'

/** How many of the last lines of each are told. */
const told = { 'kube-apiserver': 4, etcd: 2, 'kube-controller-manager': 2, 'kube-scheduler': 2 } as const

/**
 * Why a master does not come up, as far as the host and the cluster tell: files that its pods miss, the last words of
 * its containers and of its kubelet, and the warnings about them. Whatever a host says is bounded and can be printed,
 * and `secrets` are taken out.
 */
export async function whyNotReady(
  { $, host, inventory }: Pick<StepContext, '$' | 'host' | 'inventory'>,
  params: Params,
  peer: RemoteShell,
  secrets: readonly string[],
): Promise<string> {
  const asked = [missingFiles($, params), lastWords($), warnings(peer, params, nodeNameOf(host, inventory))]
  const said = (await Promise.all(asked.map(lines => lines.catch(() => [])))).flat()
  return said.map(line => shown(line, secrets)).join('\n')
}

async function missingFiles($: RemoteShell, params: Params): Promise<readonly string[]> {
  const { manifests, entries } = readListing((await $`${listing(params)}`.timeout(30)).stdout)
  const types = new Map(entries.map(({ path, type }) => [path, type]))
  const found = namedByManifests(manifests, params).flatMap(({ path, by, whole }) => {
    const type = types.get(path)
    if (type === undefined) return `${path} is not there (${by})`
    return type === 'directory' && !whole ? `${path} is a directory, and no file (${by})` : []
  })
  return [...new Set(found)].slice(0, 10)
}

async function lastWords($: RemoteShell): Promise<readonly string[]> {
  const names = Object.keys(told)
  const { stdout } = await $`for name in ${names}; do
  echo "== $name"
  log=$(ls -t /var/log/pods/kube-system_"$name"-*/"$name"/*.log 2>/dev/null | sed -n 1p) || :
  if [ -n "$log" ]; then tail -n 8 "$log" | cut -c 1-2000
  elif command -v crictl >/dev/null 2>&1; then
    id=$(crictl ps -aq --name "^$name\$" 2>/dev/null | sed -n 1p) || :
    [ -z "$id" ] || crictl logs --tail 8 "$id" 2>&1 | cut -c 1-2000 || :
  elif command -v docker >/dev/null 2>&1; then
    id=$(docker ps -aq -f "label=io.kubernetes.container.name=$name" 2>/dev/null | sed -n 1p) || :
    [ -z "$id" ] || docker logs --tail 8 "$id" 2>&1 | cut -c 1-2000 || :
  fi
done
echo '== kubelet'
journalctl -q -u kubelet -n 60 --no-pager -o cat 2>/dev/null | grep -E '^[EF][0-9]|rror|ailed' | tail -n 3 | cut -c 1-2000 || :`
    .timeout(30)
    .nothrow()
  return stdout
    .split(/^== /m)
    .slice(1)
    .flatMap(section => {
      const [name = '', ...lines] = section.split('\n')
      const count = told[name as keyof typeof told] ?? 3
      return lines
        .map(message)
        .filter(line => line.trim() !== '')
        .slice(-count)
        .map(line => `${name}: ${line}`)
    })
}

/** A line as a container said it, out of what a runtime makes of it: JSON of Docker, or time, stream and a mark. */
export function message(line: string): string {
  if (line.startsWith('{"log":')) {
    try {
      return String((JSON.parse(line) as { readonly log: unknown }).log).trimEnd()
    } catch {
      return line
    }
  }
  return line.replace(/^\d{4}-\S+ (?:stdout|stderr) [FP] /, '')
}

async function warnings(peer: RemoteShell, params: Params, node: string): Promise<readonly string[]> {
  const { stdout } =
    await peer`${kubectlWords(params)} get events -A --field-selector type=Warning --sort-by .lastTimestamp -o ${'jsonpath={range .items[*]}{.involvedObject.name}{": "}{.message}{"\\n"}{end}'}`
      .timeout(30)
      .nothrow()
  const about = stdout.split('\n').filter(line => line.startsWith(`${node}: `) || line.includes(`-${node}: `))
  return [...new Set(about)].slice(-3).map(line => `event of ${line}`)
}

const longest = 400

/** Without what could be a secret: those that are known, tokens, keys, and what is long enough to be one. */
export function shown(line: string, secrets: readonly string[]): string {
  const hidden = secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '…')), line)
  const plain = hidden
    .replace(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, '…')
    .replace(/[A-Za-z0-9+/_-]{40,}={0,2}/g, found => (/^\/?[a-z]+\//.test(found) ? found : '…'))
    .replace(/\p{Cc}|\p{Cf}/gu, ' ')
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain
}
