import { assert, computed, facts, type HostView, type InventoryView, type Task } from 'rota'
import { cluster, etcdMembersOf, isEtcdOfHosts } from '../lib/cluster/index.ts'
import { memberIn, seenFacts } from './kubespray/seen.ts'

/** Somebody else's etcd on this host is not stopped by surprise. One that kubespray has made is nobody else's. */
export const nobodyElses = (own: string): Task =>
  assert({
    that: 'no other etcd runs here',
    holds: computed({ other: facts.unit({ name: 'etcd.service' }), ...seenFacts }, ({ other, ...seen }) => {
      if (other.type !== 'unit' || other.activeState !== 'active' || !other.fragmentPath.startsWith('/etc/'))
        return undefined
      const their = memberIn(seen)
      if (their === 'none')
        return `etcd.service runs on this host, and neither a package nor kubespray has put it there: ${own}.service does not replace it on its own: set etcd_deployment_type to external, and it is left as it is`
      return 'unclear' in their ? their.unclear : undefined
    }),
  })

/**
 * The same for a host that shall have a member in kubespray's layout: its unit takes the place of a package's, but not
 * that of one that runs. Whatever else has its ports is no member that could be joined either.
 */
export const portsAreFree = (ports: readonly number[]): Task =>
  assert({
    that: 'no other etcd runs here',
    holds: computed(
      { other: facts.unit({ name: 'etcd.service' }), listening: facts.listeningPorts({}), ...seenFacts },
      ({ other, listening, ...seen }) => {
        const their = memberIn(seen)
        if (their !== 'none') return 'unclear' in their ? their.unclear : undefined
        if (other.type === 'unit' && other.activeState === 'active')
          return `etcd.service (${other.fragmentPath}) runs on this host, and is no member of this cluster: stop and disable it (systemctl disable --now etcd), or take the host out of the group etcd`
        const taken = ports.filter(port => listening.some(one => one.port === port))
        return taken.length === 0
          ? undefined
          : `somebody listens on port ${taken.join(' and ')} of this host already (ss -ltnp says who), and a member of etcd would not start: stop it, or take the host out of the group etcd`
      },
    ),
  })

/**
 * The same for a playbook that is about to take a member out: found out before anything is changed, because the member
 * that would be left behind is one that nobody counts on any more.
 */
export const etcdIsOurs = ({
  host,
  inventory,
}: {
  readonly host: HostView
  readonly inventory: InventoryView
}): readonly Task[] => {
  const { etcdDeployment, etcdUnit } = inventory.cluster(cluster, host)
  const isMember = etcdMembersOf(inventory).some(member => member.name === host.name)
  return isMember && isEtcdOfHosts(etcdDeployment) ? [nobodyElses(etcdUnit)] : []
}
