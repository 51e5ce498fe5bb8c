import { command, defineRole, type HostView, type InventoryView } from 'rota'
import { cluster, clusterProblems, isLeaving, isUnset, mastersOf } from '../lib/cluster/index.ts'
import { leaving, lvsKind, vipLoadBalancer, virtualAddress } from '../lib/cluster/params.ts'
import { sysctlFile, unitName } from './unit.ts'

const params = {
  type: 'object',
  properties: {
    everywhere: {
      type: 'boolean',
      default: false,
      description: 'Take it down on every host: the set-up is given up.',
    },
    virtualAddress,
    vipLoadBalancer,
    lvsKind,
    leaving,
  },
} as const

/** No virtual address on lo where LVS does not send packets (any more), and lo's usual behaviour. */
export const lvsRealServerAbsent = defineRole({
  name: 'lvs-real-server-absent',
  description: 'a host that LVS sends no packets to',
  params,
  cluster,
  inventoryCheck: clusterProblems,
  tasks: ({ params, host, inventory }) => {
    if (params.everywhere || isLeaving(host, params.leaving)) return [isGone]
    if (isUnset(params.virtualAddress, inventory)) return []
    return params.vipLoadBalancer === 'lvs' && params.lvsKind === 'DR' && isMaster(host, inventory) ? [] : [isGone]
  },
})

const isMaster = (host: HostView, inventory: InventoryView): boolean =>
  mastersOf(inventory).some(master => master.name === host.name)

const unit = `/etc/systemd/system/${unitName}.service`

const isGone = command({
  title: 'no virtual address of LVS on lo',
  why: `${unit} is there`,
  onlyIf: `[ -e ${unit} ]`,
  run: `systemctl disable --now ${unitName}
for name in all lo; do
  echo 0 >/proc/sys/net/ipv4/conf/$name/arp_ignore
  echo 0 >/proc/sys/net/ipv4/conf/$name/arp_announce
done
rm -f /etc/sysctl.d/${sysctlFile}.conf ${unit}
systemctl daemon-reload`,
})
