import { type UnitFact, unit } from '../facts/index.ts'
import { lines, quote, raw, type Shell, sh } from '../shell/index.ts'
import { secondsProblems, unitProblems } from './checks.ts'
import { defineTask, type Task, type TaskOptions } from './task.ts'
import { hundredths, leastSettleSeconds, settleSeconds, tenths, unitFunctions, unitName } from './unit-script.ts'

export interface ServiceActionArgs {
  /** Unit; `.service` is added where there is no ending. */
  readonly name: string
  readonly action: 'reload' | 'restart' | 'reloadOrRestart' | 'stop'
  /**
   * Seconds that the unit must stay active afterwards; default 0.5, after a reload until it has come to rest (0.2 to
   * 0.5).
   */
  readonly settle?: number
}

export interface ServiceActionOptions extends TaskOptions {
  readonly settle?: number
}

const action = defineTask<ServiceActionArgs>({
  name: 'serviceAction',
  title: args => `${args.action === 'reloadOrRestart' ? 'reload or restart' : args.action} ${args.name}`,
  check: args => [...unitProblems(args.name), ...secondsProblems('settle', args.settle)],
  facts: args => (args.action === 'reload' ? [unit({ name: unitName(args.name) })] : []),
  plan: (args, facts) => ({
    summary: words[args.action],
    apply: args.action === 'reload' ? reloading(args, facts.get(unit({ name: unitName(args.name) }))) : script(args),
    effect: 'action',
    ...(args.action === 'reload' ? { settle: watch(args) } : {}),
  }),
})

const words = { reload: 'reload', restart: 'restart', reloadOrRestart: 'reload, or restart', stop: 'stop' } as const

const head = (args: ServiceActionArgs): Shell =>
  lines([
    raw(`command -v systemctl >/dev/null 2>&1 || { echo 'systemctl is not installed' >&2; exit 1; }`),
    raw(unitFunctions),
    sh`u=${unitName(args.name)}`,
  ])

// A unit that does not run reads its configuration when it is started; to start it is the service task's business.
const onlyRunning = (
  otherwise = '',
): string => `state=$(systemctl show -p LoadState -p ActiveState -p CanReload -- "$u")
case $state in
  *LoadState=not-found*) printf '%s: there is no such unit\\n' "$u" >&2; exit 1 ;;
  *ActiveState=active*|*ActiveState=reloading*|*ActiveState=activating*) ;;
  *) ${otherwise}printf '%s does not run: nothing to reload\\n' "$u"; rm -f "$ROTA_TMP/settling-$u"; exit 0 ;;
esac`

// One that ran when the host was probed and does not now: it was stopped meanwhile, and systemd began no reload; or the
// reload has ended it.
const unlessEnded = `case $seen/$first in
      active/*'is not active, cannot reload'*) ;;
      active/*) printf '%s\\n' "$said" >&2; trouble "$u" 'ended when it was reloaded' ;;
    esac
    `

/** Seconds for a unit that is being started. */
const patience = 30

/** Systemd is asked about the unit only where it refuses: each question costs as much as the reload. */
function reloading(args: ServiceActionArgs, fact: UnitFact): Shell {
  const { restarts, mainPid, activeState } =
    fact.type === 'unit' ? fact : { restarts: 0, mainPid: 0, activeState: 'inactive' }
  const { settle = settleSeconds } = args
  // Who says how long it shall be watched means that.
  const least = args.settle ?? leastSettleSeconds
  return lines([
    head(args),
    raw(`attempt() {
  code=0
  said=$(systemctl reload -- "$u" 2>&1) || code=$?
}
# What was probed holds for the process that was probed.
restarts=${restarts} seen=${quote(activeState)}
if ! [ -d /proc/${mainPid} ]; then
  # systemd takes no reload of a unit that it is starting, as it does a while after the end of one: what it starts with
  # may be older than what is to be loaded.
  waited=0
  while
    restarts=$(systemctl show -p ActiveState -p NRestarts -- "$u")
    case $restarts in *ActiveState=activating*) [ "$waited" -lt ${patience} ] ;; *) false ;; esac
  do
    waited=$((waited + 1))
    sleep 1
  done
  restarts=\${restarts##*NRestarts=}
  restarts=\${restarts%%[!0-9]*}
fi
attempt
first=$said
# It warns where the unit's files have changed since it read them: what it has run was the old reload.
case $said in *daemon-reload*)
  systemctl daemon-reload
  attempt ;;
esac
if [ "$code" != 0 ]; then
  ${onlyRunning(unlessEnded)}
  printf '%s\\n' "$said" >&2
  case $state in *CanReload=no*) printf '%s can not be reloaded: use service.restart or service.reloadOrRestart\\n' "$u" >&2; exit 1 ;; esac
  trouble "$u" 'refused to reload'
fi`),
    sh`begin_to_settle "$u" ${hundredths(least)} ${hundredths(settle)} "\${restarts:-0}" ${mainPid}`,
  ])
}

function script(args: ServiceActionArgs): Shell {
  const settled = sh`settled "$u" ${tenths(args.settle ?? settleSeconds)}`
  if (args.action === 'stop')
    return lines([head(args), raw(`systemctl stop -- "$u" || trouble "$u" 'could not be stopped'`)])
  if (args.action === 'restart')
    return lines([
      head(args),
      raw(`fresh "$u"\nsystemctl restart -- "$u" || trouble "$u" 'could not be restarted'`),
      settled,
    ])
  const restart = `systemctl reload-or-restart -- "$u" || trouble "$u" 'could not be reloaded or restarted'`
  return lines([head(args), raw(onlyRunning()), raw(`fresh "$u"\n${restart}`), settled])
}

/** One that was not running has not begun to settle. */
const watch = (args: ServiceActionArgs): Shell => lines([raw(unitFunctions), sh`settle_begun ${unitName(args.name)}`])

const build =
  (kind: ServiceActionArgs['action']) =>
  (name: string, options: ServiceActionOptions = {}): Task =>
    action({ name, action: kind, ...options })

/** Reloads a running unit; one that does not run is left alone. Fails, with the journal, when the daemon refuses. */
export const reload = build('reload')
/** Restarts a unit, or starts it. Fails, with the journal, when it does not stay active. */
export const restart = build('restart')
/** Reloads a running unit, or restarts it where it has no reload; one that does not run is left alone. */
export const reloadOrRestart = build('reloadOrRestart')
export const stop = build('stop')
