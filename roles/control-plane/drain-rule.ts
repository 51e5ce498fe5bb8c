import { raw, type Shell, sh } from 'rota'

/**
 * Shell text that turns new connections to a port away with a reset, from everywhere but 127.0.0.1 and `open`: ranges of pods. Those on the host
 * come here through the address of the service, by the kernel's choice, and nobody tries another server for them. A reset is what makes a proxy go to
 * the next server at once; a connection that is open goes on. The chain is ours alone, so adding and removing it can be repeated.
 */
export const closePort = (port: number, open: readonly string[] = []): Shell => sh`set -eu
close() {
  "$1" -w 10 -N ${chain(port)} 2>/dev/null || "$1" -w 10 -F ${chain(port)}
  t=$1
  shift
  for from in "$@"; do "$t" -w 10 -A ${chain(port)} -s "$from" -j RETURN; done
  "$t" -w 10 -A ${chain(port)} -p tcp --syn -j REJECT --reject-with tcp-reset
  "$t" -w 10 -C INPUT -p tcp --dport ${port} -j ${chain(port)} 2>/dev/null || "$t" -w 10 -I INPUT -p tcp --dport ${port} -j ${chain(port)}
}
close iptables 127.0.0.0/8 ${open.filter(isVersion4)}
if command -v ip6tables >/dev/null && ip6tables -w 10 -L INPUT -n >/dev/null 2>&1; then close ip6tables ::1/128 ${open.filter(range => !isVersion4(range))}; fi`

/** Shell text that opens the port again; nothing is done where it is open. */
export const openPort = (port: number): Shell => sh`for t in iptables ip6tables; do
  command -v "$t" >/dev/null || continue
  while "$t" -w 10 -D INPUT -p tcp --dport ${port} -j ${chain(port)} 2>/dev/null; do :; done
  "$t" -w 10 -F ${chain(port)} 2>/dev/null && "$t" -w 10 -X ${chain(port)} 2>/dev/null || :
done`

/**
 * Shell text that starts a timer on the host: should nobody come back within ten minutes, the port is opened as soon as the API server
 * behind it is ready, whatever has become of the control machine.
 */
export const armDeadMan = (port: number): Shell => sh`systemctl stop ${timer(port)} 2>/dev/null || :
systemd-run --quiet --collect --unit=${timerUnit(port)} --on-active=600 --on-unit-inactive=30 --property=Type=oneshot /bin/sh -c ${deadMan(port)}`

export const disarmDeadMan = (port: number): Shell => sh`systemctl stop ${timer(port)} 2>/dev/null || :`

const deadMan = (port: number): string =>
  `if command -v curl >/dev/null && ! curl -ksf --max-time 5 -o /dev/null https://127.0.0.1:${port}/readyz; then exit 0; fi
${openPort(port).text}
systemctl stop ${timer(port)}`

const isVersion4 = (range: string): boolean => !range.includes(':')
const chain = (port: number): Shell => raw(`ROTA-DRAIN-${Number(port)}`)
const timerUnit = (port: number): string => `rota-undrain-${port}`
const timer = (port: number): string => `${timerUnit(port)}.timer`
