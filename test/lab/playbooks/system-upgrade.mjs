#!/usr/bin/env zx
// @ts-check
// Packages of hosts and their reboot as in upgrade.mjs, on hosts without Kubernetes: no node is drained.
import { play, playbook } from 'rota'
import { apiServerReady, drainApiServer, majority, systemUpgrade } from 'rota/roles'

await playbook('system-upgrade', [
  play('masters', {
    hosts: 'kube_control_plane',
    serial: '20%',
    gate: apiServerReady(),
    keepAvailable: majority,
    around: [drainApiServer({ grace: 0, settle: 0 })],
    roles: [systemUpgrade()],
    anyErrorsFatal: true,
  }),
  play('nodes', { hosts: 'kube_node', roles: [systemUpgrade()], anyErrorsFatal: true }),
])
