#!/usr/bin/env zx
// @ts-check
import { directory, play, playbook } from 'rota'

await playbook('nodes', [
  play('nodes', { hosts: 'kube_node', tasks: [directory({ path: '/opt/rota-test', mode: '0755' })] }),
])
