import { createHash } from 'node:crypto'
import { type HostView, type InventoryView, type RemoteShell, type StepContext, sh } from 'rota'
import { cluster, haveSameRuntime, nodeNameOf } from '../../../lib/cluster/cluster.ts'
import type { Params } from '../../daemons/daemons.ts'
import { writeBeside } from '../../write-beside.ts'
import { unitMark } from '../kubelet.ts'
import { type At, isWithin, kubeletFiles, listing, patchesOf } from './listing.ts'
import { namedByConfig } from './named.ts'
import { foreignNodeAddresses, type OwnValues, withOwnValues } from './own-values.ts'
import { type Lacking, neighbourOf, type Wanted } from './wanted.ts'

/** What a host has at a path. */
export interface Own {
  readonly type: string
  readonly sha256?: string | undefined
  /** A unit that the role has written. */
  readonly ours?: boolean
}

export type BringParams = At & Pick<Params, 'encryptionConfig'>

/** Paths that the role writes itself. */
export const madeHere = ({
  kubeConfigDir,
  encryptionConfig,
}: Pick<Params, 'kubeConfigDir'> & Partial<Pick<Params, 'encryptionConfig'>>): readonly string[] =>
  encryptionConfig === undefined ? [] : [`${kubeConfigDir}/encryption.yaml`]

/** What is still to be copied. */
export const missingOf = (wanted: readonly Wanted[], own: ReadonlyMap<string, Own>): readonly Wanted[] =>
  wanted.filter(({ entry, how }) => {
    const there = own.get(entry.real)
    if (there === undefined || there.type !== entry.type || there.ours === true) return true
    return entry.type === 'file' && how === 'same' && there.sha256 !== entry.sha256
  })

/** Why the host would never serve: nothing of it can be copied, and it has none itself. */
export const problemOf = (
  { name }: Pick<HostView, 'name'>,
  lacking: readonly Lacking[],
  own: ReadonlyMap<string, Own>,
): string | undefined => {
  const left = lacking.filter(({ path }) => !own.has(path))
  return left.length === 0
    ? undefined
    : `${left.map(({ path, reason }) => `${path} ${reason}`).join('; ')}: put ${left.length === 1 ? 'it' : 'each'} on this host first, as ${name} has it`
}

/**
 * Copies what a master has that is neither kubeadm's nor this role's, and that this host lacks. It goes from host to
 * host through this process alone: read as the output of a command, written from the input of one, never in a list of
 * arguments or a file of this machine. `config` is the ClusterConfiguration, where it is known. `only`: a worker has
 * no pods of a master, and another worker may be who is asked. Files of a kubelet with another container runtime stay
 * where they are.
 */
export async function bringFiles(
  { $, on, host, inventory }: Pick<StepContext, '$' | 'on' | 'host' | 'inventory'>,
  params: BringParams,
  from: HostView,
  { config, only }: { readonly config?: string | undefined; readonly only?: 'kubelet' } = {},
): Promise<{ readonly brought: readonly string[]; readonly patches: boolean }> {
  const peer = on(from.name)
  const more = config === undefined ? [] : namedByConfig(config, params).map(({ path }) => path)
  const seen = (await peer`${listing(params, more)}`).stdout
  const made = madeHere(params)
  const { wanted, lacking } = neighbourOf(seen, params, {
    made,
    ...(config === undefined ? {} : { config }),
    ...onlyWhat(haveSameRuntime(from, host, inventory), only),
  })
  const paths = [...wanted.map(({ entry }) => entry.real), ...lacking.map(({ path }) => path)]
  const own = paths.length === 0 ? new Map<string, Own>() : await ownOf($, params, paths)
  const problem = problemOf(from, lacking, own)
  if (problem !== undefined) throw new Error(problem)
  const missing = missingOf(wanted, own)
  const values = [from, host].map(view => valuesOf(view, inventory)) as [OwnValues, OwnValues]
  for (const item of missing) await copy({ $, peer }, item, params, values)
  await startUnits($, params, missing)
  return {
    brought: missing.flatMap(({ entry }) => (entry.type === 'file' ? entry.real : [])),
    patches: wanted.some(({ entry }) => isWithin(entry.path, patchesOf(params)) && entry.type === 'file'),
  }
}

