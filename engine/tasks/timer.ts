import { followed, path as pathFact, type Unit, unit } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { absentFacts, planAbsent } from './absent.ts'
import { envProblems, stateProblems, unitProblems } from './checks.ts'
import { accountProblems } from './group.ts'
import { installFact, installFacts, planInstall } from './install.ts'
import { type Change, type Diff, defineTask } from './task.ts'
import { filesOf, folder, namesOf, pathsOf, type TimerArgs } from './timer-units.ts'
import { unitFunctions } from './unit-script.ts'

/**
 * A job by systemd: a timer that is enabled and waits, and the service that it starts; what the job says is in the
 * journal. A time that systemd does not understand is refused before anything is written.
 *
 * Facts: two paths, two units. A change: a file differs, systemd has not read it since, or the timer does not wait. A
 * job that runs is let finish, also where its timer goes. Refused: no systemd. A secret is refused, for every user can
 * read what is in a unit: let the job read it from a file. Source: `man systemd.timer`; Ansible: twice `copy`, and
 * `systemd`.
 */
export const timer = defineTask<TimerArgs>({
  name: 'timer',
  title: args => `timer ${args.name}${args.state === 'absent' ? ' absent' : ''}`,
  check: args => [
    ...stateProblems(args.state),
    ...unitProblems(args.name),
    ...(/\.(?:timer|service)$/.test(args.name)
      ? [`name: ${JSON.stringify(args.name)} has an ending: leave it out`]
      : []),
    ...(args.user === undefined ? [] : accountProblems('user', args.user)),
    ...envProblems(args.env),
    ...(args.state === 'absent' ? [] : [...runProblems(args.run), ...timeProblems(args)]),
    ...(/[\r\n]/.test(args.description ?? '') ? ['description: must be one line'] : []),
  ],
  facts: (args, { diff }) =>
    args.state === 'absent'
      ? absentFacts({ path: pathsOf(args) })
      : [
          ...filesOf(args).flatMap(({ path, content }) => installFacts(path, content, diff)),
          ...namesOf(args).map(name => unit({ name })),
          pathFact({ path: folder }),
        ],
  plan: (args, facts, context): Change | undefined => {
    const [, name = ''] = namesOf(args)
    if (args.state === 'absent') {
      const gone = planAbsent({ path: pathsOf(args) }, facts)
      const apply = gone && lines([sh`systemctl -q disable --now -- ${name} || :`, gone.apply, reload])
      return gone && apply && { ...gone, keeps: 'part', apply }
    }
    const refuse = (refused: string): Change => ({ summary: 'cannot be made', apply: raw(':'), refused })
    if (followed(facts.get(pathFact({ path: folder }))).type === 'absent' && !context.changed)
      return refuse(`${folder} does not exist: this host has no systemd`)
    const units = namesOf(args).map(each => facts.get(unit({ name: each })))
    const [, ours] = units
    if (ours?.type === 'unavailable' && !context.changed) return refuse(ours.reason)
    const written = filesOf(args).map(({ path, content }) => {
      const bytes = Buffer.from(content)
      const fact = facts.get(installFact(path, bytes, context.diff))
      return planInstall({ path, content: bytes, mode: '0644' }, fact, facts, context)
    })
    const refused = written.find(change => change?.refused !== undefined)
    if (refused) return refused
    const files = written.flatMap((change, index) => (change ? [{ name: namesOf(args)[index], change }] : []))
    const stale = units.some(fact => fact.type === 'unit' && fact.needDaemonReload)
    const waits = ours?.type === 'unit' && isWaiting(ours)
    if (files.length === 0 && !stale && waits) return undefined
    return {
      summary: [
        ...files.map(({ name: file, change }) => `${file} ${change.summary}`),
        ...(files.length === 0 && stale ? ['daemon-reload'] : []),
        ...(waits ? [] : ['does not wait']),
      ].join(', '),
      apply: lines([
        raw(unitFunctions),
        sh`u=${name}`,
        ...[args.onCalendar ?? []].flat().map(understood),
        ...files.map(({ change }) => change.apply),
        reload,
        raw('systemctl -q enable -- "$u"'),
        // A timer that waits takes the new time from here on.
        raw(`systemctl restart -- "$u" || trouble "$u" 'could not be started'`),
      ]),
      ...(files.length === 0 ? {} : { keeps: 'part' as const }),
      ...diffOf(files.flatMap(({ change }) => change.diff ?? [])),
    }
  },
})

const reload = raw('systemctl daemon-reload')

const isWaiting = ({ activeState, unitFileState }: Unit): boolean =>
  activeState === 'active' && unitFileState === 'enabled'

/** Older systemd can't be asked. */
const understood = (time: string): Shell =>
  sh`[ -z "$(command -v systemd-analyze)" ] || systemd-analyze calendar ${time} >/dev/null`

/** Of both files in one, where both differ. */
function diffOf(diffs: readonly Diff[]): Pick<Change, 'diff'> {
  if (diffs.length === 0) return {}
  const all = (part: keyof Diff, by: string): string => diffs.map(diff => diff[part]).join(by)
  return { diff: { path: all('path', ', '), before: all('before', ''), after: all('after', '') } }
}

function runProblems(run: TimerArgs['run']): readonly string[] {
  if (run === undefined || run.length === 0) return ['run: is needed']
  if (typeof run === 'string' || /^\/[A-Za-z0-9_/.+-]*$/.test(run[0] ?? '')) return []
  return [`run: ${JSON.stringify(run[0])} is not the absolute path of a program`]
}

function timeProblems(args: TimerArgs): readonly string[] {
  const { onCalendar = [], onBootSec, onUnitActiveSec, randomizedDelaySec, accuracySec } = args
  const times = [onCalendar].flat()
  const spans = { onBootSec, onUnitActiveSec, randomizedDelaySec, accuracySec }
  return [
    ...(times.length === 0 && onBootSec === undefined && onUnitActiveSec === undefined
      ? ['one of onCalendar, onBootSec and onUnitActiveSec is needed']
      : []),
    ...times.flatMap(time =>
      /^[A-Za-z0-9*][A-Za-z0-9*:/.,~ _+-]*$/.test(time)
        ? []
        : [`onCalendar: ${JSON.stringify(time)} is not a time of systemd`],
    ),
    ...Object.entries(spans).flatMap(([name, span]) =>
      span === undefined || /^[0-9][0-9a-zA-Z. ]*$/.test(String(span))
        ? []
        : [`${name}: ${JSON.stringify(span)} is not a time span of systemd`],
    ),
  ]
}
