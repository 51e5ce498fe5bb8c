#!/usr/bin/env zx
// @ts-check
// Nothing but a connection to masters of an inventory of kubespray, and what sshd says of where it came from.
import { command, play, playbook } from 'rota'
import { kubesprayInventory } from 'rota/roles'

await playbook(
  'behind',
  [
    play('masters', {
      hosts: 'kube_control_plane',
      tasks: [command({ title: 'where from', run: 'echo "$SSH_CONNECTION" >/run/rota-test-from' })],
    }),
  ],
  { inventory: kubesprayInventory },
)
