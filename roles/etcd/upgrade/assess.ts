import { dirname } from 'node:path'
import { assert, computed, type HostView, type InventoryView, type ParamsOf, type PeerFacts, type Task } from 'rota'
import { etcdMembersOf } from '../../lib/cluster/index.ts'
import { parseEnv } from '../kubespray/env.ts'
import { peerUrlsOf, type SeenMembers, seenFacts, seenMembers } from '../kubespray/seen.ts'
import { canBeMadeOut } from '../layouts/kubespray.ts'
import { type Listing, type SeenHost, type Target, upgradeProblems } from './judge.ts'
import { type LookAt, lookFact, lookFrom } from './look.ts'
import type { params } from './params.ts'

export type Params = ParamsOf<typeof params>

/** Some version is asked for. */
export const isAsked = ({ version, imageTag, deployment }: Params): boolean =>
  version !== undefined || (deployment === 'docker' && imageTag !== undefined)

/** The version in a tag of an image: `v3.5.26-0` has one, `latest` has none. */
export const versionInTag = (tag: string): string | undefined => /^v?(\d+\.\d+\.\d+)/.exec(tag)?.[1]

/** What a member shall become; undefined where nothing is asked of it. */
export function targetOf({ version, imageTag }: Params, inContainer: boolean): Target | undefined {
  if (!inContainer) return version === undefined ? undefined : { version: bare(version) }
  const named = version === undefined ? imageTag && versionInTag(imageTag) : bare(version)
  return named === undefined ? undefined : { version: named, ...(imageTag === undefined ? {} : { tag: imageTag }) }
}

const bare = (version: string): string => version.replace(/^v/, '')

/** Where programs of the version are, beside those in use. */
export const lookAt = (params: Params): LookAt => ({
  configDir: params.configDir,
  clientPort: params.clientPort,
  binDir: dirname(params.binary),
  staged: `${params.installDir}/etcd/v${bare(params.version ?? '')}`,
})

/** What every host of the group etcd is asked. */
export const assessFacts = (params: Params) => ({ ...seenFacts, look: lookFact(lookAt(params)) })

export interface Assessed extends Listing {
  readonly hosts: readonly SeenHost[]
  readonly seen: SeenMembers
  readonly target: Target | undefined
}

/** etcd's own when it is told nothing, or 0. */
const defaultQuota = 2 * 1024 ** 3

/** How the members of the group are, and what they shall become. */
export function assess(
  params: Params,
  inventory: InventoryView,
  peers: PeerFacts<ReturnType<typeof assessFacts>>,
): Assessed {
  const seen = seenMembers(peers)
  const group = etcdMembersOf(inventory)
  const hosts = group.map((host): SeenHost => {
    const facts = peers.get(host.name)
    const theirs = seen.members.get(host.name)
    const env = theirs && parseEnv(theirs.files.env)
    const quota = Number((env === undefined ? params.quotaBytes : env.get('ETCD_QUOTA_BACKEND_BYTES')) ?? 0)
    return {
      host,
      look: facts && lookFrom(facts.look.stdout),
      quota: quota > 0 ? quota : defaultQuota,
      container: theirs?.container ?? false,
      v2: env?.get('ETCD_ENABLE_V2')?.toLowerCase() === 'true',
    }
  })
  return {
    ...{ hosts, seen, peerPort: params.peerPort },
    peerUrls: peerUrlsOf(group, inventory, seen, params.peerPort),
    target: targetOf(
      params,
      [...seen.members.values()].some(({ container }) => container),
    ),
  }
}

/** Found out of all members before anything is done to any, all of it at once. */
export const mayGo = (params: Params, assessed: Assessed): Task => {
  const { seen, target } = assessed
  if (seen.unclear.length > 0) return canBeMadeOut(seen)
  const problems = target === undefined ? [] : upgradeProblems(assessed, target, params.kubeVersion)
  return assert({
    that: `etcd can go to ${target?.version}`,
    holds: computed({}, () => (problems.length === 0 ? undefined : problems.join('; '))),
  })
}

export const lookOf = (assessed: Assessed, { name }: HostView) =>
  assessed.hosts.find(({ host }) => host.name === name)?.look
