import { type Check, type Finding, facts, type HostView, quote, sharedCheck } from 'rota'
import { isMemberOf, type PeersAt } from '../etcd/config.ts'
import { type EtcdAt, etcdctl, type Member, parseMembers } from '../etcd/etcdctl.ts'
import { list } from './list.ts'

/** Percent of its quota that a database may have before that is told, and before it is refused. */
const [muchOfQuota, tooMuchOfQuota] = [80, 95]
/** etcd's own, where nobody sets one. */
const defaultQuota = 2 * 1024 ** 3

export interface MembersAt extends EtcdAt, PeersAt {
  /** Hosts that may have a member and are looked at: a member that is down on one of them goes first, and is mended. */
  readonly hosts: readonly HostView[]
  /** Names of those that leave. */
  readonly leaving: readonly string[]
}

/**
 * etcd's members can do without the one that is about to leave or to restart, take what is written, and are all
 * voters. Whoever answers is asked for all of them.
 */
export const membersAreEnough = (at: MembersAt): Check =>
  sharedCheck({
    name: 'etcd members',
    facts: { members: facts.command({ run: membersText(at), timeout: 40 }) },
    read: ({ members }) => readMembers(members.stdout),
    verdict: seen => judgeMembers(at, [...seen.values()]),
  })

const membersText = (at: MembersAt): string => {
  const ask = (...words: readonly string[]) =>
    etcdctl(at, ...words)
      .map(quote)
      .join(' ')
  return `members=$(${ask('member', 'list')} 2>/dev/null) || exit 0
printf '%s\\n' "$members" | sed 's/^/member /'
printf 'status %s\\n' "$(${ask('endpoint', 'status', '--cluster', '-w', 'json')} 2>/dev/null | tr -d '\\n')"
${ask('alarm', 'list')} 2>/dev/null | sed 's/^/alarm /'
for p in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$p/comm" || continue
  [ "$name" = etcd ] || continue
  { tr '\\0' '\\n' <"$p/environ"; tr '\\0' '\\n' <"$p/cmdline"; } 2>/dev/null |
    sed -n -e 's/^ETCD_QUOTA_BACKEND_BYTES=/quota /p' -e 's/^--quota-backend-bytes=/quota /p'
done
:`
}

export interface SeenMember {
  readonly version: string
  /** Bytes. */
  readonly size: number
  /** It knows a leader, so that what it says is agreed upon. */
  readonly led: boolean
}

export interface SeenCluster {
  readonly members: readonly Member[]
  /** Those that answer, by their ids (hexadecimal). */
  readonly answering: ReadonlyMap<string, SeenMember>
  /** `NOSPACE`, `CORRUPT`. */
  readonly alarms: readonly string[]
  /** Bytes. */
  readonly quota: number
}

/** What one host says of all members; undefined where it has none that answers. */
export function readMembers(stdout: string): SeenCluster | undefined {
  const linesOf = (word: string) =>
    stdout.split('\n').flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const members = parseMembers(linesOf('member').join('\n'))
  if (members.length === 0) return undefined
  const quota = Number(linesOf('quota').at(-1) ?? 0)
  return {
    members,
    answering: answeringIn(linesOf('status')[0] ?? ''),
    alarms: [...new Set(linesOf('alarm').flatMap(line => /alarm:([A-Z]+) *$/.exec(line)?.[1] ?? []))],
    quota: Number.isSafeInteger(quota) && quota > 0 ? quota : defaultQuota,
  }
}

/** Numbers of members are larger than JavaScript's: they are made texts before they are read. */
function answeringIn(json: string): ReadonlyMap<string, SeenMember> {
  try {
    const found = JSON.parse(json.replace(/"(member_id|leader)":(\d+)/g, '"$1":"$2"')) as readonly {
      readonly Status: {
        readonly header: { readonly member_id: string }
        readonly version: string
        readonly dbSize?: number
        readonly leader?: string
      }
    }[]
    return new Map(
      found.map(({ Status: { header, version, dbSize, leader } }) => [
        BigInt(header.member_id).toString(16),
        {
          version: /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? 'a version that is none',
          size: Number(dbSize ?? 0),
          led: leader !== undefined && leader !== '0',
        },
      ]),
    )
  } catch {
    return new Map()
  }
}

