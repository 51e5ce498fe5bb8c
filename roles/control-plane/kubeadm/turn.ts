import { setTimeout as sleep } from 'node:timers/promises'
import type { HostView, StepContext } from 'rota'
import { mastersOf } from '../../lib/cluster/index.ts'
import type { Params } from '../daemons/daemons.ts'

const lock = '/run/rota-kubeadm'

type Context = Pick<StepContext, 'host' | 'inventory' | 'on'>

/**
 * What kubeadm does to the cluster is done by one master at a time, whatever it is and however many hosts are worked on
 * at once: whoever is named in a file on the first master that can be reached, with the second of that host's uptime
 * and how many it may take. A turn that a run has left behind is its host's to take over, and everybody's after that.
 * `patience`: the seconds that all its work may take.
 */
export async function whileAlone<T>(
  context: Context,
  params: Pick<Params, 'leaving'>,
  patience: number,
  work: () => Promise<T>,
): Promise<T> {
  const { host, inventory, on } = context
  const masters = mastersOf(inventory, params.leaving)
  const place = await firstReachable(context, masters)
  const peer = on(place.name)
  // Its last look comes after the one that ends somebody else's turn.
  const until = Date.now() + patience * 1000 * Math.max(1, masters.length - 1) + 5000
  // Those who ask are answered one after another: they share the one shell that the run has on that master.
  const take = () =>
    peer`read -r up _ </proc/uptime
up=\${up%%.*}
if (set -C; echo ${host.name} "$up" ${patience} >${lock}) 2>/dev/null; then exit 0; fi
who='' since='' limit=''
read -r who since limit <${lock} || :
[ "$who" != ${host.name} ] || exit 0
[ "$up" -lt "$((\${since:-0} + \${limit:-0}))" ] || rm -rf ${lock}
exit 1`.nothrow()
  while ((await take()).exitCode !== 0) {
    if (Date.now() > until)
      throw new Error(`another master has had its turn with kubeadm on ${place.name} for too long`)
    await sleep(2000)
  }
  try {
    return await work()
  } finally {
    // Another host may have taken it over meanwhile.
    await peer`read -r who _ <${lock} && [ "$who" != ${host.name} ] || rm -rf ${lock}`.nothrow().catch(() => undefined)
  }
}

/** All masters of a run come to the same one. */
async function firstReachable({ host, on }: Context, masters: readonly HostView[]): Promise<HostView> {
  for (const master of masters) {
    const reached = await on(master.name)`:`.nothrow().then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    )
    if (reached) return master
  }
  return host
}
