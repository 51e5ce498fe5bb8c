import { setTimeout as sleep } from 'node:timers/promises'
import { type Around, around, type HookContext } from 'rota'
import { callOff, canArm, cluster, httpsUrl, isLeaving, netPatience, servingStatuses } from '../../lib/cluster/index.ts'
import { serves } from '../gate/serves.ts'
import { openPort, undrainName } from './closed-port.ts'
import { notAtBoot, turnAway } from './over-boot.ts'

export interface DrainApiServerOptions {
  /**
   * Seconds between closing the port and the first change, for requests under way and for load balancers to notice;
   * default 3.
   */
  readonly grace?: number
  /**
   * Seconds after the port of one host is open again before the next one's is closed. Default: 2, and 15 where proxies
   * may know of two masters only: nginx leaves a server that has refused a connection alone for ten seconds
   * (`fail_timeout`), then each of its workers tries it with one connection and with no other until that one has ended
   * well. Until then nobody but this one would be left. A third master may be joining, whom no proxy lists yet.
   */
  readonly settle?: number
}

/**
 * Takes an API server out of service before it restarts, and back when it is ready, with no failed connection. Stopping
 * it is not enough: between closing its port and being ready again there are moments in which it accepts connections
 * and drops them, or answers before it can (its port is open some seconds before /readyz says so). A proxy without
 * health checks of its own, such as nginx, would send clients there. So the host itself refuses new connections all the
 * while, which every proxy takes for "next server, please".
 */
export const drainApiServer = (options: DrainApiServerOptions = {}): Around => {
  // When a host of this run was put back last: the next one waits for what is left of the time, and after the last
  // nobody does.
  let putBack = 0
  const closed = new Set<string>()
  return around({
    name: 'new connections go to other masters',
    cluster,
    enter: async ({ host, $, say, cluster: values }) => {
      const { apiserverPort: port, masters } = values
      if ((await $`command -v iptables`.nothrow()).exitCode !== 0) {
        say(
          `${host.name}: iptables is not installed, new connections are not turned away while the API server restarts`,
        )
        return
      }
      if ((await $`${canArm}`.nothrow()).exitCode !== 0) {
        say(
          `${host.name}: there is no systemd that would let new connections in again should this machine die, so they are not turned away while the API server restarts`,
        )
        return
      }
      const settle = (options.settle ?? (masters.length <= 3 ? 15 : 2)) * 1000
      await sleep(Math.max(0, putBack + settle - Date.now()))
      await turnAway($, values)
      closed.add(host.name)
      if (await serves($, port)) await sleep((options.grace ?? 3) * 1000)
    },
    leave: async context => {
      const { $, host, say } = context
      const { apiserverPort: port, drainLimit } = context.cluster
      const seen = await $`${openPort(port)}
${notAtBoot(port)}
${callOff(undrainName(port))}`
      if (closed.delete(host.name) && seen.stdout === '')
        say(
          `${host.name}: its work took longer than ${netPatience} times ${drainLimit} s, so the host has let new connections in again before the end, and some may have failed: set a higher kube_apiserver_drain_limit`,
        )
      // On a node that stays, its proxy has the port now, for the host itself alone.
      if (!isLeaving(host, context.cluster.leaving)) await answersAtItsAddress(context)
      putBack = Date.now()
    },
  })
}

/** The gate dials 127.0.0.1; that the host serves at the address that others use is only true now. */
async function answersAtItsAddress({
  host,
  $,
  cluster: { apiserverPort: port, kubeConfigDir },
}: HookContext<typeof cluster>): Promise<void> {
  if ((await $`command -v curl`.nothrow()).exitCode !== 0) return
  if (!(await serves($, port))) return
  const url = httpsUrl(host.address, port, '/readyz')
  const ca = `${kubeConfigDir}/pki/ca.crt`
  for (let left = 15; ; left -= 1) {
    const answer =
      await $`curl -sS --noproxy '*' --max-time 5 --cacert ${ca} -o /dev/null -w ${'%{http_code}'} ${url}`.nothrow()
    if (servingStatuses.some(status => answer.stdout === `${status}`)) return
    if (left === 0)
      throw new Error(
        `${url} does not answer 200 after new connections were let in again: ${(answer.stderr || answer.stdout).trim()}`,
      )
    await sleep(2000)
  }
}
