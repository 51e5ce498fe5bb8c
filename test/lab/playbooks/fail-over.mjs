#!/usr/bin/env zx
// @ts-check
// Restarts the API servers, one master after the other, as upgrade.mjs does it: by its rule, its gate and its drain of
// the port. They are stand-ins here, so there is no role of theirs and no node to drain.
import { defineRole, file, play, playbook, service } from 'rota'
import { apiServerReady, drainApiServer, majority } from 'rota/roles'

const touched = defineRole({
  name: 'fail-over',
  params: { type: 'object', properties: { version: { type: 'integer', default: 1 } } },
  tasks: ({ params }) => [
    file({ path: '/opt/rota-test/version', content: `${params.version}\n`, mode: '0644', notify: 'restart' }),
  ],
  handlers: { restart: service.restart('kube-apiserver') },
})

await playbook('fail-over', [
  play('masters, a few at a time', {
    hosts: 'kube_control_plane',
    serial: '20%',
    gate: apiServerReady(),
    keepAvailable: majority,
    around: [drainApiServer()],
    roles: [touched()],
    anyErrorsFatal: true,
  }),
])
