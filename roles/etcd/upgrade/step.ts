import { setTimeout as sleep } from 'node:timers/promises'
import { type HostView, type RemoteOutput, type RemoteShell, type Step, type StepContext, step } from 'rota'
import { atLeast, minorOf } from '../../lib/version.ts'
import { whileHeld } from '../hold.ts'
import { handOverLeadership } from '../leave.ts'
import { keepSnapshot, type SnapshotAt } from '../snapshot.ts'
import {
  illness,
  imageAt,
  type Listing,
  lacks,
  membersAmong,
  newestIn,
  type SeenHost,
  type Target,
  unrest,
} from './judge.ts'
import { keptEnd, type Look, type LookAt, lookFact, lookFrom, lookNow } from './look.ts'
import type { Turns } from './turns.ts'

/** How the program of a member becomes another one. */
export interface Program {
  /** What the unit starts: it is kept beside its place, under another name, until the new one is healthy. */
  readonly path: string
  /** Throws where what has been brought is not what it should be. Nothing has been changed then. */
  readonly check: ($: RemoteShell) => Promise<unknown>
  /** Puts the new one into its place, whole or not at all. The old one is kept already. */
  readonly replace: ($: RemoteShell) => Promise<unknown>
  /** etcdctl and its like, once the new member is healthy. */
  readonly follow: ($: RemoteShell) => Promise<unknown>
}

export interface UpgradeOptions extends LookAt, SnapshotAt, Pick<Listing, 'peerPort' | 'peerUrls'> {
  readonly target: Target
  readonly unit: string
  /** What is known of the hosts of the group beside how they are at the moment. */
  readonly hosts: readonly Omit<SeenHost, 'look'>[]
  /** Masters whose API servers use this etcd. */
  readonly masters: readonly HostView[]
  readonly program: Program
  /** One member at a time, whatever the playbook says; none is begun with when another has failed. */
  readonly turns: Turns | undefined
  /** Seconds in which the others have to be in step, and in which a new member has to be; default 60 and 120. */
  readonly patience?: { readonly others: number; readonly own: number }
}

const defaultPatience = { others: 60, own: 120 }

/**
 * A member goes to another version: the others are in step, the run has kept a snapshot, leadership is handed over, the
 * program is replaced, and the member is in step with the others again, or the old program comes back.
 */
export const upgradeMember = (options: UpgradeOptions): Step =>
  step({
    title: `etcd is ${options.target.version}`,
    facts: { look: lookFact(options) },
    needed: ({ look }) => lacks(lookFrom(look.stdout), options.target).join(', ') || false,
    run: context => (options.turns ?? atOnce)(() => upgrade(context, options)),
  })

const atOnce: Turns = work => work()

async function upgrade(context: StepContext, options: UpgradeOptions): Promise<{ readonly summary: string }> {
  const { $, host, say } = context
  const { target, program } = options
  const before = await lookAtAll(context, options)
  const own = lookOf(before, host)
  if (own === undefined) throw new Error('how the member of this host is can not be seen')
  const running = own.status?.version
  const runsIt = running === target.version
  const from = (runsIt ? own.kept?.version : (running ?? own.kept?.version)) ?? 'what ran before'
  if (!runsIt) {
    await program.check($)
    await othersAreInStep(context, options)
    await keepSnapshot(context, options, givingSnapshots(before, host))
    if (own.status !== undefined) await handOver(context, options)
    // What is in place is what runs, unless an earlier run was cut short: then that one has kept it.
    if (!isInPlace(own, target)) {
      await keep($, program)
      await program.replace($)
    }
    const start = await restart(context, options)
    if (start.exitCode !== 0) throw await backFrom(context, options, from, lastLine(start.stderr))
  }
  const wrong = await inStep(context, options)
  if (wrong !== undefined) throw await backFrom(context, options, from, wrong)
  await program.follow($)
  await $`rm -f ${`${program.path}${keptEnd}`}`
  const version = await clusterVersion(context, options)
  if (version !== undefined) say(`all members of etcd are ${target.version}, the cluster is at ${version}`)
  return { summary: runsIt ? `${target.version} runs already` : `from ${from}, healthy and in step` }
}

