// Hosts whose only work takes as long as the inventory says.
import { command, play, playbook } from 'rota'

await playbook('windows', [
  play('work', {
    hosts: 'all',
    serial: 4,
    tasks: ({ host }) => [command({ title: 'works', run: ['sleep', String(host.var('work'))] })],
  }),
])
