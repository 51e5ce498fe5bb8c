#!/usr/bin/env zx
// @ts-check
// A real nginx whose configuration is params.text, as it stands.
import { defineRole, file, packages, play, playbook, service } from 'rota'

const nginx = defineRole({
  name: 'plain-nginx',
  params: { type: 'object', properties: { directive: { type: 'string', default: 'worker_connections 64;' } } },
  tasks: ({ params }) => [
    packages({ names: ['nginx'] }),
    file({
      path: '/etc/nginx/nginx.conf',
      content: `pid /run/nginx.pid;\nevents { ${params.directive} }\n`,
      mode: '0644',
      validate: 'nginx -t -c',
      notify: 'reload',
    }),
    service({ name: 'nginx', enabled: true, running: true }),
  ],
  handlers: { reload: service.reload('nginx') },
})

await playbook('nginx', [play('nginx', { hosts: 'node-2', roles: [nginx()] })])
