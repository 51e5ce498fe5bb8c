#!/usr/bin/env zx
// @ts-check
// Files in a folder of the test's own, with a handler that counts its runs; -e files_fail=HOST makes a task fail there.
import { command, defineRole, directory, file, play, playbook } from 'rota'

const files = defineRole({
  name: 'files',
  params: {
    type: 'object',
    properties: {
      dir: { type: 'string', default: '/opt/rota-test' },
      text: { type: 'string', default: 'hello' },
      failOn: { type: 'string', default: '', var: 'files_fail' },
      count: { type: 'integer', default: 1 },
      password: { type: 'string', default: '', secret: true },
      sleep: { type: 'integer', default: 0 },
    },
  },
  tasks: ({ params, host }) => [
    directory({ path: params.dir, mode: '0755' }),
    Array.from({ length: params.count }, (_, index) =>
      file({
        path: `${params.dir}/file-${index}`,
        content: `${params.text} ${index}\n`,
        mode: '0644',
        notify: 'count',
      }),
    ),
    params.password !== '' &&
      file({ path: `${params.dir}/secret`, content: `${params.password}\n`, mode: '0600', secret: true }),
    params.sleep > 0 &&
      command({ run: `sleep ${params.sleep}; echo done >${params.dir}/slept`, creates: `${params.dir}/slept` }),
    params.failOn === host.name && command({ run: `echo it broke; exit 7`, title: 'a task that fails' }),
    params.sleep > 0 && file({ path: `${params.dir}/after`, content: 'after\n', mode: '0644' }),
  ],
  handlers: { count: command({ run: 'echo ran >>/opt/rota-test-handler', title: 'count the run' }) },
})

await playbook('files', [play('files', { hosts: 'kube_control_plane', serial: 1, tags: 'files', roles: [files()] })])
