#!/usr/bin/env zx
// @ts-check
// Kinds of tasks that need a real host: repositories of apt and of dnf, and the ports of nftables.
import { defineRole, firewall, packages, play, playbook, repository } from 'rota'

/** @type {{ readonly type: 'string', readonly enum: readonly ['present', 'absent'], readonly default: 'present' }} */
const state = { type: 'string', enum: ['present', 'absent'], default: 'present' }

const source = defineRole({
  name: 'source',
  params: {
    type: 'object',
    properties: {
      key: { type: 'string', text: 'lines', default: '' },
      url: { type: 'string', default: 'file:/opt/rota-source' },
      state,
    },
  },
  tasks: ({ params: { key, url, state } }) => [
    repository({
      name: 'rota-source',
      ...(key === '' ? {} : { apt: { uris: url, suites: './', signedBy: key } }),
      dnf: { baseurl: url, gpgcheck: false },
      state,
    }),
    state === 'present' && key !== '' && packages({ names: ['rota-source'] }),
  ],
})

const ports = defineRole({
  name: 'ports',
  params: {
    type: 'object',
    properties: { open: { type: 'array', items: { type: 'string' }, default: ['6443/tcp', '8000-8010/udp'] }, state },
  },
  tasks: ({ params: { open, state } }) => [firewall({ ports: open, from: ['10.0.0.0/8', 'fd00::/8'], state })],
})

await playbook('task-kinds', [
  play('source', { hosts: 'kube_node:spare_nodes', tags: 'source', roles: [source()] }),
  play('ports', { hosts: 'kube_node', tags: 'ports', roles: [ports()] }),
])
