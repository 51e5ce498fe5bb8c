import { isIPv6 } from 'node:net'

export const unitName = 'kube-lvs-real-server'

/**
 * The kernel parameters by which a host that has the address on lo never says so to its neighbours: only the director
 * does.
 */
export const sysctlFile = '60-kube-lvs-real-server'
export const silence = {
  'net.ipv4.conf.all.arp_ignore': 1,
  'net.ipv4.conf.all.arp_announce': 2,
  'net.ipv4.conf.lo.arp_ignore': 1,
  'net.ipv4.conf.lo.arp_announce': 2,
} as const

/** The virtual address on lo, now and after every boot; a network manager that is restarted leaves lo alone. */
export const realServerUnit = (address: string): string => {
  const words = `${address}/${isIPv6(address) ? 128 : 32} dev lo`
  return `[Unit]
Description=Virtual address of Kubernetes on lo (LVS real server)
After=network.target systemd-sysctl.service
Before=kubelet.service kube-apiserver.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip address replace ${words}
ExecStop=-/sbin/ip address del ${words}

[Install]
WantedBy=multi-user.target
`
}
