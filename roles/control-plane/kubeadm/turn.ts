import { setTimeout as sleep } from 'node:timers/promises'
import type { HostView, StepContext } from 'rota'

const lock = '/run/rota-kubeadm-join'

/**
 * Masters join one at a time, also where several hosts are worked on at once: whoever is named in a file on the master
 * that they join through, with the second of that host's uptime. A turn that a run has left behind is its host's to
 * take over, and everybody's after `patience`: the seconds that all its work may take.
 */
export async function whileAlone<T>(
  { host, on }: Pick<StepContext, 'host' | 'on'>,
  through: HostView,
  patience: number,
  work: () => Promise<T>,
): Promise<T> {
  const peer = on(through.name)
  // Its last look comes after the one that ends somebody else's turn.
  const until = Date.now() + patience * 1000 + 5000
  // Those who ask are answered one after another: they share the one shell that the run has on that master.
  const take = () =>
    peer`read -r up _ </proc/uptime
up=\${up%%.*}
if (set -C; echo ${host.name} "$up" >${lock}) 2>/dev/null; then exit 0; fi
who='' since=''
read -r who since <${lock} || :
[ "$who" != ${host.name} ] || exit 0
[ "$up" -lt "$((\${since:-0} + ${patience}))" ] || rm -rf ${lock}
exit 1`.nothrow()
  while ((await take()).exitCode !== 0) {
    if (Date.now() > until) throw new Error(`another master has been joining through ${through.name} for too long`)
    await sleep(2000)
  }
  try {
    return await work()
  } finally {
    // Another host may have taken it over meanwhile.
    await peer`read -r who _ <${lock} && [ "$who" != ${host.name} ] || rm -rf ${lock}`.nothrow().catch(() => undefined)
  }
}
