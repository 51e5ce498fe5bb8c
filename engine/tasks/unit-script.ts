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
# Hundredths of a second since boot, without a process; nothing where it can't be known.
uptime_now() {
  now=
  [ ! -r /proc/uptime ] || { read -r now _ </proc/uptime; now=\${now%.*}\${now#*.}; }
}
begin_to_settle() {
  uptime_now
  printf %s "$now" >"$ROTA_TMP/settling-$1"
}
# settled UNIT TENTHS [SINCE]: it stays active for so long, counted from SINCE.
settled() {
  left=$2
  if [ -n "\${3-}" ]; then
    uptime_now
    left=$((left - (now - $3) / 10))
  fi
  while :; do
    state=$(systemctl show -p ActiveState -p SubState -p Type -p NRestarts -- "$1")
    case $state in
      *ActiveState=failed*) trouble "$1" 'failed right after it was started' ;;
      *SubState=auto-restart*) trouble "$1" 'keeps ending right after it is started' ;;
      *ActiveState=inactive*) case $state in *Type=oneshot*) ;; *) trouble "$1" 'ended right after it was started' ;; esac ;;
    esac
    [ "$left" -gt 0 ] || break
    left=$((left - 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  case $state in *NRestarts=0*) ;; *NRestarts=*) trouble "$1" 'ended and was started again by systemd' ;; esac
}`

/** Default of `settle`, in seconds: a daemon that can't use its configuration ends within this time. */
export const settleSeconds = 0.5

export const tenths = (seconds: number): number => Math.round(seconds * 10)

/** The unit's full name: `haproxy` is `haproxy.service`. */
export const unitName = (name: string): string =>
  /\.(service|socket|target|timer|mount|automount|swap|path|slice|scope|device)$/.test(name) ? name : `${name}.service`
