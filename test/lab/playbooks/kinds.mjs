#!/usr/bin/env zx
// @ts-check
// Kinds of tasks that only a real host can show: jobs, the timezone, what is held, a reboot.
import { fileURLToPath } from 'node:url'
import {
  alternatives,
  command,
  cron,
  defineRole,
  directory,
  file,
  hold,
  iniFile,
  play,
  playbook,
  reboot,
  template,
  timer,
  timezone,
  waitFor,
} from 'rota'

const dir = '/opt/rota-kinds'
const source = fileURLToPath(new URL('kinds.conf.j2', import.meta.url))

const kinds = defineRole({
  name: 'kinds',
  params: {
    type: 'object',
    properties: {
      schedule: { type: 'string', default: '*-*-* *:*:*' },
      reboot: { type: 'boolean', default: false },
      gone: { type: 'boolean', default: false },
    },
  },
  tasks: ({ params, host }) =>
    params.gone
      ? [
          timer({ name: 'rota-kinds', state: 'absent' }),
          cron({ name: 'rota-kinds', state: 'absent' }),
          hold({ names: ['bash'], state: 'absent' }),
          alternatives({ name: 'rota-pager', path: '/bin/cat', state: 'absent' }),
        ]
      : [
          directory({ path: dir }),
          directory({ path: '/etc/cron.d' }),
          timezone({ name: 'Europe/Berlin' }),
          hold({ names: ['bash'] }),
          alternatives({ name: 'rota-pager', path: '/bin/cat', link: '/usr/local/bin/rota-pager' }),
          iniFile({ path: `${dir}/a.ini`, section: 'main', option: 'a', value: 1, create: true }),
          template({ path: `${dir}/a.conf`, source, host, values: { words: ['one', 'two'] } }),
          cron({ name: 'rota-kinds', job: 'true', specialTime: 'daily' }),
          timer({
            name: 'rota-kinds',
            run: `printf '%s|' "$A" '100%' "\\$x" >${dir}/said; date +%Z >>${dir}/said`,
            env: { A: `it's "50%"` },
            onCalendar: params.schedule,
            accuracySec: '1s',
          }),
          waitFor({ check: { run: ['test', '-s', `${dir}/said`] }, timeout: 10, interval: 0.3 }),
          params.reboot && file({ path: '/run/reboot-required', content: '', notify: 'count' }),
          reboot({ timeout: 60, testCommand: 'systemctl is-active ssh.service' }),
          params.reboot && file({ path: `${dir}/after`, content: 'the reboot\n' }),
        ],
  handlers: {
    count: command({ run: `systemctl show -P UserspaceTimestampMonotonic >>${dir}/handled`, title: 'count' }),
  },
})

await playbook('kinds', [play('kinds', { hosts: 'node-2', roles: [kinds()] })])
