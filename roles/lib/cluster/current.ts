import { command, quote, type Task } from 'rota'
import { type ContainerRef, containerFunction, containerPid } from '../pods/container.ts'

/** Who runs a configuration: a unit of systemd, or a container. */
export type Daemon = { readonly unit: string } | { readonly container: ContainerRef }

/**
 * The daemon runs with the configuration that is on disk: its youngest worker is not older than the file. haproxy and
 * nginx accept a reload and may then fail to carry it out (a limit, a port that is taken), keep their old workers, and
 * tell nobody but the journal. `reload` is shell text; a unit has its own.
 */
export const runsItsConfiguration = (
  options: { readonly name: string; readonly config: string; readonly reload: string; readonly log: string } & {
    readonly daemon: Daemon
  },
): Task => {
  const { name, config, reload, log, daemon } = options
  const current = isCurrent(daemon, config)
  return command({
    title: `${name} runs with its configuration`,
    why: `it does not run with what ${config} says now`,
    unless: current,
    run: `( ${reload}
) || exit 1
(${current}) && exit 0
{ ${log}
} >&2
echo ${quote(`${name} has not taken over ${config}: its last lines are above`)} >&2
exit 1`,
  })
}

/** The same of a unit. */
export const unitRunsItsConfiguration = ({ unit, config }: { readonly unit: string; readonly config: string }): Task =>
  runsItsConfiguration({
    name: unit,
    config,
    daemon: { unit },
    reload: `systemctl reload ${quote(unit)}`,
    log: `journalctl --no-pager -q -o cat -n 15 -u ${quote(unit)}`,
  })

/** Shell text that prints the daemon's first process. */
const mainPid = (daemon: Daemon): string =>
  'unit' in daemon
    ? `systemctl show -p MainPID -- ${quote(daemon.unit)} | sed 's/^MainPID=//'`
    : `${containerFunction(daemon.container)}\n${containerPid}`

// A reload takes a moment. Field 22 of /proc/PID/stat is the start in ticks since boot; the name before it may hold
// blanks.
const isCurrent = (daemon: Daemon, config: string): string => `main=$( ${mainPid(daemon)}
) || exit 1
[ "\${main:-0}" -gt 0 ] || exit 1
ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
for try in 1 2 3 4 5 6 7 8 9 10; do
  age=$(( $(date +%s) - $(stat -c %Y ${quote(config)}) + 1 ))
  up=$(cut -d. -f1 /proc/uptime)
  for child in $(cat "/proc/$main/task/$main/children"); do
    start=$(sed 's/.*) //' "/proc/$child/stat" 2>/dev/null | cut -d' ' -f20)
    [ -z "$start" ] || [ $(( up - start / ticks )) -gt "$age" ] || exit 0
  done
  sleep 0.3
done
exit 1`
