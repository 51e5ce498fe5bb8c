import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { os } from '../../../engine/facts/index.ts'
import {
  assert as assertThat,
  computed,
  group,
  hostname,
  kernelModule,
  sysctl,
  user,
} from '../../../engine/tasks/index.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const gone = { type: 'absent' }

test('sysctl', () => {
  const task = sysctl({
    file: '60-a',
    values: { 'net.ipv4.ip_forward': 1, 'net.ipv4.tcp_rmem': '4096 87380  6291456' },
  })
  const plan = (values: readonly (string | undefined)[], file: unknown, changed = false) =>
    planWith(
      task,
      ({ kind, args }) => {
        if (kind.name === 'path')
          return (args as { path: string }).path === '/etc/sysctl.d' ? entry({ type: 'directory' }) : file
        const value = values[(args as { key: string }).key.endsWith('forward') ? 0 : 1]
        return value === undefined ? {} : { value }
      },
      { changed },
    )
  const written = plan(['1', '4096 87380 6291456'], gone)
  assert.is(planText(written), '/etc/sysctl.d/60-a.conf does not exist')
  assert.is(written?.diff?.after, 'net.ipv4.ip_forward = 1\nnet.ipv4.tcp_rmem = 4096 87380 6291456\n')
  const both = plan(['0', '4096 87380 6291456'], gone)
  assert.is(planText(both), 'net.ipv4.ip_forward 0 → 1, /etc/sysctl.d/60-a.conf does not exist')
  assert.match(both?.apply.text ?? '', '1 > /proc/sys/net/ipv4/ip_forward')
  assert.match(
    planText(plan([undefined, '4096 87380 6291456'], gone)),
    'refused: the kernel has no net.ipv4.ip_forward',
  )
  assert.match(planText(plan([undefined, '4096 87380 6291456'], gone, true)), '(none) → 1')
  assert.is(problemsOf(sysctl({ file: '../x', values: { 'a;b': 1, 'net.ipv4.../../x': 1 } })).length, 3)
  assert.equal(problemsOf(sysctl({ file: 'a', values: { 'net/ipv4/conf/eth0.100/rp_filter': 0 } })), [])
})

test('kernelModule', () => {
  const plan = (state: string, file: unknown, atBoot?: boolean) =>
    planText(
      planWith(kernelModule({ name: 'br_netfilter', ...(atBoot === undefined ? {} : { atBoot }) }), ({ kind }) =>
        kind.name === 'kernelModule' ? { state } : file,
      ),
    )
  assert.is(plan('available', gone), 'not loaded, not loaded at boot')
  assert.is(plan('builtin', gone, false), 'nothing')
  assert.is(plan('missing', gone), 'refused: this kernel has no module br_netfilter')
})

test('hostname', () => {
  const plan = (now: string, file: unknown, programs: readonly string[] = ['hostname'], bySystemd = false) =>
    planWith(hostname({ name: 'master-1' }), ({ kind, args }) => {
      const { path, name = '' } = args as { path?: string; name?: string }
      if (kind.name === 'sysctl') return { value: now }
      if (kind.name === 'tool') return programs.includes(name) ? { path: `/bin/${name}` } : {}
      if (path === '/run/systemd/system') return bySystemd ? entry({ type: 'directory' }) : gone
      return path === '/etc/hostname' ? file : entry({ type: 'directory' })
    })
  const right = entry({ sha256: createHash('sha256').update('master-1\n').digest('hex') })
  assert.is(planText(plan('master-1', right)), 'nothing')

  const running = plan('debian', right)
  assert.equal([planText(running), running?.apply.text], ['debian → master-1', 'hostname master-1'])
  assert.match(
    plan('debian', right, ['hostname', 'hostnamectl'], true)?.apply.text ?? '',
    'hostnamectl set-hostname master-1 || hostname master-1',
  )
  assert.is(plan('debian', right, ['hostname', 'hostnamectl'])?.apply.text, 'hostname master-1')

  const atBoot = plan('master-1', gone)
  assert.is(planText(atBoot), '/etc/hostname does not exist')
  assert.is(atBoot?.diff?.after, 'master-1\n')
  assert.not.match(atBoot?.apply.text ?? '', 'hostname master-1')

  assert.is(planText(plan('debian', right, [])), 'refused: neither hostnamectl nor hostname is installed')
  for (const name of ['', '-a', 'a-', 'a..b', 'a_b', 'a b', '$(x)', 'a\nb', 'a'.repeat(65), `${'a'.repeat(64)}.b`])
    assert.is(problemsOf(hostname({ name })).length, 1, name)
  for (const name of ['a', 'A-1.example.com', 'a'.repeat(63)]) assert.equal(problemsOf(hostname({ name })), [], name)
})

test('accounts', () => {
  const plan = (task: ReturnType<typeof user>, fact: unknown, tool: unknown = { path: '/usr/sbin/x' }) =>
    planWith(task, ({ kind, args }) =>
      kind.name === 'tool'
        ? tool
        : kind.name === 'group' && task.kind.name === 'user'
          ? { type: 'group', gid: (args as { name: string }).name === 'a' ? 100 : 200, members: [] }
          : fact,
    )
  const found = {
    type: 'user',
    uid: 100,
    gid: 100,
    groups: ['a', 'adm'],
    comment: '',
    home: '/h',
    shell: '/bin/sh',
  }
  const made = plan(user({ name: 'a', system: true, shell: '/bin/false', groups: ['x', 'y'] }), gone)
  assert.match(made?.apply.text ?? '', 'useradd -r -M -s /bin/false -G x,y a')
  assert.is(planText(plan(user({ name: 'a', groups: ['a', 'adm'], home: '/h' }), found)), 'nothing')
  const changed = plan(user({ name: 'a', groups: ['adm', 'z'], shell: '/x', uid: 7 }), found)
  assert.is(planText(changed), 'uid 100 → 7, shell /bin/sh → /x, not in z')
  assert.is(changed?.apply.text, 'usermod -u 7 -s /x -a -G z a')
  assert.is(planText(plan(user({ name: 'a', group: 'a' }), found)), 'nothing')
  const moved = plan(user({ name: 'a', group: 'b' }), found)
  assert.equal([planText(moved), moved?.apply.text], ['group 100 → b', 'usermod -g b a'])
  assert.is(planText(plan(user({ name: 'a', state: 'absent' }), gone)), 'nothing')
  assert.is(planText(plan(user({ name: 'a' }), gone, {})), 'refused: useradd is not installed')
  assert.is(plan(group({ name: 'g', system: true, gid: 5 }), gone)?.apply.text, 'groupadd -r -g 5 g')
  assert.is(planText(plan(group({ name: 'g', gid: 5 }), { type: 'group', gid: 6, members: [] })), 'number 6 → 5')
  assert.ok(problemsOf(user({ name: '-x', uid: -1, home: 'h' })).length === 3)
})

test('assert', () => {
  const task = assertThat({
    that: 'it is Debian',
    holds: computed({ os: os({}) }, facts => (facts.os.id === 'debian' ? undefined : `it is ${facts.os.id}`)),
  })
  assert.is(
    planWith(task, () => ({ id: 'debian' })),
    undefined,
  )
  const change = planWith(task, () => ({ id: 'alpine' }))
  assert.equal([change?.effect, change?.refused], ['wait', 'it is alpine'])
})

test.run()
