// @ts-check
// What is rolled out while something dies: each way in which the engine changes a host, and nothing that needs a
// daemon. What stands for one is a file: a handler writes down which configuration it has loaded.
import {
  absent,
  around,
  command,
  defineRole,
  directory,
  facts,
  fetch,
  file,
  gate,
  holds,
  lineInFile,
  link,
  play,
  step,
} from 'rota'

export const etc = '/srv/etc'
export const log = '/srv/log'

/** What the daemon would have loaded, in a few characters. */
const digest = `cat ${etc}/app/app.conf ${etc}/app/new.env ${etc}/app/late.conf 2>/dev/null | sha256sum | cut -c1-8`

const app = defineRole({
  name: 'app',
  params: { type: 'object', properties: { fetched: { type: 'string' } }, required: ['fetched'] },
  tasks: ({ params }) => [
    directory({ path: `${etc}/app`, mode: '0750' }),
    file({
      path: `${etc}/app/app.conf`,
      content: 'new = 1\n'.repeat(50),
      mode: '0644',
      owner: 'root',
      validate: 'grep -q new',
      notify: 'reload',
    }),
    file({ path: `${etc}/app/new.env`, content: 'SECRET=x\n', mode: '0600', notify: ['reload', 'restart'] }),
    directory({ path: `${etc}/made`, mode: '0700', owner: '1' }),
    lineInFile({ path: `${etc}/list`, line: 'three' }),
    link({ path: `${etc}/current`, target: 'app' }),
    absent({ path: `${etc}/stale` }),
    file({ path: `${etc}/shared/motd`, content: 'new\n' }),
    file({ path: `${etc}/closed`, content: 'same\n', mode: '0600' }),
    step({
      title: 'migrate',
      notify: 'restart',
      facts: { done: facts.path({ path: `${etc}/migrated` }) },
      needed: ({ done }) => (done.type === 'absent' ? 'not migrated' : false),
      run: async ({ $ }) => {
        await $`: >${etc}/migrated`
        return {}
      },
    }),
    file({ path: `${etc}/app/late.conf`, content: 'late = 1\n', notify: 'reload' }),
    fetch({ path: `${etc}/app/app.conf`, to: params.fetched }),
  ],
  handlers: {
    reload: command({ title: 'reload', run: `${digest} >>${log}/reload` }),
    restart: command({ title: 'restart', run: `echo restarted >>${log}/restart` }),
  },
})

/** @param {string} fetched where a file of the host is fetched to */
export const plays = fetched => [
  play('app', {
    hosts: 'all',
    roles: [app({ fetched })],
    around: [
      around({
        name: 'service',
        enter: async ({ $ }) => void (await $`: >${etc}/out-of-service`),
        leave: async ({ $ }) => void (await $`rm -f ${etc}/out-of-service`),
      }),
    ],
    gate: gate({
      name: 'the daemon has the newest configuration',
      interval: 1,
      timeout: 3,
      facts: () => ({ loaded: facts.command({ run: `[ "$(tail -n 1 ${log}/reload)" = "$(${digest})" ]` }) }),
      check: ({ loaded }) =>
        loaded.exitCode === 0 ? holds : { ok: false, expected: 'the newest', saw: 'an older one' },
    }),
  }),
]
