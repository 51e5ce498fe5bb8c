#!/usr/bin/env zx
// @ts-check
// A gate that is a file on the host: -e gates_broken=HOST keeps it from appearing there.
import { command, defineRole, facts, file, gate, play, playbook } from 'rota'

const ready = gate({
  name: 'ready',
  timeout: 2,
  interval: 0.2,
  facts: () => ({ marker: facts.path({ path: '/opt/rota-test-ready' }) }),
  check: ({ marker }) =>
    marker.type === 'absent' ? { ok: false, expected: '/opt/rota-test-ready', saw: 'no such file' } : { ok: true },
})

const marked = defineRole({
  name: 'gates',
  params: { type: 'object', properties: { broken: { type: 'string', default: '' } } },
  tasks: ({ params, host }) => [
    file({ path: '/opt/rota-test-changed', content: 'changed\n', mode: '0644' }),
    params.broken !== host.name && command({ run: 'touch /opt/rota-test-ready', creates: '/opt/rota-test-ready' }),
  ],
})

const majority = (/** @type {number} */ total) => Math.floor(total / 2) + 1

await playbook('gates', [
  play('gated', { hosts: 'kube_control_plane', serial: 1, tags: ['gated', 'never'], gate: ready, roles: [marked()] }),
  play('available', {
    hosts: 'kube_control_plane',
    serial: 1,
    tags: ['available', 'never'],
    gate: ready,
    keepAvailable: majority,
    roles: [marked()],
  }),
])
