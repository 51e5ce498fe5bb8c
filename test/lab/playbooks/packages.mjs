#!/usr/bin/env zx
// @ts-check
// Packages that have one name and packages that have two, there or not.
import { defineRole, packages, play, playbook } from 'rota'

const some = defineRole({
  name: 'some-packages',
  params: {
    type: 'object',
    properties: { state: { type: 'string', enum: ['present', 'absent'], default: 'present' } },
  },
  tasks: ({ params }) => [
    packages({
      names: ['nginx', { apt: 'libnginx-mod-stream', dnf: 'nginx-mod-stream' }],
      state: params.state,
      start: false,
    }),
  ],
})

await playbook('packages', [play('packages', { hosts: 'kube_node:spare_nodes', roles: [some()] })])
