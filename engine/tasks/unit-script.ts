/** Shell functions for changing units: what went wrong is shown with the unit's last lines in the journal. */
export const unitFunctions = `trouble() {
  printf '%s: %s\\n' "$1" "$2" >&2
  if command -v journalctl >/dev/null 2>&1; then journalctl --no-pager -q -o short-iso -n 20 -u "$1" >&2 || :
  else systemctl status --no-pager -l -n 20 "$1" >&2 || :; fi
  exit 1
}
fresh() {
  # A unit that failed too often is not started again otherwise, whatever was repaired since.
  systemctl reset-failed -- "$1" 2>/dev/null || :
  case $(systemctl show -p NeedDaemonReload -- "$1") in *=yes) systemctl daemon-reload ;; esac
}
# Hundredths of a second since boot, without a process. Where systemd is, /proc is.
uptime_now() {
  read -r now _ </proc/uptime
  now=\${now%.*}\${now#*.}
}
begin_to_settle() {
  uptime_now
  restarts=\${2#*NRestarts=}
  printf '%s %s\\n' "$now" "\${restarts%%[!0-9]*}" >"$ROTA_TMP/settling-$1"
}
# settle_begun UNIT TENTHS: counted from where it began; a unit that was not running has not begun.
settle_begun() {
  [ -e "$ROTA_TMP/settling-$1" ] || return 0
  read -r since restarts <"$ROTA_TMP/settling-$1"
  uptime_now
  settled "$1" "$(($2 - (now - since) / 10))" "$restarts"
}
# settled UNIT TENTHS [RESTARTS]: it stays active for so long, and systemd has not started it more often than before.
settled() {
  left=$2
  while :; do
    step=$((left > 5 ? 5 : left))
    if [ "$step" -gt 0 ]; then sleep "0.$step" 2>/dev/null || sleep 1; fi
    left=$((left - step))
    state=$(systemctl show -p ActiveState -p SubState -p Type -p NRestarts -- "$1")
    case $state in
      *ActiveState=failed*) trouble "$1" 'failed right after it was started' ;;
      *SubState=auto-restart*) trouble "$1" 'keeps ending right after it is started' ;;
      *ActiveState=inactive*) case $state in *Type=oneshot*) ;; *) trouble "$1" 'ended right after it was started' ;; esac ;;
    esac
    [ "$left" -gt 0 ] || break
  done
  now=\${state#*NRestarts=}
  case $state in *NRestarts=*) [ "\${now%%[!0-9]*}" = "\${3:-0}" ] || trouble "$1" 'ended and was started again by systemd' ;; esac
}`

/** Default of `settle`, in seconds: a daemon that can't use its configuration ends within this time. */
export const settleSeconds = 0.5

export const tenths = (seconds: number): number => Math.round(seconds * 10)

/** The unit's full name: `haproxy` is `haproxy.service`. */
export const unitName = (name: string): string =>
  /\.(service|socket|target|timer|mount|automount|swap|path|slice|scope|device)$/.test(name) ? name : `${name}.service`
