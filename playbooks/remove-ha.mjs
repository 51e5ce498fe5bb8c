#!/usr/bin/env zx
// @ts-check
// Gives the virtual address and the load balancers behind it up, on every host; API servers and the proxies of nodes
// stay. Clients that use the address lose their way to the API servers, so it has to be said that this is meant.
import { play, playbook } from 'rota'
import { haproxyAbsent, keepalivedAbsent, kubesprayInventory, lvsRealServerAbsent, nginxVipAbsent } from 'rota/roles'

const everywhere = { everywhere: true }

await playbook(
  'remove-ha',
  [
    play('no virtual address', {
      hosts: ['load_balancer', 'kube_control_plane'],
      roles: [keepalivedAbsent(everywhere)],
      anyErrorsFatal: true,
    }),
    play('no load balancer behind it', {
      hosts: ['load_balancer', 'kube_control_plane'],
      roles: [haproxyAbsent(everywhere), nginxVipAbsent(everywhere), lvsRealServerAbsent(everywhere)],
      anyErrorsFatal: true,
    }),
  ],
  {
    description:
      'Gives the virtual address and the load balancers behind it up. Clients that use the address lose their way to the API servers.',
    // A part of it would leave the address without what is behind it.
    needsEveryPlay: true,
    inventory: kubesprayInventory,
    vars: {
      confirm: { type: 'string', enum: ['yes'], description: 'yes: no client uses the virtual address any more' },
    },
  },
)
