#!/usr/bin/env zx
// @ts-check
// What a host would have to undo by itself, each under a tag of its own, for a control machine that dies in the midst
// of it.
import { command, defineRole, file, packages, play, playbook, step } from 'rota'
import { drainApiServer, keepalived, keepalivedAbsent } from 'rota/roles'

const { whileHeld } = await import('../../../roles/etcd/hold.ts')
const { whileAlone } = await import('../../../roles/control-plane/kubeadm/turn.ts')
const { mastersOf } = await import('../../../roles/lib/cluster/index.ts')

const masters = 'kube_control_plane'

/** Work that ends when the test says so. */
const untilTold = 'until [ -e /run/rota-test-go ]; do sleep 0.2; done'

// A loss may be noticed by the host only when it says that the next change has begun: that one lasts as well.
const owing = defineRole({
  name: 'owing',
  params: { type: 'object', properties: { waits: { type: 'boolean', default: false } } },
  tasks: ({ params: { waits } }) => [
    file({ path: '/opt/rota-test-owing', content: 'new\n', mode: '0644', notify: 'count' }),
    waits && [untilTold, 'sleep 2'].map(run => command({ title: 'work', run })),
  ],
  handlers: { count: command({ title: 'count the run', run: 'echo ran >>/opt/rota-test-owing.count' }) },
})

await playbook(
  'nets',
  ({ vars }) => {
    const seconds = Number(vars.seconds)
    const wait = () => new Promise(resolve => setTimeout(resolve, seconds * 1000))
    return [
      play('a master is drained', {
        hosts: masters,
        tags: 'drain',
        around: [drainApiServer({ grace: 0, settle: 0 })],
        tasks: [command({ title: 'work', run: vars.waits ? untilTold : vars.dies ? 'sleep 5' : 'true' })],
      }),
      play('API servers are held', {
        hosts: 'master-1',
        tags: 'hold',
        tasks: ({ inventory }) => [
          step({
            title: 'hold',
            run: async context => {
              await whileHeld(context, mastersOf(inventory), wait)
              return {}
            },
          }),
        ],
      }),
      play('a master has its turn', {
        hosts: masters,
        tags: 'turn',
        tasks: () => [
          step({
            title: 'turn',
            run: async context => {
              await whileAlone(context, { leaving: [] }, 4, wait)
              return {}
            },
          }),
        ],
      }),
      play('the virtual address', {
        hosts: masters,
        tags: 'vip',
        roles: [keepalived({ checkScript: '/bin/true', checkWeight: 0 })],
      }),
      // Who leaves, leaves for every role of the playbook.
      ...(vars.leaving === ''
        ? []
        : [
            play('it goes elsewhere', {
              hosts: String(vars.leaving),
              tags: 'move',
              roles: [keepalivedAbsent({ leaving: String(vars.leaving), moveLimit: 5 })],
            }),
          ]),
      play('a handler is owed', { hosts: 'master-1', tags: 'owing', roles: [owing({ waits: vars.waits === true })] }),
      play('a package', {
        hosts: 'node-1',
        tags: 'package',
        tasks: [packages({ names: ['haproxy'], start: false, lockTimeout: 60 })],
      }),
    ]
  },
  {
    vars: {
      seconds: { type: 'integer', default: 0, description: 'how long the work takes' },
      waits: { type: 'boolean', default: false, description: 'work ends when the test says so' },
      dies: { type: 'boolean', default: false, description: 'work lasts until the control machine is dead' },
      leaving: { type: 'string', default: '', description: 'the host that gives the address away' },
    },
  },
)