export function judgeMembers(at: MembersAt, answers: readonly (SeenCluster | undefined)[]): Finding {
  const expected = 'members that can do without the one that changes'
  const known = answers.flatMap(answer => answer ?? [])
  // One that knows a leader tells more than one that has lost the others.
  const seen = known.find(({ answering }) => [...answering.values()].some(({ led }) => led)) ?? known[0]
  if (seen === undefined)
    return { ok: true, expected, saw: 'no member answers: none is here yet, or the run is to mend it' }
  const { members, answering, alarms, quota } = seen
  const isUp = ({ id }: Member) => answering.get(id)?.led === true
  const hostOf = (member: Member) => at.hosts.find(host => isMemberOf(host, at)(member))
  const nameOf = (member: Member) => hostOf(member)?.name ?? (member.name || member.peerUrls[0] || member.id)
  const namesOf = (some: readonly Member[]) => list(some.map(nameOf))
  const leaves = (member: Member) => at.leaving.includes(hostOf(member)?.name ?? '')
  const voters = members.filter(({ learner }) => !learner)
  const stay = voters.filter(member => !leaves(member))
  const down = stay.filter(member => !isUp(member))
  const lost = down.filter(member => hostOf(member) === undefined)
  const needed = (count: number) => Math.floor(count / 2) + 1
  const is = (some: readonly unknown[]) => (some.length > 1 ? 'are' : 'is')
  const sizes = [...answering].flatMap(([id, { size }]) => {
    const member = members.find(each => each.id === id)
    return member === undefined ? [] : [{ who: nameOf(member), percent: Math.floor((size / quota) * 100) }]
  })
  const full = sizes.filter(({ percent }) => percent >= tooMuchOfQuota)
  const filling = sizes.filter(({ percent }) => percent >= muchOfQuota && percent < tooMuchOfQuota)
  const shares = (some: typeof sizes) => list(some.map(({ who, percent }) => `${who} ${percent} %`))
  const versions = [...new Set([...answering.values()].map(({ version }) => version))]
  const makeRoom = 'compact and defragment it (etcdctl compact, etcdctl defrag), or give it a larger quota'
  const learners = members.filter(({ learner }) => learner)
  const wrong = [
    ...(at.leaving.length > 0 && stay.length < voters.length && stay.length - down.length < needed(stay.length)
      ? [
          `without ${at.leaving.join(', ')} etcd would have ${stay.length} voters, of which ${needed(stay.length)} must answer, and ${namesOf(down)} ${is(down)} down: bring ${down.length > 1 ? 'them' : 'it'} back first`,
        ]
      : lost.length > 0 && stay.length - down.length - 1 < needed(voters.length)
        ? [
            `${namesOf(lost)} ${is(lost)} down, on no host of this run: of ${voters.length} voters ${needed(voters.length)} must answer, so no other may restart; bring it back, or remove the member (etcdctl member remove)`,
          ]
        : []),
    ...(alarms.includes('NOSPACE')
      ? [`the alarm NOSPACE is on, and nothing can be written: ${makeRoom}, then etcdctl alarm disarm`]
      : []),
    ...alarms.filter(alarm => alarm !== 'NOSPACE').map(alarm => `the alarm ${alarm} is on: see to that member first`),
    ...(full.length > 0 ? [`the database has almost reached its quota (${shares(full)}): ${makeRoom}`] : []),
  ]
  const warnings = [
    ...(down.length > 0 && wrong.length === 0
      ? [
          `${namesOf(down)} ${is(down)} down: ${lost.length > 0 ? 'nobody mends it here' : 'it goes first, and the others wait until it is back'}`,
        ]
      : []),
    ...(learners.length > 0
      ? [
          `${namesOf(learners)} ${is(learners)} a learner, which has no vote: whoever left it so goes on (upgrade.mjs), or it is removed (etcdctl member remove)`,
        ]
      : []),
    ...(filling.length > 0 ? [`the database fills its quota (${shares(filling)}): ${makeRoom}`] : []),
    ...(versions.length > 1
      ? [`the members run ${versions.join(' and ')}: an upgrade of etcd has not come to its end`]
      : []),
  ]
  const more = warnings.length === 0 ? {} : { warnings }
  if (wrong.length > 0) return { ok: false, expected, saw: wrong.join('; '), ...more }
  const saw = `${voters.filter(isUp).length} of ${voters.length} voters answer (${versions.join(', ')})`
  return { ok: true, expected, saw, ...more }
}
