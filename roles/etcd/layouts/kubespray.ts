import {
  absent,
  assert,
  computed,
  facts,
  lineInFile,
  type Nested,
  type Step,
  service,
  step,
  systemdUnit,
  type Task,
  waitFor,
} from 'rota'
import { etcdMembersOf, mastersOf } from '../../lib/cluster/index.ts'
import { etcdctl } from '../etcdctl.ts'
import { authorityHost } from '../kubespray/certificates.ts'
import { initialMembersIn, withContainerName, withValues } from '../kubespray/env.ts'
import { eventsStay, firstOf, joinTheirs, writeEnv } from '../kubespray/join.ts'
import { envPath, unitPath } from '../kubespray/paths.ts'
import {
  type PlannedMember,
  peerUrlsOf,
  plannedMembers,
  type SeenMembers,
  type TheirMember,
} from '../kubespray/seen.ts'
import { leaveCluster } from '../leave.ts'
import { portsAreFree } from '../nobody-elses.ts'
import { promoteLearner } from '../promote.ts'
import { snapshotsStay } from '../snapshots-stay.ts'
import type { AbsentContext, Layout, LayoutContext } from './layout.ts'

/** The etcd that kubespray has made: its settings, version, certificates and unit are not ours to move. */
export const kubespray: Layout = {
  tasks: context => {
    const { params, host, inventory, seen } = context
    if (seen.unclear.length > 0) return [canBeMadeOut(seen)]
    const planned = plannedMembers(inventory, params.leaving, seen, params.peerPort)
    const self = planned.find(member => member.host.name === host.name)
    if (self === undefined) return []
    // What is listed for one without data is removed: of whoever has written down nothing the addresses alone count.
    const written = etcdMembersOf(inventory).filter(({ name }) => seen.members.has(name))
    const at = { ...params, peerUrls: peerUrlsOf(written, inventory, seen, params.peerPort) }
    const members = planned.map(member => member.host)
    const own = seen.members.get(host.name)
    return [
      own === undefined && mayJoin(context),
      joinTheirs({ ...at, seen, planned: self, hosts: etcdMembersOf(inventory) }),
      own === undefined ? unitOf(self, firstOf(seen)) : knowsMembers(own, planned, seen),
      service({ name: 'etcd', enabled: true, running: true }),
      waitFor({
        check: { run: etcdctl(params, 'endpoint', 'status') },
        timeout: 120,
        title: 'wait until etcd answers',
      }),
      promoteLearner({ ...at, members }),
    ]
  },
  handlers: () => ({}),
  absent: context => {
    const { seen, host } = context
    if (seen.unclear.length > 0) return [canBeMadeOut(seen)]
    const own = seen.members.get(host.name)
    return own === undefined ? [] : leaves(context, own)
  },
}

export const canBeMadeOut = ({ unclear }: SeenMembers): Task =>
  assert({ that: "the etcd of the hosts is in kubespray's layout", holds: computed({}, () => unclear.join('; ')) })

/** Found out before anything is done: a member is made by the authority that the others know, or not at all. */
function mayJoin({ params, host, inventory, seen }: LayoutContext): Nested {
  const needed = ['member', 'admin'].flatMap(kind => [`${kind}-${host.name}.pem`, `${kind}-${host.name}-key.pem`])
  const made = [...seen.members.values()].some(member => needed.every(name => member.certificates.includes(name)))
  const authority = authorityHost(seen, etcdMembersOf(inventory))
  return [
    assert({
      that: "the authority of kubespray's etcd can make certificates for this host",
      holds: computed({}, () =>
        authority !== undefined || made
          ? undefined
          : `ca-key.pem is in ${firstOf(seen)?.certificatesDir} of none of ${[...seen.members.keys()].join(', ')}: put the key of etcd's authority back there, or ${host.name} can't become a member`,
      ),
    }),
    portsAreFree([params.clientPort, params.peerPort]),
  ]
}

