// @ts-check
/** @import { Host } from '../types.ts' */
/** @import { HostFile } from './files.mjs' */
import { podAddresses } from './cluster.mjs'

/**
 * The network of pods on a host, which spares have too: it is what a network plugin would bring by itself. Each host
 * has a bridge and addresses of its own, and a route to those of every other. kubespray says `kube_network_plugin: cni`
 * to it.
 * @param {readonly Host[]} hosts of the lab
 * @param {Host} host
 * @returns {readonly HostFile[]}
 */
export const podNetwork = (hosts, host) => [
  { path: '/etc/cni/net.d/10-lab.conflist', mode: '0644', text: `${JSON.stringify(bridge(hosts, host), null, 2)}\n` },
  { path: '/etc/systemd/system/lab-pod-network.service', mode: '0644', text: routes(hosts, host) },
]

/** @param {readonly Host[]} hosts @param {Host} host */
const subnetOf = (hosts, host) => `10.233.${64 + hosts.findIndex(({ name }) => name === host.name)}.0/24`

/** @param {readonly Host[]} hosts @param {Host} host */
const bridge = (hosts, host) => ({
  cniVersion: '0.3.1',
  name: 'lab',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: subnetOf(hosts, host) }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
})

/**
 * Docker lets nobody through a host that it has made a router: what is for pods is let through, as flannel does.
 * @param {readonly Host[]} hosts
 * @param {Host} host
 */
const routes = (hosts, host) => `[Unit]
Description=ways to the pods of other hosts
After=network.target docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/sysctl -q -w net.ipv4.ip_forward=1
${['s', 'd'].map(side => `ExecStart=/bin/sh -c 'iptables -C FORWARD -${side} ${podAddresses} -j ACCEPT 2>/dev/null || iptables -A FORWARD -${side} ${podAddresses} -j ACCEPT'\n`).join('')}${hosts
  .filter(({ name }) => name !== host.name)
  .map(other => `ExecStart=/usr/sbin/ip route replace ${subnetOf(hosts, other)} via ${other.ip}\n`)
  .join('')}
[Install]
WantedBy=multi-user.target
`
