import { setTimeout as sleep } from 'node:timers/promises'
import { type HostView, raw, type StepContext } from 'rota'
import { containerFunction, containerPid } from '../lib/cluster/index.ts'

/** Milliseconds that reads under way in etcd may take to end once nobody sends new ones. */
const settle = 250

/**
 * Does something during which etcd refuses the reads that are under way (a change of its leader: some ten milliseconds)
 * with all API servers held for a second: requests wait in the kernel and are answered after, so no client is told.
 * Each host lets its own go on by itself, whatever becomes of the control machine.
 */
export async function whileHeld<T>(
  { on }: Pick<StepContext, 'on'>,
  masters: readonly HostView[],
  work: () => Promise<T>,
): Promise<T> {
  await Promise.all(masters.map(master => on(master.name)`${hold}`.nothrow().catch(() => undefined)))
  await sleep(settle)
  return work()
}

// What lets it go on is started before it is stopped, and says so more than once: the host may be so busy that the stop
// comes second.
export const hold = raw(`pid=$(systemctl show -p MainPID --value kube-apiserver 2>/dev/null)
[ "\${pid:-0}" -gt 1 ] || pid=$( ${containerFunction({ pod: 'kube-apiserver', container: 'kube-apiserver' })}
${containerPid} )
[ "\${pid:-0}" -gt 1 ] || exit 0
(trap '' HUP INT TERM; for pause in 1 1 2 4; do sleep "$pause"; kill -CONT "$pid"; done) </dev/null >/dev/null 2>&1 &
kill -STOP "$pid"`)
