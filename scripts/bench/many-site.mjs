// Ten facts of every host, nothing to change: paths that every Debian has.
import { writeFileSync } from 'node:fs'
import { directory, group, play, playbook, user } from 'rota'

await playbook('many', [
  play('ten facts', {
    hosts: 'all',
    tasks: [
      ...['/etc', '/usr', '/var', '/var/lib', '/home', '/srv', '/opt'].map(path => directory({ path, owner: 'root' })),
      user({ name: 'root', home: '/root' }),
      user({ name: 'daemon', uid: 1 }),
      group({ name: 'root', gid: 0 }),
    ],
  }),
])
// Kilobytes, as getrusage has it.
if (process.env.BENCH_MEMORY) writeFileSync(process.env.BENCH_MEMORY, String(process.resourceUsage().maxRSS * 1024))
