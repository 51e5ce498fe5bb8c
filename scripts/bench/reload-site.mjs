#!/usr/bin/env zx
// @ts-check
// A configuration that differs in every run, and the reloads of two daemons after it: what bench.mjs reload measures.
import { file, packages, play, playbook, service } from 'rota'

await playbook(
  'reload-site',
  ({ vars: { stamp, settle } }) => {
    const watch = settle > 0 ? { settle } : {}
    return [
      play('reloads', {
        hosts: 'all',
        tasks: [
          packages({ names: ['nginx', 'haproxy'] }),
          file({ path: '/etc/nginx/conf.d/bench.conf', content: `# ${stamp}\n`, mode: '0644', notify: 'nginx' }),
          file({ path: '/etc/haproxy/bench.txt', content: `${stamp}\n`, mode: '0644', notify: 'haproxy' }),
        ],
        handlers: { nginx: service.reload('nginx', watch), haproxy: service.reload('haproxy', watch) },
      }),
    ]
  },
  {
    vars: {
      stamp: { type: 'integer', description: 'what is written' },
      settle: { type: 'number', default: 0, description: 'seconds that each reload is watched for, whatever happens' },
    },
  },
)
