import { lines, raw, type Shell, sh } from '../program/shell.ts'
import { secondsProblems, unitProblems } from './checks.ts'
import { defineTask, type Task, type TaskOptions } from './task.ts'
import { settleSeconds, tenths, unitFunctions, unitName } from './unit-script.ts'

export interface ServiceActionArgs {
  /** Unit; `.service` is added where there is no ending. */
  readonly name: string
  readonly action: 'reload' | 'restart' | 'reloadOrRestart' | 'stop'
  /** Seconds that the unit must stay active afterwards; default 0.5. */
  readonly settle?: number
}

export interface ServiceActionOptions extends TaskOptions {
  readonly settle?: number
}

const action = defineTask<ServiceActionArgs>({
  name: 'serviceAction',
  title: args => `${args.action === 'reloadOrRestart' ? 'reload or restart' : args.action} ${args.name}`,
  check: args => [...unitProblems(args.name), ...secondsProblems('settle', args.settle)],
  facts: () => [],
  plan: args => ({
    summary: words[args.action],
    apply: script(args),
    effect: 'action',
    ...(args.action === 'reload' ? { settle: watch(args) } : {}),
  }),
})

const words = { reload: 'reload', restart: 'restart', reloadOrRestart: 'reload, or restart', stop: 'stop' } as const

function script(args: ServiceActionArgs): Shell {
  const unit = unitName(args.name)
  const settled = sh`settled "$u" ${tenths(args.settle ?? settleSeconds)}`
  const noSystemd = raw(`command -v systemctl >/dev/null 2>&1 || { echo 'systemctl is not installed' >&2; exit 1; }`)
  const head = lines([noSystemd, raw(unitFunctions), sh`u=${unit}`])
  if (args.action === 'stop') return lines([head, raw(`systemctl stop -- "$u" || trouble "$u" 'could not be stopped'`)])
  if (args.action === 'restart')
    return lines([head, raw(`fresh "$u"\nsystemctl restart -- "$u" || trouble "$u" 'could not be restarted'`), settled])
  // A unit that does not run reads its configuration when it is started; to start it is the service task's business.
  const running =
    raw(`state=$(systemctl show -p LoadState -p ActiveState -p CanReload -p NeedDaemonReload -p NRestarts -- "$u")
case $state in
  *LoadState=not-found*) printf '%s: there is no such unit\\n' "$u" >&2; exit 1 ;;
  *ActiveState=active*|*ActiveState=reloading*|*ActiveState=activating*) ;;
  *) printf '%s does not run: nothing to reload\\n' "$u"; rm -f "$ROTA_TMP/settling-$u"; exit 0 ;;
esac`)
  if (args.action === 'reloadOrRestart') {
    const reload = raw(`systemctl reload-or-restart -- "$u" || trouble "$u" 'could not be reloaded or restarted'`)
    return lines([head, running, raw('fresh "$u"'), reload, settled])
  }
  return lines([
    head,
    running,
    raw(`case $state in *CanReload=no*) printf '%s can not be reloaded: use service.restart or service.reloadOrRestart\\n' "$u" >&2; exit 1 ;; esac
case $state in *NeedDaemonReload=yes*) systemctl daemon-reload ;; esac
systemctl reload -- "$u" || trouble "$u" 'refused to reload'
`),
    sh`begin_to_settle "$u" ${tenths(args.settle ?? settleSeconds)} "$state"`,
  ])
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