const unitOf = ({ name }: PlannedMember, from: TheirMember | undefined): Nested =>
  from === undefined
    ? []
    : [systemdUnit({ name: 'etcd.service', content: withContainerName(from.files.unit, from.name, name) })]

/**
 * kubespray has all members in every member's settings, and restarts one whose settings it changes. etcd reads them
 * only as long as it has no data, so that they are written without a restart; not while a host can't be asked for its
 * name.
 */
export function knowsMembers(
  own: TheirMember,
  planned: readonly PlannedMember[],
  { unread }: Pick<SeenMembers, 'unread'>,
): Nested {
  if (planned.some(({ host }) => unread.includes(host.name))) return []
  const wanted = planned.map(({ name, peerUrl }) => `${name}=${peerUrl}`)
  const present = initialMembersIn(own.files.env)
  const same = wanted.length === present.length && wanted.every(member => present.includes(member))
  return [
    !same &&
      lineInFile({
        title: 'etcd.env names all members',
        path: envPath,
        regexp: '^ETCD_INITIAL_CLUSTER=',
        line: `ETCD_INITIAL_CLUSTER=${wanted.join(',')}`,
      }),
  ]
}

function leaves({ params, host, inventory, seen }: AbsentContext, own: TheirMember): Nested {
  const others = etcdMembersOf(inventory, params.leaving)
  return [
    leaveCluster({
      ...params,
      peerUrls: peerUrlsOf(etcdMembersOf(inventory), inventory, seen, params.peerPort),
      dataDir: own.dataDir,
      isMade: true,
      others,
      masters: mastersOf(inventory, params.leaving),
      before: async ({ say }) => {
        if (own.events)
          say(
            `${eventsStay(host.name)}; its certificates stay in ${own.certificatesDir} for it: remove them with it, ${host.name} is no member any more`,
          )
      },
      after: ({ on }) =>
        Promise.all(
          others.flatMap(other => {
            const member = seen.members.get(other.name)
            if (member === undefined) return []
            const left = initialMembersIn(member.files.env).filter(item => item !== `${own.name}=${own.peerUrl}`)
            return [writeEnv(on(other.name), withValues(member.files.env, { ETCD_INITIAL_CLUSTER: left.join(',') }))]
          }),
        ),
    }),
    service({ name: 'etcd', enabled: false, running: false }),
    own.container && noContainer(own.name),
    absent({
      title: 'no data and keys of a member',
      path: [`${own.dataDir}/member`, ...keysOf(own)],
      backup: false,
    }),
    snapshotsStay(host.name, params.backupDir),
    absent({ title: 'no unit and settings of a member', path: [unitPath, envPath], backup: false }),
  ]
}

/** Its unit stops the container and leaves it. */
const noContainer = (name: string): Step =>
  step({
    title: 'no container of etcd',
    facts: { there: facts.command({ run: ['docker', 'container', 'inspect', '-f', '{{.Id}}', name] }) },
    needed: ({ there }) => there.exitCode === 0 && `${name} is still there`,
    run: async ({ $ }) => {
      await $`docker rm -f ${name}`
      return {}
    },
  })

/**
 * The directory of kubespray's goes whole; of one that somebody else chose, its files. A member for events, which
 * stays, has the host's own certificates too, and reads them with every connection.
 */
function keysOf({ certificatesDir, certificateName, certificates, events }: TheirMember): readonly string[] {
  if (!events && certificatesDir.startsWith('/etc/ssl/etcd/')) return [certificatesDir]
  const ofEvents = ['member', 'admin'].flatMap(kind =>
    ['.pem', '-key.pem'].map(end => `${kind}-${certificateName}${end}`),
  )
  const kept = events ? ['ca.pem', ...ofEvents] : []
  return certificates.filter(name => !kept.includes(name)).map(name => `${certificatesDir}/${name}`)
}
