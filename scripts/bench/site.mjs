// The bench's steps as a playbook of Rota.
import { readFileSync } from 'node:fs'
import {
  blockInFile,
  directory,
  file,
  group,
  lineInFile,
  link,
  packages,
  play,
  playbook,
  service,
  sysctl,
  user,
} from 'rota'
import * as content from './content.mjs'

const { bench_hosts: hosts, vip } = JSON.parse(readFileSync(process.env.BENCH_SITE, 'utf8'))

await playbook(
  'bench',
  ({ vars }) => {
    const site = { hosts, vip, upstreams: vars.upstreams }
    return [
      play('bench', {
        hosts: 'all',
        tasks: [
          packages({ names: content.packages }),
          group({ name: 'bench', system: true }),
          user({ name: 'bench', system: true, group: 'bench', home: '/nonexistent', shell: '/usr/sbin/nologin' }),
          content.directories.map(args => directory({ owner: 'root', group: 'root', ...args })),
          blockInFile({ path: '/etc/hosts', marker: '# {mark} bench', block: content.hostsBlock(site) }),
          sysctl({ file: '90-bench', values: content.sysctls }),
          content
            .files(site)
            .map(({ reload, ...args }) => file({ owner: 'root', group: 'root', ...args, notify: reload ?? [] })),
          lineInFile({ path: '/etc/bench/env', line: content.lineOfEnv, create: true, mode: '0644' }),
          link({ path: '/etc/bench/current', target: 'conf.d' }),
          content.services.map(name => service({ name, enabled: true, running: true })),
        ],
        handlers: Object.fromEntries(content.services.map(name => [name, service.reload(name)])),
      }),
    ]
  },
  { vars: { upstreams: { type: 'integer', default: 3, description: 'servers behind the proxies' } } },
)
