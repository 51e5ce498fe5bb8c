#!/usr/bin/env zx
// @ts-check
// One host waits for another's gate: a play asks it something, then comes the other, then it is asked again.
import { directory, facts, gate, play, playbook } from 'rota'

let begun = 0
const slow = gate({
  name: 'four seconds have passed since it was first asked',
  timeout: 10,
  interval: 0.5,
  facts: () => ({ etc: facts.path({ path: '/etc' }) }),
  check: () => {
    begun ||= Date.now()
    const passed = Date.now() - begun
    return passed > 4000 ? { ok: true } : { ok: false, expected: 'four seconds', saw: `${passed} ms` }
  },
})

const tasks = () => [directory({ path: '/opt/rota-test', mode: '0755' })]

await playbook('waits', [
  play('one', { hosts: 'node-1', tasks: tasks() }),
  play('another', { hosts: 'node-2', gate: slow, tasks: tasks() }),
  play('the one again', { hosts: 'node-1', tasks: tasks() }),
])
