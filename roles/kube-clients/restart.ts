import { command, quote, type Task } from 'rota'
import { containerFunction } from '../lib/cluster/index.ts'

/** Where daemons say that they are healthy, newest first. */
const health: Readonly<Record<string, readonly string[]>> = {
  kubelet: ['http://127.0.0.1:10248/healthz'],
  'kube-proxy': ['http://127.0.0.1:10256/healthz', 'http://127.0.0.1:10249/healthz'],
  'kube-controller-manager': ['https://127.0.0.1:10257/healthz', 'http://127.0.0.1:10252/healthz'],
  'kube-scheduler': ['https://127.0.0.1:10259/healthz', 'http://127.0.0.1:10251/healthz'],
}

/**
 * Starts a daemon anew, be it a unit or a container of the kubelet's, and waits until it is healthy. One that does not
 * run here is left alone.
 */
export const restartDaemon = (daemon: string, timeout: number): Task =>
  command({
    title: `restart ${daemon}`,
    run: `${containerFunction({ pod: daemon, container: daemon })}
if systemctl is-active -q ${quote(daemon)} || systemctl is-enabled -q ${quote(daemon)} 2>/dev/null; then
  systemctl restart ${quote(daemon)} || exit 1
elif container; then
  old=$id
  "$runtime" stop "$old" >/dev/null || exit 1
  for try in $(seq ${timeout}); do
    if container && [ "$id" != "$old" ]; then break; fi
    sleep 1
  done
  [ "$id" != "$old" ] && [ -n "$id" ] || { echo ${quote(`the kubelet has not started ${daemon} again within ${timeout} s`)} >&2; exit 1; }
else
  echo ${quote(`${daemon} does not run here`)}
  exit 0
fi
${healthy(daemon, timeout)}`,
  })

const healthy = (daemon: string, timeout: number): string => {
  const urls = health[daemon] ?? []
  if (urls.length === 0) return ':'
  const asked = urls.map(url => `curl -ksf --noproxy '*' --max-time 3 -o /dev/null ${url}`).join(' || ')
  return `command -v curl >/dev/null || exit 0
for try in $(seq ${timeout}); do
  if ${asked}; then exit 0; fi
  sleep 1
done
echo ${quote(`${daemon} is not healthy ${timeout} s after its restart`)} >&2
exit 1`
}
