import { type Unit, unit } from '../facts/index.ts'
import { lines, raw, type Shell, sh } from '../shell/index.ts'
import { secondsProblems, unitProblems } from './checks.ts'
import { reload, reloadOrRestart, restart, stop } from './service-action.ts'
import { type Change, defineTask } from './task.ts'
import { settleSeconds, tenths, unitFunctions, unitName } from './unit-script.ts'

export interface ServiceArgs {
  /** Unit; `.service` is added where there is no ending. */
  readonly name: string
  /** Started at boot. What is left out stays as it is. */
  readonly enabled?: boolean
  readonly running?: boolean
  readonly masked?: boolean
  /**
   * Seconds that a started unit must stay active; default 0.5. 0 also takes a unit for running that systemd starts over
   * and over.
   */
  readonly settle?: number
}

/**
 * A systemd unit enabled, running, masked, or not.
 *
 * Facts: the unit (one `systemctl show`). A change: it is not as wanted, or its files have changed since systemd read
 * them (then a daemon-reload). A unit that can't be enabled (static, generated, an alias) is taken for enabled, as with
 * Ansible. After a start the unit has to stay active for `settle`; otherwise the task fails and shows the unit's last
 * lines in the journal. Refused: no systemd, no such unit (unless an earlier task may bring it), or masked and to be
 * running without `masked: false`.
 *
 * `service.reload(name)`, `.restart`, `.reloadOrRestart` and `.stop` make tasks for handlers. Source: Ansible's
 * `systemd`.
 */
export const service = Object.assign(
  defineTask<ServiceArgs>({
    name: 'service',
    title: args => `service ${args.name}`,
    check: args => [
      ...unitProblems(args.name),
      ...secondsProblems('settle', args.settle),
      ...(args.masked && (args.running || args.enabled)
        ? ['masked: a masked unit is neither enabled nor running']
        : []),
      ...(args.enabled === undefined && args.running === undefined && args.masked === undefined
        ? ['one of enabled, running and masked is needed']
        : []),
    ],
    facts: args => [unit({ name: unitName(args.name) })],
    plan: (args, facts, context): Change | undefined => {
      const fact = facts.get(unit({ name: unitName(args.name) }))
      const refuse = (refused: string): Change => ({ summary: 'cannot be managed', apply: raw(':'), refused })
      const unknown = fact.type === 'unavailable' || fact.loadState === 'not-found'
      if (unknown && !context.changed) {
        if (fact.type === 'unavailable') return refuse(fact.reason)
        if (nothingWanted(args)) return undefined
        return refuse(`there is no unit ${unitName(args.name)} on this host`)
      }
      // What an earlier task brings is not known yet: everything is asked for, and systemd does what is needed.
      const steps = unknown ? stepsOf(args) : stepsOf(args, fact)
      if (steps.length === 0) return undefined
      const masked = fact.type === 'unit' && fact.unitFileState.startsWith('masked')
      if (masked && args.masked === undefined && (args.running || args.enabled))
        return refuse(`${unitName(args.name)} is masked: masked: false unmasks it`)
      if (args.masked && fact.type === 'unit' && fact.fragmentPath.startsWith('/etc/systemd/system/') && !masked)
        return refuse(`${fact.fragmentPath} is in the way of masking: remove it`)
      const work = steps.map(step => step.apply)
      return {
        summary: steps.map(step => step.summary).join(', '),
        apply: lines([
          raw(unitFunctions),
          sh`u=${unitName(args.name)}`,
          ...(unknown && nothingWanted(args) ? whereItHasCome(work) : work),
        ]),
      }
    },
  }),
  { reload, restart, reloadOrRestart, stop },
)

const nothingWanted = (args: ServiceArgs): boolean => !args.enabled && !args.running && !args.masked

/** What is to be stopped is no reason to fail where the earlier task has not brought it. */
const whereItHasCome = (work: readonly Shell[]): readonly Shell[] => [
  raw(`if [ "$(systemctl show -p LoadState -- "$u")" != LoadState=not-found ]; then`),
  ...work,
  raw('fi'),
]

interface Step {
  readonly summary: string
  readonly apply: Shell
}

/** In the order in which they have to be done. Without a fact: all that is asked for. */
function stepsOf(args: ServiceArgs, fact?: Unit): readonly Step[] {
  const file = fact?.unitFileState ?? ''
  const masked = file.startsWith('masked')
  const now =
    fact === undefined ? '' : `${fact.activeState}${fact.activeState === 'active' ? '' : ` (${fact.subState})`} → `
  const is = (wanted: boolean, state: boolean | undefined): boolean => fact === undefined || state !== wanted
  const steps: (Step | false)[] = [
    args.masked === false && is(false, masked) && { summary: 'unmask', apply: raw('systemctl -q unmask -- "$u"') },
    fact?.needDaemonReload === true && { summary: 'daemon-reload', apply: raw('systemctl daemon-reload') },
    args.enabled === true &&
      is(true, enabledStates.has(file)) && {
        summary: fact === undefined ? 'enable' : `${file || 'not enabled'} → enabled`,
        // Debian enables and starts what it installs: needless calls reload systemd, and wait.
        apply: raw(
          fact
            ? 'systemctl -q enable -- "$u"'
            : 'systemctl -q is-enabled -- "$u" 2>/dev/null || systemctl -q enable -- "$u"',
        ),
      },
    args.running === true &&
      is(true, fact && isRunning(args, fact)) && {
        summary: `${now}running`,
        apply: fact ? start(args) : sh`systemctl -q is-active -- "$u" || {\n${start(args)}\n}`,
      },
    (args.running === false || args.masked === true) &&
      is(false, fact && !stopped.has(fact.activeState)) && {
        summary: `${now}stopped`,
        apply: raw(`systemctl stop -- "$u" || trouble "$u" 'could not be stopped'`),
      },
    args.enabled === false &&
      is(false, file.startsWith('enabled')) && {
        summary: fact === undefined ? 'disable' : `${file} → disabled`,
        apply: raw('systemctl -q disable -- "$u"'),
      },
    args.masked === true && is(true, masked) && { summary: 'mask', apply: raw('systemctl -q mask -- "$u"') },
  ]
  return steps.filter(step => step !== false)
}

const start = (args: ServiceArgs): Shell => sh`fresh "$u"
systemctl start -- "$u" || trouble "$u" 'could not be started'
settled "$u" ${tenths(args.settle ?? settleSeconds)}`

const enabledStates = new Set(['enabled', 'static', 'alias', 'indirect', 'generated', 'transient'])
const stopped = new Set(['inactive', 'failed'])

function isRunning(args: ServiceArgs, fact: Unit): boolean {
  if (fact.activeState === 'activating') return fact.subState !== 'auto-restart' || args.settle === 0
  return fact.activeState === 'active' || fact.activeState === 'reloading'
}
