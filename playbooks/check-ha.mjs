#!/usr/bin/env zx
// @ts-check
// Looks at everything between a client and an API server: a table, and exit code 2 if anything is not as it shall be.
// Changes nothing.
import { play, playbook } from 'rota'
import { checkHa, kubesprayInventory } from 'rota/roles'

await playbook(
  'check-ha',
  [
    play('the ways to the API servers', {
      hosts: ['kube_control_plane', 'load_balancer', 'k8s_cluster'],
      roles: [checkHa()],
    }),
  ],
  { inventory: kubesprayInventory },
)
