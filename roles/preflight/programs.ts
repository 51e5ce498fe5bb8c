import { type Check, type Finding, facts, hostCheck, messageOf, quote } from 'rota'
import { machineFact, machineFrom, type Wants } from '../kube-binaries/lacking.ts'
import { alreadyThere, ownProgramsFact } from '../kube-binaries/own-programs.ts'
import { binDirOf } from '../kube-binaries/paths.ts'
import { kubeSource, urlsOf } from '../kube-binaries/places.ts'
import { providePrograms } from '../kube-binaries/provide.ts'
import { namesOf, proxiesOf } from '../kube-binaries/role.ts'
import { withV } from '../lib/cluster/index.ts'
import { list } from './list.ts'
import type { Params } from './params.ts'

/**
 * The programs of the new version are on the host, on the control machine, or to be had by whoever fetches them. They
 * are asked for, and nothing is fetched.
 */
export const programsAreToBeHad = (params: Params): Check =>
  hostCheck({
    name: 'programs',
    facts: {
      own: ownProgramsFact(params, params.method === 'kubeadm' ? namesOf(params) : []),
      machine: machineFact(namesOf(params).map(name => pathOf(params, name))),
      reach: reachFact(params),
    },
    beside: ({ own, machine }) => lookFor(params, own.stdout, machine.stdout),
    verdict: ({ reach }, seen) => judgePrograms(params, seen, reach.stdout),
  })

/** What was found from the control machine. */
export interface Seen {
  /** Programs that the host does not have in the wanted version. */
  readonly needed: readonly string[]
  /** Those among them that it would fetch itself. */
  readonly byHost: readonly string[]
  readonly notes: readonly string[]
  /** Why some of them can't be had. */
  readonly wrong?: string
}

async function lookFor(params: Params, own: string, stdout: string): Promise<Seen> {
  const machine = machineFrom(stdout)
  const there = params.method === 'kubeadm' ? alreadyThere({ stdout: own }, params.kubeVersion) : new Set<string>()
  const needed = namesOf(params).filter(name => !there.has(name))
  if (machine === undefined || needed.length === 0) return { needed, byHost: [], notes: [] }
  const want: Wants = { host: 'this host', machine, names: needed }
  const notes: string[] = []
  const { source: cache, from, httpProxy, httpsProxy, noProxy } = params
  try {
    const { wayOf } = await providePrograms({
      source: kubeSource(params),
      cache,
      from,
      wants: [want],
      pathOf: name => pathOf(params, name),
      proxies: { httpProxy, httpsProxy, noProxy },
      check: true,
      say: text => notes.push(text),
      progress: () => {},
    })
    const ways = needed.map(name => ({ name, kind: wayOf('this host', name)?.kind }))
    return {
      needed: ways.filter(({ kind }) => kind !== 'there').map(({ name }) => name),
      byHost: ways.filter(({ kind }) => kind === 'host').map(({ name }) => name),
      notes,
    }
  } catch (error) {
    return { needed, byHost: [], notes, wrong: messageOf(error) }
  }
}

/** Whether the host reaches what it is to fetch, by the proxy that it will fetch it by. */
export const reachFact = (params: Params) =>
  facts.command(
    params.from === 'host' ? { run: reachText(params), env: proxiesOf(params), timeout: 60 } : { run: 'true' },
  )

/** Names of programs, each with why the host can't have it, where it is the one to fetch it; empty: it can. */
const reachText = (params: Params): string => `arch=$(uname -m)
case $arch in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; armv7l) arch=arm ;; esac
${namesOf(params)
  .map(name => {
    const urls = urlsOf(params, { name, arch: '@ARCH@' }).map(url => url.split('@ARCH@').map(quote).join('"$arch"'))
    return `for url in ${urls.join(' ')}; do
  said=$(curl -gfsSIL --connect-timeout 10 --max-time 20 -o /dev/null -- "$url" 2>&1) && said= && break
done
command -v curl >/dev/null || said=
printf '%s\\t%s\\n' ${quote(name)} "$said"`
  })
  .join('\n')}`

export function judgePrograms(params: Pick<Params, 'kubeVersion'>, seen: Seen, reach: string): Finding {
  const version = withV(params.kubeVersion)
  const expected = `those of ${version} on the host, in kube_bin_cache for its machine, or to be fetched`
  if (seen.wrong !== undefined) return { ok: false, expected, saw: seen.wrong }
  const said = new Map(
    reach.split('\n').map(line => {
      const [name = '', why] = line.split('\t')
      return [name, why] as const
    }),
  )
  const unreached = seen.byHost.flatMap(name => {
    const why = said.get(name) ?? 'no answer in a minute'
    return why === '' ? [] : [`${name}: the host can not fetch it: ${why}`]
  })
  if (unreached.length > 0) return { ok: false, expected, saw: list(unreached) }
  if (seen.needed.length === 0) return { ok: true, expected, saw: `${version} here already` }
  return {
    ok: true,
    expected,
    saw: list(seen.notes.length > 0 ? seen.notes : [`${seen.needed.join(', ')} to be brought`]),
  }
}

const pathOf = (params: Params, name: string): string => `${binDirOf(params)}/${name}`
