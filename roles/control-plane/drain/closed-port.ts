import { raw, type Shell, sh } from 'rota'
import type { SafetyNet } from '../../lib/cluster/index.ts'

/**
 * Shell text that turns new connections to a port away with a reset, from everywhere but 127.0.0.1 and `open`: ranges
 * of pods. Those on the host come here through the address of the service, by the kernel's choice, and nobody tries
 * another server for them. A reset is what makes a proxy go to the next server at once; a connection that is open goes
 * on. The chain is ours alone, so adding and removing it can be repeated: one that is closed already has no moment in
 * which it is open.
 */
export const closePort = (port: number, open: readonly string[] = []): Shell => sh`set -eu
complete() {
  for from in "$@"; do "$t" -w 10 -C ${chain(port)} -s "$from" -j RETURN 2>/dev/null || return 1; done
  "$t" -w 10 -C ${chain(port)} -p tcp --syn -j REJECT --reject-with tcp-reset 2>/dev/null
}
close() {
  t=$1
  shift
  if "$t" -w 10 -N ${chain(port)} 2>/dev/null || ! complete "$@"; then
    "$t" -w 10 -F ${chain(port)}
    for from in "$@"; do "$t" -w 10 -A ${chain(port)} -s "$from" -j RETURN; done
    "$t" -w 10 -A ${chain(port)} -p tcp --syn -j REJECT --reject-with tcp-reset
  fi
  "$t" -w 10 -C INPUT -p tcp --dport ${port} -j ${chain(port)} 2>/dev/null || "$t" -w 10 -I INPUT -p tcp --dport ${port} -j ${chain(port)}
}
close iptables 127.0.0.0/8 ${open.filter(isVersion4)}
if command -v ip6tables >/dev/null && ip6tables -w 10 -L INPUT -n >/dev/null 2>&1; then close ip6tables ::1/128 ${open.filter(range => !isVersion4(range))}; fi`

/**
 * Shell text that opens the port again; nothing is done where it is open. Fails where it stays closed, because somebody
 * else has iptables' lock.
 */
export const openPort = (port: number): Shell => sh`for t in iptables ip6tables; do
  command -v "$t" >/dev/null || continue
  while "$t" -w 10 -D INPUT -p tcp --dport ${port} -j ${chain(port)} 2>/dev/null; do :; done
  case $("$t" -w 10 -S INPUT 2>/dev/null) in *"-j ${chain(port)}"*) echo "$t could not open port ${port}" >&2; exit 1 ;; esac
  "$t" -w 10 -F ${chain(port)} 2>/dev/null && "$t" -w 10 -X ${chain(port)} 2>/dev/null || :
done`

/** Shell text that succeeds where the port is closed. */
export const isPortClosed = (port: number): Shell =>
  sh`iptables -w 10 -C INPUT -p tcp --dport ${port} -j ${chain(port)} 2>/dev/null`

/**
 * Should nobody come back, the host opens the port itself as soon as the API server behind it answers, ready or wanting
 * to know who asks, whatever has become of the control machine.
 */
export const undrain = (port: number, seconds: number): SafetyNet => ({
  name: undrainName(port),
  seconds,
  when: sh`command -v curl >/dev/null || exit 0
case $(curl -ks --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' ${`https://127.0.0.1:${port}/readyz`}) in 200 | 401 | 403) ;; *) exit 1 ;; esac`,
  undo: openPort(port),
})

export const undrainName = (port: number): string => `undrain-${Number(port)}`

const isVersion4 = (range: string): boolean => !range.includes(':')
const chain = (port: number): Shell => raw(`ROTA-DRAIN-${Number(port)}`)
