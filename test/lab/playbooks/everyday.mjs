#!/usr/bin/env zx
// @ts-check
// What roles do every day, on one host: files, a host's name, a unit, a service, a command, users, edits, a handler, a
// step and a gate.
import {
  command,
  defineRole,
  directory,
  facts,
  file,
  gate,
  hostname,
  lineInFile,
  link,
  play,
  playbook,
  service,
  step,
  systemdUnit,
} from 'rota'

const dir = '/opt/rota-everyday'

const everyday = defineRole({
  name: 'everyday',
  params: { type: 'object', properties: {} },
  tasks: ({ host }) => [
    hostname({ name: `${host.name}-everyday` }),
    directory({ path: `${dir}/sub`, mode: '0750' }),
    file({ path: `${dir}/a file`, content: "it's\n".repeat(3000), mode: '0640', notify: 'count' }),
    link({ path: `${dir}/link`, target: 'a file' }),
    command({ run: `printf 'a b\\n' | sed s/a/c/ | sort >${dir}/sorted`, creates: `${dir}/sorted` }),
    lineInFile({ path: `${dir}/sorted`, line: 'last = 1', regexp: '^last' }),
    systemdUnit({
      name: 'rota-everyday.service',
      content: '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
      notify: 'count',
    }),
    service({ name: 'rota-everyday', enabled: true, running: true }),
    step({
      title: 'a step reads, writes and fails',
      facts: { done: facts.path({ path: `${dir}/stepped` }) },
      needed: ({ done }) => done.type === 'absent' && 'it has not run',
      run: async ({ $ }) => {
        const { stdout } = await $`cat ${`${dir}/sorted`}`
        await $`cat >${`${dir}/stepped`}`.stdin(`${stdout}ü\n`)
        const { exitCode } = await $`exit 3`.nothrow().timeout(20)
        return { changed: true, summary: `exit code ${exitCode}` }
      },
    }),
  ],
  handlers: { count: command({ run: `echo ran >>${dir}/handled`, title: 'count the run' }) },
})

const running = gate({
  name: 'running',
  timeout: 10,
  interval: 0.2,
  facts: () => ({ sleeper: facts.unit({ name: 'rota-everyday.service' }) }),
  check: ({ sleeper }) =>
    sleeper.type === 'unit' && sleeper.activeState === 'active'
      ? { ok: true }
      : { ok: false, expected: 'rota-everyday runs', saw: JSON.stringify(sleeper) },
})

await playbook('everyday', [play('everyday', { hosts: 'all', tags: 'everyday', gate: running, roles: [everyday()] })])