/** What the unit would start is the target already. */
const isInPlace = ({ image, programs }: Look, target: Target): boolean =>
  image === undefined ? programs.get('etcd') === target.version : imageAt(image, target) === image

/**
 * What API servers have asked of the member is answered before it stops, and what comes meanwhile they ask elsewhere.
 */
const restart = ({ on, $ }: StepContext, { masters, unit }: UpgradeOptions): Promise<RemoteOutput> =>
  whileHeld({ on }, masters, () => startAnew($, unit))

/**
 * A program that does not start uses up the unit's starts within moments, and systemd would refuse the old one, too. It
 * may also be starting the unit by itself right then (`RestartSec`).
 */
const startAnew = ($: RemoteShell, unit: string) =>
  $`systemctl reset-failed -- ${unit} 2>/dev/null || :
systemctl restart -- ${unit} || {
  [ "$(systemctl show -p Result --value -- ${unit})" = start-limit-hit ] || exit 1
  systemctl reset-failed -- ${unit}
  systemctl restart -- ${unit}
}`
    .timeout(300)
    .nothrow()

async function lookAtAll({ on }: Pick<StepContext, 'on'>, options: UpgradeOptions): Promise<readonly SeenHost[]> {
  return Promise.all(options.hosts.map(async seen => ({ ...seen, look: await lookNow(on(seen.host.name), options) })))
}

const lookOf = (hosts: readonly SeenHost[], { name }: HostView): Look | undefined =>
  hosts.find(({ host }) => host.name === name)?.look

/** What keeps the members from being in good health, this host's left out or not. */
async function unrestNow(
  context: StepContext,
  options: UpgradeOptions,
  isCounted: (seen: SeenHost) => boolean,
): Promise<readonly string[]> {
  const hosts = await lookAtAll(context, options)
  return unrest(membersAmong({ ...options, hosts }).filter(isCounted))
}

async function othersAreInStep(context: StepContext, options: UpgradeOptions): Promise<void> {
  const wrong = await untilQuiet(
    () => unrestNow(context, options, ({ host }) => host.name !== context.host.name),
    (options.patience ?? defaultPatience).others,
  )
  if (wrong.length > 0)
    throw new Error(`the other members have to be in step before this one is restarted: ${wrong.join('; ')}`)
}

/** Undefined, or why the member of this host is not what it should be. */
async function inStep(context: StepContext, options: UpgradeOptions): Promise<string | undefined> {
  const { host } = context
  const wrong = await untilQuiet(
    async () => {
      const hosts = await lookAtAll(context, options)
      const own = hosts.find(seen => seen.host.name === host.name)
      const version = own?.look?.status?.version
      if (own === undefined || version !== options.target.version) return [`${version ?? 'nobody'} answers`]
      // A learner gets its vote afterwards.
      return [illness(own, newestIn(hosts)) ?? []].flat()
    },
    (options.patience ?? defaultPatience).own,
  )
  return wrong.length === 0 ? undefined : wrong.join('; ')
}

async function untilQuiet(look: () => Promise<readonly string[]>, seconds: number): Promise<readonly string[]> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const wrong = await look()
    if (wrong.length === 0 || Date.now() > end) return wrong
    await sleep(1000)
  }
}

/** Of the whole cluster: whoever answers has all of it. */
function givingSnapshots(members: readonly SeenHost[], own: HostView): readonly HostView[] {
  const healthy = members.filter(({ look }) => look?.healthy).map(({ host }) => host)
  if (healthy.length === 0) throw new Error('no member of etcd answers: no snapshot can be kept')
  const isOwn = ({ name }: HostView): boolean => name === own.name
  return [...healthy.filter(isOwn), ...healthy.filter(host => !isOwn(host))]
}

/** A member that leads is not restarted as long as another one can lead: those at the target are asked first. */
async function handOver(context: StepContext, options: UpgradeOptions): Promise<void> {
  const hosts = await lookAtAll(context, options)
  const others = membersAmong({ ...options, hosts }).filter(({ host }) => host.name !== context.host.name)
  const isNew = ({ look }: SeenHost): boolean => look?.status?.version === options.target.version
  const inOrder = [...others.filter(isNew), ...others.filter(other => !isNew(other))].map(({ host }) => host)
  await handOverLeadership(context, { ...options, others: inOrder })
  if (inOrder.length === 0) return
  const status = (await lookNow(context.$, options))?.status
  if (status !== undefined && status.leader === status.id)
    throw new Error('it leads, and no other member takes that over: nothing has been changed on it')
}

