import type { HostView } from 'rota'
import { isOlder } from '../../control-plane/kubeadm/skew.ts'
import { atLeast, minorOf } from '../../lib/version.ts'
import { isMemberOf, type PeersAt } from '../config.ts'
import type { Member } from '../etcdctl.ts'
import type { Look } from './look.ts'

/** What an upgrade goes to. */
export interface Target {
  /** Without its `v`. */
  readonly version: string
  /** Tag of the image, where the members are containers. */
  readonly tag?: string
}

/** A host of the group etcd. */
export interface SeenHost {
  readonly host: HostView
  /** Undefined: it can't be asked. */
  readonly look: Look | undefined
  /** Bytes that its database may have. */
  readonly quota: number
  /** It serves etcd's API of old, too (`ETCD_ENABLE_V2`). */
  readonly v2: boolean
  /** Its member is a container, which a script starts. */
  readonly container: boolean
}

/**
 * Why a member is not at the target; nothing where it is. One that is down, and not for an upgrade, is none of its
 * business.
 */
export function lacks(look: Look, target: Target): readonly string[] {
  const { status, image, programs, kept } = look
  if (status === undefined && kept === undefined) return []
  const program = programs.get('etcd')
  const other = (name: string): readonly string[] => {
    const version = programs.get(name)
    return version === undefined || version === target.version ? [] : [`${name} is ${version}`]
  }
  return [
    ...(status === undefined ? ['it does not answer'] : []),
    ...(status === undefined || status.version === target.version ? [] : [`${status.version} runs`]),
    ...(image === undefined
      ? program === undefined || program === target.version || program === status?.version
        ? []
        : [`its program is ${program}`]
      : imageAt(image, target) === image
        ? []
        : [`its image is ${image}`]),
    ...other('etcdctl'),
    ...other('etcdutl'),
    ...(kept === undefined ? [] : ['an upgrade is half-way']),
  ]
}

/** The image with the tag of the target. */
export const imageAt = (image: string, { version, tag = `v${version}` }: Target): string =>
  image.replace(/:[\w.-]+$/, `:${tag}`)

/** Whose host a member is of, as the others list it. */
export interface Listing extends PeersAt {
  readonly hosts: readonly SeenHost[]
}

/** The members of all hosts, as whoever answers lists them. */
export const listed = ({ hosts }: Listing): readonly Member[] =>
  hosts.map(({ look }) => look?.members ?? []).find(members => members.length > 0) ?? []

/** Hosts that have a member: one that is to become one has nothing to be upgraded yet. */
export function membersAmong(all: Listing): readonly SeenHost[] {
  const members = listed(all)
  return all.hosts.filter(
    ({ host, look }) =>
      look === undefined || look.status !== undefined || look.kept !== undefined || members.some(isMemberOf(host, all)),
  )
}

/**
 * Why etcd can't go to the target, all of it, or nothing. One minor version at a time, and never back: etcd's "Upgrade
 * policy". To 3.6 from 3.5.26 on: older ones may have members in their store that were removed long ago, and 3.6 takes
 * them for living ones. Source: etcd's blog, "Avoiding Zombie Cluster Members When Upgrading to etcd v3.6" (2025);
 * kubespray#12634 asks for the same.
 */
export function upgradeProblems(all: Listing, target: Target, kubeVersion?: string): readonly string[] {
  const members = membersAmong(all)
  if (!members.some(({ look }) => look !== undefined && lacks(look, target).length > 0)) return []
  const halfWay = members.filter(({ look }) => look?.kept && !isWell(look))
  return [
    ...members.flatMap(({ host, look }) => (look === undefined ? [`${host.name} can't be asked`] : [])),
    ...members.flatMap(({ host, look }) =>
      look === undefined || isWell(look) || (halfWay.length === 1 && halfWay[0]?.look === look)
        ? []
        : [`the member of ${host.name} is not healthy: bring it back first`],
    ),
    ...members.flatMap(({ host, look, container }) =>
      container && look !== undefined && look.image === undefined
        ? [`the script that starts etcd on ${host.name} names no image, as kubespray's does`]
        : [],
    ),
    ...alarmProblems(members),
    ...members.flatMap(({ host, look, quota }) =>
      (look?.status?.dbSize ?? 0) > quota
        ? [
            `the database of ${host.name} has ${look?.status?.dbSize} bytes, and may have ${quota} (etcd_quota_backend_bytes): defragment it, or raise that`,
          ]
        : [],
    ),
    ...strangerProblems(all),
    ...versionProblems(members, target),
    ...minimumProblem(target, kubeVersion),
  ]
}

const isWell = ({ healthy, status }: Look): boolean => healthy || status?.learner === true

