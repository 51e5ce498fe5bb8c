import { assert, computed, facts, type HostView, type InventoryView, type Task } from 'rota'
import { cluster, etcdMembersOf } from '../lib/cluster/index.ts'

/** Somebody else's etcd on this host, such as kubespray's own unit, is not stopped by surprise. */
export const nobodyElses = (own: string): Task =>
  assert({
    that: 'no other etcd runs here',
    holds: computed({ other: facts.unit({ name: 'etcd.service' }) }, ({ other }) =>
      other.type === 'unit' && other.activeState === 'active' && other.fragmentPath.startsWith('/etc/')
        ? `etcd.service runs on this host and was not put there by a package: ${own}.service does not replace it on its own: set etcd_deployment_type to external, and it is left as it is`
        : undefined,
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
  return isMember && etcdDeployment === 'host' ? [nobodyElses(etcdUnit)] : []
}