const keep = ($: RemoteShell, { path }: Program) => {
  const kept = `${path}${keptEnd}`
  return $`cp -p ${path} ${`${kept}.part`} && mv -f ${`${kept}.part`} ${kept}`
}

/**
 * The old program comes back where etcd allows it: as long as the cluster holds itself to the old minor version,
 * nothing is written that the old program can't read. It does so until all members have been seen with the new one: one
 * that did not come up keeps it there. Where it can't be told the old program is tried: etcd itself refuses to start
 * on the data of a cluster that has gone further, and leaves it as it is. Source: "Rollback" in etcd's upgrade guides.
 */
async function backFrom(context: StepContext, options: UpgradeOptions, from: string, why: string): Promise<Error> {
  const { $, host } = context
  const { unit, target, program } = options
  const kept = `${program.path}${keptEnd}`
  // Its own words, without those of systemd about it.
  const log = await $`journalctl ${`_SYSTEMD_UNIT=${unit}.service`} -n 20 --no-pager -o cat 2>/dev/null`
    .nothrow()
    .catch(() => undefined)
  const said = `etcd ${target.version} did not come up on ${host.name} (${why}; its log ends in: ${lastLine(log?.stdout ?? '')})`
  const others = (await lookAtAll(context, options)).filter(seen => seen.host.name !== host.name)
  const reached = others.flatMap(({ look }) => look?.clusterVersion ?? []).at(0)
  if (reached !== undefined && isBeyond(reached, from))
    return new Error(
      `${said}. The cluster is at ${reached} already, on whose data ${from} does not start: the new program stays, the old one is kept as ${kept}; the other members serve`,
    )
  if ((await $`test -e ${kept}`.nothrow()).exitCode !== 0)
    return new Error(`${said}. No old program is kept beside it: see journalctl -u ${unit}; the other members serve`)
  const moved = await $`mv -f ${kept} ${program.path}`.nothrow()
  const back = moved.exitCode === 0 ? await startAnew($, unit) : moved
  const old = back.exitCode === 0 ? await comesBack(context, options, from) : lastLine(back.stderr)
  return new Error(
    old === undefined
      ? `${said}. ${from} is back, and the member serves with it; the other members were not touched after it`
      : `${said}. ${from} was put back, and does not come up either (${old}): see journalctl -u ${unit}; the other members serve`,
  )
}

async function comesBack(context: StepContext, options: UpgradeOptions, version: string): Promise<string | undefined> {
  const wrong = await untilQuiet(
    async () => {
      const look = await lookNow(context.$, options)
      const isOld = look?.status?.version === version || !isPlain(version)
      return isOld && (look?.healthy || look?.status?.learner) ? [] : ['it is not healthy']
    },
    (options.patience ?? defaultPatience).own,
  )
  return wrong[0]
}

const isPlain = (version: string): boolean => /^\d+\.\d+\.\d+/.test(version)

/** A cluster's version is that of a minor one: `3.5.0`. */
const isBeyond = (reached: string, program: string): boolean =>
  isPlain(program) && !atLeast(program, minorOf(reached).join('.'))

/** What the cluster holds itself to once all members are at the target: that takes it some seconds. */
async function clusterVersion(context: StepContext, options: UpgradeOptions): Promise<string | undefined> {
  const wanted = minorOf(options.target.version).join('.')
  for (let looks = 0; ; looks += 1) {
    const members = membersAmong({ ...options, hosts: await lookAtAll(context, options) })
    if (members.some(({ look }) => look?.status?.version !== options.target.version)) return undefined
    const version = lookOf(members, context.host)?.clusterVersion
    if (looks === 15 || (version !== undefined && minorOf(version).join('.') === wanted))
      return version ?? 'a version that it does not tell'
    await sleep(1000)
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