const alarmProblems = (members: readonly SeenHost[]): readonly string[] =>
  [...new Set(members.flatMap(({ look }) => look?.alarms ?? []))].map(alarm =>
    alarm === 'NOSPACE'
      ? 'etcd has the alarm NOSPACE, and takes no writes: compact and defragment it, then etcdctl alarm disarm'
      : `etcd has the alarm ${alarm}: see to it, then etcdctl alarm disarm`,
  )

function strangerProblems(all: Listing): readonly string[] {
  return listed(all)
    .filter(member => !all.hosts.some(({ host }) => isMemberOf(host, all)(member)))
    .map(
      ({ id, name, peerUrls }) =>
        `${name || `the member ${id}`} (${peerUrls.join(', ')}) is of no host of the group etcd: nobody would upgrade it: put its host there, or take it out of the cluster`,
    )
}

function versionProblems(members: readonly SeenHost[], { version: target }: Target): readonly string[] {
  const running = members.flatMap(({ host, look }) => {
    const version = look?.status?.version
    return version === undefined ? [] : [{ host: host.name, version }]
  })
  const [lowest, ...rest] = [...running].sort(byAge)
  const highest = rest.at(-1)
  return [
    ...running.flatMap(({ host, version }) => {
      const problem = jumpProblem(version, target)
      return problem === undefined ? [] : [`${host} has ${version}: ${problem}`]
    }),
    ...(lowest && highest && distance(lowest.version, highest.version) > 1
      ? [`${lowest.host} has ${lowest.version} and ${highest.host} ${highest.version}: more than a minor version apart`]
      : []),
    ...(atLeast(target, '3.6') && members.some(({ v2 }) => v2)
      ? [
          `${members
            .filter(({ v2 }) => v2)
            .map(({ host }) => host.name)
            .join(
              ', ',
            )}: ETCD_ENABLE_V2 is true, and 3.6 does not start on what that API has written: turn it off first, as kubespray does`,
        ]
      : []),
  ]
}

const byAge = (a: { readonly version: string }, b: { readonly version: string }): number =>
  Number(isOlder(b.version, a.version)) - Number(isOlder(a.version, b.version))

/** Minor versions from one to another; what has another major one is far away. */
function distance(from: string, to: string): number {
  const [[major, minor], [otherMajor, otherMinor]] = [minorOf(from), minorOf(to)]
  return major === otherMajor ? otherMinor - minor : Number.POSITIVE_INFINITY
}

export function jumpProblem(from: string, to: string): string | undefined {
  if (isOlder(to, from)) return `etcd does not go back to ${to}`
  const [major, minor] = minorOf(from)
  if (distance(from, to) > 1)
    return `a minor version is left out on the way to ${to}: go to ${major}.${minor + 1} first`
  if (minorOf(from).join('.') === '3.5' && atLeast(to, '3.6') && isOlder(from, '3.5.26'))
    return `to ${to} it goes from 3.5.26 or newer: go there first`
  return undefined
}

/**
 * The oldest etcd that Kubernetes takes of others, by its minor version. Source: `MinExternalEtcdVersion` in kubeadm's
 * constants.go (kubernetes#118733).
 */
const minimums = [
  ['1.35', '3.5.24'],
  ['1.28', '3.4.13'],
  ['1.0', '3.2.18'],
] as const

function minimumProblem({ version }: Target, kubeVersion: string | undefined): readonly string[] {
  if (kubeVersion === undefined) return []
  const [, minimum = '0.0.0'] = minimums.find(([minor]) => atLeast(kubeVersion, minor)) ?? []
  return isOlder(version, minimum) ? [`Kubernetes ${kubeVersion} wants etcd ${minimum} or newer`] : []
}

/** Entries of the log that a member may be behind the others while everybody writes. */
const lag = 1000

/** What is wrong with a member, beside one that has written so much. */
export function illness({ host: { name }, look }: SeenHost, newest: number): string | undefined {
  const { status, healthy } = look ?? {}
  // A learner is not asked for what needs the quorum.
  if (status === undefined || !(healthy || status.learner)) return `${name} is not healthy`
  if (status.errors.length > 0) return `${name} says ${JSON.stringify(status.errors[0])}`
  return newest - status.applied > lag ? `${name} is ${newest - status.applied} entries behind` : undefined
}

export const newestIn = (members: readonly SeenHost[]): number =>
  Math.max(0, ...members.map(({ look }) => look?.status?.raftIndex ?? 0))

/** What keeps these members from being one cluster in good health, of which any may be taken away for a moment. */
export function unrest(members: readonly SeenHost[]): readonly string[] {
  const newest = newestIn(members)
  const leaders = new Set(members.flatMap(({ look }) => look?.status?.leader ?? []))
  return [
    ...members.flatMap(member => {
      const ill = illness(member, newest)
      if (ill !== undefined) return [ill]
      return member.look?.status?.learner ? [`${member.host.name} is a learner`] : []
    }),
    ...(leaders.size > 1 ? ['they do not agree upon their leader'] : []),
    ...alarmProblems(members),
  ]
}
