import { command, quote, type Task } from 'rota'

/**
 * The daemon runs with the configuration that is on disk: its youngest worker is not older than the file. haproxy and nginx accept a
 * reload and may then fail to carry it out (a limit, a port that is taken), keep their old workers, and tell nobody but the journal.
 */
export const runsItsConfiguration = (options: { readonly unit: string; readonly config: string }): Task => {
  const { unit, config } = options
  return command({
    title: `${unit} runs with its configuration`,
    unless: isCurrent(unit, config),
    run: `systemctl reload ${quote(unit)} || exit 1
(${isCurrent(unit, config)}) && exit 0
journalctl --no-pager -q -o cat -n 15 -u ${quote(unit)} >&2
echo ${quote(`${unit} has not taken over ${config}: its last lines are above`)} >&2
exit 1`,
  })
}

// A reload takes a moment. Field 22 of /proc/PID/stat is the start in ticks since boot; the name before it may hold blanks.
const isCurrent = (
  unit: string,
  config: string,
): string => `main=$(systemctl show -p MainPID -- ${quote(unit)}) && main=\${main#*=}
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
