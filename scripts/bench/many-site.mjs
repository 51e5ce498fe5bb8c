// Ten facts of every host, nothing to change: paths that every Debian has.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { directory, group, play, playbook, user } from 'rota'

const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
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
// getrusage has kilobytes; nobody is shown anything new while the event loop stands still.
const own = {
  memory: process.resourceUsage().maxRSS * 1024,
  pause: delay.max / 1e6,
  pause99: delay.percentile(99) / 1e6,
}
if (process.env.BENCH_OWN) writeFileSync(process.env.BENCH_OWN, JSON.stringify(own))
