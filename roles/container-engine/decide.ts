import { isOlder } from '../control-plane/kubeadm/skew.ts'
import { containerdProblem } from '../preflight/runtime.ts'
import type { Asked, Part } from './params.ts'
import type { Had, Package, Seen } from './seen.ts'

/** A part that is to have another version. */
export type Move = {
  readonly part: Part
  readonly from: string
  /** As it was asked for. */
  readonly to: string
} & (
  | { readonly by: 'program' }
  /** `names`: with their versions. */
  | { readonly by: 'package'; readonly names: readonly string[]; readonly held: boolean }
)

export interface Decision {
  readonly moves: readonly Move[]
  /** Why something that is asked for can't be done. */
  readonly problems: readonly string[]
}

/** Parts that run pods: who changes them has the node drained first. The others are tools for people. */
export const isTool = (part: Part): boolean => part === 'crictl' || part === 'nerdctl'

/**
 * What is to be changed of a host's engine, by what it has. What is not there is not brought, and a host without a
 * kubelet is left alone.
 */
export function decide(
  asked: Asked,
  seen: Seen,
  { kubeVersion, binDir }: { readonly kubeVersion?: string | undefined; readonly binDir: string },
): Decision {
  const { engine } = seen
  const wanted = wantedOf(asked, seen)
  if (engine === undefined || wanted.length === 0) return { moves: [], problems: [] }
  const problems: string[] = []
  if (asked.manager !== undefined && asked.manager !== engine)
    problems.push(
      `container_manager is ${asked.manager}, and the kubelet uses ${engine === 'unknown' ? 'something else' : engine}: a node does not go from one engine to another here`,
    )
  const moves: Move[] = []
  for (const { part, to } of wanted) {
    const had = seen.parts[part]
    if (had === undefined) continue
    const found = moveOf(part, to, had, { seen, binDir, downgrade: asked.downgrade })
    if (found === undefined) continue
    if (typeof found === 'string') {
      problems.push(found)
      continue
    }
    moves.push(found)
    if (part !== 'containerd' || engine !== 'containerd') continue
    const versions = [seen.kubelet, kubeVersion].flatMap(version => version ?? [])
    // The one that is there goes on with it until its own turn comes.
    problems.push(...new Set(versions.flatMap(version => containerdProblem(version, to) ?? [])))
  }
  if (moves.some(({ part }) => part === 'containerd') && seen.refused !== undefined)
    problems.push(`containerd does not take ${seen.config} as it is: ${seen.refused}`)
  return { moves, problems }
}

interface Wanted {
  readonly part: Part
  readonly to: string
}

/** As kubespray has it, Docker's containerd has a version of its own. */
export function wantedOf({ versions }: Asked, { engine }: Pick<Seen, 'engine'>): readonly Wanted[] {
  const of = (part: Part, to: string | undefined): readonly Wanted[] => (to === undefined ? [] : [{ part, to }])
  const { containerd, runc, crictl, nerdctl, cni, docker, dockerContainerd } = versions
  const tools = [...of('cni', cni), ...of('crictl', crictl), ...of('nerdctl', nerdctl)]
  if (engine === 'docker') return [...of('docker', docker), ...of('containerd', dockerContainerd), ...tools]
  // runc first: what containerd starts next is started with it.
  return engine === 'containerd' ? [...of('runc', runc), ...of('containerd', containerd), ...tools] : tools
}

function moveOf(
  part: Part,
  to: string,
  { path, version, package: of }: Had,
  { seen, binDir, downgrade }: { readonly seen: Seen; readonly binDir: string; readonly downgrade: boolean },
): Move | string | undefined {
  if (version === undefined) return `${path} does not say which version it is: ${part} ${to} is not put in its place`
  if (isVersion(version, to)) return undefined
  const whole = to.split('.').length < 3 ? `${to}.0` : to
  if (isOlder(whole, version) && !downgrade)
    return `${part} is ${version}, which is newer than ${to}: say -e container_engine_downgrade=true to go back`
  if (of === undefined) {
    const own = part === 'cni' || path === `${binDir}/${part}`
    return own
      ? { part, from: version, to, by: 'program' }
      : `${part} is ${path}, which no package has brought and which is not in ${binDir}: it is somebody else's to upgrade`
  }
  const found = packageVersion(of, to)
  if ('problem' in found) return found.problem
  const names = [of.name, ...besides(of.name, found.version, seen)].map(name => `${name}=${found.version}`)
  return { part, from: version, to, by: 'package', names, held: of.held }
}

/** `28.3` is each of its patches. */
export const isVersion = (version: string, asked: string): boolean => `${version}.`.startsWith(`${asked}.`)

/** Docker's command is another package, of the same version: without it nobody could ask the engine anything. */
function besides(name: string, version: string, { dockerCli }: Seen): readonly string[] {
  if (name === 'docker-ce') return ['docker-ce-cli']
  return name === 'docker.io' && dockerCli.includes(version) ? ['docker-cli'] : []
}

/** The version that the host's package manager has of the one that is asked for. */
function packageVersion(
  { name, manager, offers }: Package,
  to: string,
): { readonly version: string } | { readonly problem: string } {
  if (manager === 'rpm')
    return to.split('.').length === 3
      ? { version: to }
      : { problem: `${name} ${to}: name the whole version, such as ${to}.1` }
  const version = offers.find(offer => isOffered(offer, to))
  if (version !== undefined) return { version }
  const known = [...new Set(offers)].slice(0, 5).join(', ') || 'none'
  return {
    problem: `apt knows no ${name} ${to} (it knows ${known}): add the repository that has it, and run apt-get update`,
  }
}

/** `5:28.3.2-1~debian.12~bookworm` and `1.7.24~ds1-6` by what their makers call them. */
const isOffered = (offer: string, to: string): boolean =>
  isVersion(/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(offer)?.[1] ?? '', to)

/** Why an engine that is asked for has to be restarted, or nothing: it does not run as what it is. */
export function notRunning(asked: Asked, seen: Seen): string | undefined {
  const [own] = wantedOf(asked, seen).filter(({ part }) => part === seen.engine)
  const beside = wantedOf(asked, seen).filter(({ part }) => part === 'containerd')
  return [...(own ? [own] : []), ...beside]
    .flatMap(({ part, to }) => {
      const had = seen.parts[part]
      if (had === undefined) return []
      if (had.runs === undefined) return [`${part} does not run`]
      return isVersion(had.runs, to) ? [] : [`${part} runs as ${had.runs}`]
    })
    .at(0)
}

/** What is on a host, for people. */
export function saidOf({ engine, parts, config, refused }: Seen): string {
  if (engine === undefined) return 'no kubelet here yet'
  const each = Object.entries(parts).map(([part, { version, runs, package: of }]) => {
    const more = [
      ...(of ? [`package ${of.name} ${of.version}${of.held ? ', held' : ''}`] : []),
      ...(runs !== undefined && runs !== version ? [`runs as ${runs}`] : []),
    ]
    return `${part} ${version ?? 'of no version'}${more.length > 0 ? ` (${more.join('; ')})` : ''}`
  })
  const name = engine === 'unknown' ? 'an engine that is not known here' : engine
  return [`the kubelet uses ${name}`, ...each, ...(refused ? [`${config} is refused: ${refused}`] : [])].join(', ')
}
