/**
 * Shell functions for changing units: what went wrong is shown with the unit's last lines in the journal. That a reload
 * is watched until the daemon rests, instead of for half a second, earns 0.33 s of a run that reloads two daemons: 2.95
 * s instead of 3.28 s (`npx zx scripts/bench.mjs reload`).
 */
export const unitFunctions = `trouble() {
  printf '%s: %s\\n' "$1" "$2" >&2
  if command -v journalctl >/dev/null 2>&1; then journalctl --no-pager -q -o short-iso -n 20 -u "$1" >&2 || :
  else systemctl status --no-pager -l -n 20 "$1" >&2 || :; fi
  exit 1
}
fresh() {
  # A unit that failed too often is not started again otherwise, whatever was repaired since.
  systemctl reset-failed -- "$1" 2>/dev/null || :
  known=$(systemctl show -p NeedDaemonReload -p DropInPaths -- "$1")
  case $known in *NeedDaemonReload=yes*) systemctl daemon-reload; return ;; esac
  # It does not see that itself where the directory of drop-ins is newer than its last look at them.
  for dropin in "/etc/systemd/system/$1.d"/*.conf "/run/systemd/system/$1.d"/*.conf; do
    [ -e "$dropin" ] || continue
    case $known in *"$dropin"*) ;; *) systemctl daemon-reload; return ;; esac
  done
}
# Hundredths of a second since boot, without a process. Where systemd is, /proc is.
uptime_now() {
  read -r now _ </proc/uptime
  now=\${now%.*}\${now#*.}
}
# begin_to_settle UNIT LEAST MOST RESTARTS MAIN: for how many hundredths of a second it is watched, how often systemd
# had started it, and its main process.
begin_to_settle() {
  uptime_now
  printf '%s %s %s %s\\n' "$((now + $2))" "$((now + $3))" "$4" "$5" >"$ROTA_TMP/settling-$1"
  : >"$ROTA_TMP/settled"
}
# settle_begun UNIT: a unit that was not running has not begun.
settle_begun() {
  [ -e "$ROTA_TMP/settling-$1" ] || return 0
  [ -s "$ROTA_TMP/settled" ] || settle_all
  state=
  for file in "$ROTA_TMP"/settling-*; do
    while read -r line && [ -n "$line" ]; do
      [ "$file" != "$ROTA_TMP/settling-$1" ] || state="$state$line "
    done
  done <"$ROTA_TMP/settled"
  read -r _ _ restarts _ <"$ROTA_TMP/settling-$1"
  judge "$1" "$state" "$restarts"
}
# Waits until all that have begun have settled: for the least time of each, then until none of their processes has run
# for 0.1 s, since a daemon that is done with its reload sleeps; one that serves many is watched for its most time. Then
# systemd is asked about all at once.
settle_all() {
  uptime_now
  least=0 left=0 mains=
  set --
  for file in "$ROTA_TMP"/settling-*; do
    read -r from to restarts main <"$file"
    if [ "$((from - now))" -gt "$least" ]; then least=$((from - now)); fi
    if [ "$((to - now))" -gt "$left" ]; then left=$((to - now)); fi
    mains="$mains $main"
    set -- "$@" "\${file#"$ROTA_TMP/settling-"}"
  done
  pass $((least - 10))
  before=
  while [ "$left" -gt 0 ]; do
    read_run_times $mains || seen=
    [ -z "$seen" ] || [ "$seen" != "$before" ] || break
    before=$seen
    pass $((left > 10 ? 10 : left))
  done
  systemctl show -p ActiveState -p SubState -p Type -p NRestarts -- "$@" >"$ROTA_TMP/settled"
}
# pass HUNDREDTHS: lets so much of what is left go by.
pass() {
  [ "$1" -gt 0 ] || return 0
  cents=$(($1 % 100))
  if [ "$cents" -lt 10 ]; then cents=0$cents; fi
  sleep "$(($1 / 100)).$cents" 2>/dev/null || sleep "$(($1 / 100 + 1))"
  left=$((left - $1))
}
# read_run_times MAIN...: sets seen to how long and how often these processes and their children have run. Fails when
# one of them is awake, or nothing is known.
read_run_times() {
  seen=
  for main; do
    [ -r "/proc/$main/task/$main/children" ] && [ -r "/proc/$main/schedstat" ] || return 1
    children=
    read -r children <"/proc/$main/task/$main/children" || :
    for pid in $main $children; do
      read -r line 2>/dev/null <"/proc/$pid/stat" || return 1
      case \${line##*) } in S*) ;; *) return 1 ;; esac
      read -r line 2>/dev/null <"/proc/$pid/schedstat" || return 1
      seen="$seen $pid $line"
    done
  done
}
# judge UNIT STATE [RESTARTS]: it is active, and systemd has not started it more often than before; a start by hand
# counts from 0 again.
judge() {
  case $2 in
    *ActiveState=failed*) trouble "$1" 'failed right after it was started' ;;
    *SubState=auto-restart*) trouble "$1" 'keeps ending right after it is started' ;;
    *ActiveState=inactive*) case $2 in *Type=oneshot*) ;; *) trouble "$1" 'ended right after it was started' ;; esac ;;
  esac
  now=\${2#*NRestarts=}
  now=\${now%%[!0-9]*}
  case $2 in *NRestarts=*) ;; *) now=0 ;; esac
  [ "$now" = 0 ] || [ "$now" = "\${3-$now}" ] || trouble "$1" 'ended and was started again by systemd'
}
# settled UNIT TENTHS: it stays active for so long, and systemd has not started it since.
settled() {
  left=$2
  while :; do
    step=$((left > 5 ? 5 : left))
    if [ "$step" -gt 0 ]; then sleep "0.$step" 2>/dev/null || sleep 1; fi
    left=$((left - step))
    state=$(systemctl show -p ActiveState -p SubState -p Type -p NRestarts -- "$1")
    judge "$1" "$state"
    [ "$left" -gt 0 ] || break
  done
  judge "$1" "$state" 0
}`

/** Default of `settle`, in seconds: a daemon that can't use its configuration ends within this time. */
export const settleSeconds = 0.5

/** After a reload the shortest watch, in seconds: nginx sleeps 0.1 s before it ends the workers of before. */
export const leastSettleSeconds = 0.22

export const tenths = (seconds: number): number => Math.round(seconds * 10)
export const hundredths = (seconds: number): number => Math.round(seconds * 100)

/** The unit's full name: `haproxy` is `haproxy.service`. */
export const unitName = (name: string): string =>
  /\.(service|socket|target|timer|mount|automount|swap|path|slice|scope|device)$/.test(name) ? name : `${name}.service`
