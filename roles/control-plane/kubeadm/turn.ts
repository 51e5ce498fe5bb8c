import { setTimeout as sleep } from 'node:timers/promises'
import type { HostView, StepContext } from 'rota'

const lock = '/run/rota-kubeadm-join'

/**
 * Masters join one at a time, also where several hosts are worked on at once: whoever holds a directory on the master that they join
 * through. One that a run has left behind is its host's to take over, and everybody's after `patience`: the seconds that all its work may take.
 */
export async function whileAlone<T>(
  { host, on }: Pick<StepContext, 'host' | 'on'>,
  through: HostView,
  patience: number,
  work: () => Promise<T>,
): Promise<T> {
  const peer = on(through.name)
  const minutes = Math.ceil(patience / 60)
  const until = Date.now() + minutes * 60_000
  const take = () =>
    peer`if mkdir ${lock} 2>/dev/null; then echo ${host.name} >${`${lock}/host`}; exit 0; fi
[ "$(cat ${`${lock}/host`} 2>/dev/null)" != ${host.name} ] || exit 0
[ -z "$(find ${lock} -maxdepth 0 -mmin +${minutes})" ] || rm -rf ${lock}
exit 1`.nothrow()
  while ((await take()).exitCode !== 0) {
    if (Date.now() > until) throw new Error(`another master has been joining through ${through.name} for too long`)
    await sleep(2000)
  }
  try {
    return await work()
  } finally {
    // Another host may have taken it over meanwhile.
    await peer`[ "$(cat ${`${lock}/host`} 2>/dev/null)" != ${host.name} ] || rm -rf ${lock}`
      .nothrow()
      .catch(() => undefined)
  }
}