/** What of a neighbour is of use to a host. */
export const onlyWhat = (sameRuntime: boolean, only?: 'kubelet'): { readonly only?: 'kubelet' | 'pods' } =>
  only === undefined ? (sameRuntime ? {} : { only: 'pods' }) : { only }

const valuesOf = (view: HostView, inventory: InventoryView): OwnValues => ({
  ip: view.ip,
  address: view.address,
  second: inventory.cluster(cluster, view).secondAddress,
  node: nodeNameOf(view, inventory),
})

async function ownOf($: RemoteShell, params: At, paths: readonly string[]): Promise<ReadonlyMap<string, Own>> {
  const said = await $`for path in ${paths}; do
  if [ -f "$path" ]; then printf 'file %s %s\\n' "$(sha256sum <"$path" | cut -d' ' -f1)" "$path"
  elif [ -d "$path" ]; then printf 'directory - %s\\n' "$path"
  elif [ -e "$path" ]; then printf 'other - %s\\n' "$path"; fi
done
[ "$(head -n 1 ${kubeletFiles(params).unit} 2>/dev/null)" != ${unitMark} ] || echo ours`.text()
  const lines = said.split('\n')
  return new Map(
    lines.filter(Boolean).flatMap(line => {
      const [type = '', sha256 = '', path] = line.split(' ')
      if (path === undefined) return []
      const ours = path === kubeletFiles(params).unit && lines.includes('ours')
      return [[path, { type, sha256, ours }] as const]
    }),
  )
}

async function copy(
  { $, peer }: { readonly $: RemoteShell; readonly peer: RemoteShell },
  { entry, how }: Wanted,
  params: At,
  [from, to]: readonly [OwnValues, OwnValues],
): Promise<void> {
  const { real: path, mode, user, group, uid, gid } = entry
  // A name is the same user on both; its number may be another.
  const owned = [`${user}:${group}`, `${uid}:${gid}`] as const
  if (entry.type === 'directory') {
    await $`mkdir -p ${path}
chown ${owned[0]} ${path} 2>/dev/null || chown ${owned[1]} ${path}
chmod ${mode} ${path}`
    return
  }
  const output = await peer`base64 <${path}`.secret()
  const bytes = Buffer.from(output.stdout, 'base64')
  if (createHash('sha256').update(bytes).digest('hex') !== entry.sha256)
    throw new Error(`${path} has changed while it was copied: run again`)
  const files = kubeletFiles(params)
  const edited = how === 'keep' && [files.env, files.config].includes(path)
  const content = edited ? withOwnValues(bytes.toString(), from, to) : bytes
  const foreign = typeof content === 'string' ? foreignNodeAddresses(content, to) : []
  if (foreign.length > 0)
    throw new Error(
      `${path} has --node-ip with ${foreign.join(', ')}, and what this host's is is not known: set ip6 for both hosts, or write the file first`,
    )
  // Docker makes a directory of what a pod mounts and is not there.
  await $`umask 022
mkdir -p ${path.replace(/\/[^/]*$/, '')}
[ ! -d ${path} ] || rmdir ${path}
${writeBeside(
  path,
  sh`chown ${owned[0]} "$new" 2>/dev/null || chown ${owned[1]} "$new"
chmod ${mode} "$new"`,
)}`
    .stdin(content)
    .secret()
}

async function startUnits($: RemoteShell, params: At, missing: readonly Wanted[]): Promise<void> {
  const { unit, dropIns, renewService, renewTimer } = kubeletFiles(params)
  const paths = missing.map(({ entry }) => entry.real)
  if (!paths.some(path => [unit, renewService, renewTimer].includes(path) || isWithin(path, dropIns))) return
  await $`systemctl daemon-reload`
  if (paths.includes(renewTimer)) await $`systemctl enable --now -q k8s-certs-renew.timer`
}
