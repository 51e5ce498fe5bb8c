import { type FactValues, facts, type HostView, type InventoryView, type PathFact, type PeerFacts } from 'rota'
import { cluster } from '../../lib/cluster/cluster.ts'
import { etcdAccessAddressOf, etcdMembersOf, httpsUrl } from '../../lib/cluster/index.ts'
import { parseEnv } from './env.ts'
import { envPath, unitPath } from './paths.ts'

const listCertificates = `ca=$(sed -n 's/^ETCD_TRUSTED_CA_FILE=//p' ${envPath} 2>/dev/null | tail -n 1)
[ -n "$ca" ] && LC_ALL=C ls "$(dirname "$ca")" 2>/dev/null || :`

/** What a host shows of an etcd that kubespray has made there. */
export const seenFacts = {
  env: facts.path({ path: envPath, content: true }),
  unit: facts.path({ path: unitPath, content: true }),
  certificates: facts.command({ run: ['sh', '-c', listCertificates] }),
  events: facts.path({ path: '/etc/systemd/system/etcd-events.service' }),
}

export type SeenFacts = typeof seenFacts

/** A member in kubespray's layout, as its host has it. */
export interface TheirMember {
  /** `etcd1`. */
  readonly name: string
  readonly dataDir: string
  /** `/etc/ssl/etcd/ssl`. */
  readonly certificatesDir: string
  /** Its certificate's file is called `member-THIS.pem`: the host's name in kubespray's inventory. */
  readonly certificateName: string
  readonly peerUrl: string
  /** Where `etcd` and `etcdctl` are. */
  readonly binDir: string
  /** It runs in a container, which its unit starts through a script called `etcd`. */
  readonly container: boolean
  /** It has a member of the cluster for events beside it. */
  readonly events: boolean
  readonly files: { readonly env: string; readonly unit: string }
  /** Names of the files in `certificatesDir`. */
  readonly certificates: readonly string[]
}

/**
 * The etcd of a host: kubespray's, none in this layout, or one that has its files and can't be made out. A host may say
 * what it likes: names and paths that go into commands and removals are nothing but plain ones.
 */
export function memberIn(seen: FactValues<SeenFacts>): TheirMember | 'none' | { readonly unclear: string } {
  const unit = textOf(seen.unit)
  const text = textOf(seen.env)
  if (!/^EnvironmentFile=-?\/etc\/etcd\.env$/m.test(unit) || text === '') return 'none'
  const env = parseEnv(text)
  const [, certificatesDir = '', certificateName = ''] =
    /^(\/.+)\/member-([\w.-]+)\.pem$/.exec(env.get('ETCD_CERT_FILE') ?? '') ?? []
  const [, binDir = ''] = /^ExecStart=(\/\S+)\/etcd(?:\s|$)/m.exec(unit) ?? []
  const member = {
    name: env.get('ETCD_NAME') ?? '',
    dataDir: env.get('ETCD_DATA_DIR') ?? '',
    certificatesDir,
    certificateName,
    peerUrl: env.get('ETCD_INITIAL_ADVERTISE_PEER_URLS') ?? '',
    binDir,
    container: /^ExecStop=\S+\/docker stop /m.test(unit),
    events: seen.events.type === 'file',
    files: { env: text, unit },
    certificates: seen.certificates.stdout.split('\n').filter(name => /^[\w.-]+\.pem$/.test(name)),
  }
  const wrong = [
    ...(/^[\w.-]+$/.test(member.name) ? [] : ['ETCD_NAME']),
    ...(isPlainPath(member.dataDir) ? [] : ['ETCD_DATA_DIR']),
    ...(isPlainPath(certificatesDir) ? [] : ['ETCD_CERT_FILE']),
    ...(/^https:\/\/[\w.:[\]-]+$/.test(member.peerUrl) ? [] : ['ETCD_INITIAL_ADVERTISE_PEER_URLS']),
  ]
  if (wrong.length > 0) return { unclear: `${wrong.join(', ')} in ${envPath} is not as kubespray writes it` }
  return isPlainPath(binDir) ? member : { unclear: `ExecStart in ${unitPath} is not as kubespray writes it` }
}

const isPlainPath = (path: string): boolean =>
  /^(\/[\w.-]+)+$/.test(path) && path.split('/').every(part => part !== '.' && part !== '..')

const textOf = (fact: PathFact): string => Buffer.from(facts.bytesOf(fact) ?? new Uint8Array()).toString()

/** The members of all hosts in this layout, by the name of the host, and what could not be made out. */
export interface SeenMembers {
  readonly members: ReadonlyMap<string, TheirMember>
  /** `m1: ETCD_NAME in …`. */
  readonly unclear: readonly string[]
  /** Hosts that could not be asked. */
  readonly unread: readonly string[]
}

export function seenMembers(peers: PeerFacts<SeenFacts>): SeenMembers {
  const members = new Map<string, TheirMember>()
  const unclear: string[] = []
  const unread: string[] = []
  for (const [host, values] of peers) {
    if (values === undefined) unread.push(host)
    const seen = values === undefined ? 'none' : memberIn(values)
    if (seen === 'none') continue
    if ('unclear' in seen) unclear.push(`${host}: ${seen.unclear}`)
    else members.set(host, seen)
  }
  return { members, unclear, unread }
}

/** A member that the cluster shall have. */
export interface PlannedMember {
  readonly host: HostView
  readonly name: string
  readonly peerUrl: string
}

/**
 * The members that the cluster shall have, in inventory order. One that is there has its own name; a new one has
 * kubespray's for it (`etcd_member_name`, or `etcd` and its place in the group), or the next that is free.
 */
export function plannedMembers(
  inventory: InventoryView,
  leaving: readonly string[] | string,
  { members }: Pick<SeenMembers, 'members'>,
  peerPort: number,
): readonly PlannedMember[] {
  const all = etcdMembersOf(inventory)
  const taken = new Set([...members.values()].map(({ name }) => name))
  const names = new Map<string, string>()
  for (const [index, host] of all.entries()) {
    const present = members.get(host.name)?.name
    const said = inventory.cluster(cluster, host).etcdMemberName
    const name = present ?? said ?? firstFree(taken, index + 1)
    taken.add(name)
    names.set(host.name, name)
  }
  return etcdMembersOf(inventory, leaving).map(host => ({
    host,
    name: names.get(host.name) ?? host.name,
    peerUrl: members.get(host.name)?.peerUrl ?? httpsUrl(host.address, peerPort),
  }))
}

function firstFree(taken: ReadonlySet<string>, from: number): string {
  for (let number = from; ; number += 1) if (!taken.has(`etcd${number}`)) return `etcd${number}`
}

/**
 * Peer URLs of hosts by their names: what a host has written down; of one that has not, or can't be asked, where
 * kubespray has members reach each other.
 */
export const peerUrlsOf = (
  hosts: readonly HostView[],
  inventory: InventoryView,
  { members }: Pick<SeenMembers, 'members'>,
  peerPort: number,
): ReadonlyMap<string, string> =>
  new Map(
    hosts.map(host => [
      host.name,
      members.get(host.name)?.peerUrl ?? httpsUrl(etcdAccessAddressOf(host, inventory), peerPort),
    ]),
  )
