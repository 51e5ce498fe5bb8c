import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { versionLocks } from '../../../engine/facts/index.ts'
import { hold } from '../../../engine/tasks/index.ts'
import { parsed, shells } from '../facts/probe.ts'
import { converge, pass, sandbox, withFolders } from './converge.ts'
import { planText, planWith, problemsOf } from './plan.ts'

test('names of locked packages are read from the lists of dnf 4, dnf 5 and yum', () => {
  const lists = `# Added lock on Mon
kubelet-0:1.30.4-150500.1.1.*
!kubeadm-0:1.31.0-1.1.*
containerd.io-*
plain

version = "1.0"
[[packages]]
name = "my-kernel-core"
comment = "kept for the driver"
[[packages.conditions]]
key = "evr"
comparator = "="
value = "0:5.2.26-3.fc40"
0:bash-completion-4.2.46-34.el7.*`
  assert.equal(parsed(lists, versionLocks({})), [
    ['kubelet', 'containerd.io', 'plain', 'my-kernel-core', 'bash-completion'],
  ])
  assert.equal(parsed('', versionLocks({})), [[]])
})

const apt = (held: boolean) => ({ type: 'installed', manager: 'apt', version: '1', held })
const rpm = { type: 'installed', manager: 'dnf', version: '1', held: false }
const none = { type: 'absent', manager: 'apt' }
const noManager = { type: 'unavailable', reason: 'neither apt nor dnf' }
interface Host {
  readonly a: object
  readonly b: object
  readonly locks?: readonly string[]
}
const table: readonly (readonly ['present' | 'absent', Host, string, string, boolean?])[] = [
  ['present', { a: apt(true), b: apt(true) }, 'nothing', ''],
  ['present', { a: apt(true), b: apt(false) }, 'not held: b', 'apt-mark hold b >/dev/null'],
  ['absent', { a: apt(true), b: apt(false) }, 'held: a', 'apt-mark unhold a >/dev/null'],
  ['absent', { a: apt(false), b: none }, 'nothing', ''],
  ['present', { a: none, b: none }, 'refused: a, b is not installed: install it first, with packages()', ':'],
  ['present', { a: apt(false), b: none }, 'not held: a, b', 'apt-mark hold a b >/dev/null', true],
  [
    'present',
    { a: rpm, b: rpm, locks: ['b'] },
    'not held: a',
    '"$(command -v dnf || command -v yum)" -q versionlock add a',
  ],
  [
    'absent',
    { a: rpm, b: { ...none, manager: 'dnf' }, locks: ['b'] },
    'held: b',
    '"$(command -v dnf || command -v yum)" -q versionlock delete b',
  ],
  // A list that dnf has left behind is not apt's.
  ['present', { a: apt(true), b: apt(false), locks: ['b'] }, 'not held: b', 'apt-mark hold b >/dev/null'],
  ['present', { a: noManager, b: noManager }, 'refused: neither apt nor dnf', ':'],
  ['present', { a: noManager, b: noManager }, 'checked again after the changes', ':', true],
  ['absent', { a: noManager, b: noManager }, 'nothing', ''],
]
for (const [state, host, summary, script, changed = false] of table)
  test(`hold ${state}: ${JSON.stringify(host)}${changed ? ', after a change' : ''}`, () => {
    const change = planWith(
      hold({ names: ['a', 'b'], state }),
      ({ kind, args }) =>
        kind.name === 'versionLocks' ? (host.locks ?? []) : host[(args as { name: 'a' | 'b' }).name],
      { changed },
    )
    assert.equal([planText(change), change?.apply.text ?? ''], [summary, script])
  })

test('arguments', () => {
  assert.equal(problemsOf(hold({ names: ['libc6:amd64', 'g++'] })), [])
  assert.is(problemsOf(hold({ names: ['-o', 'a b', 'a=1'] })).length, 3)
  assert.is(problemsOf(hold({ names: [] })).length, 1)
})

// dnf as far as the task needs it: its plugin adds a line with the version, and takes it away by the name.
const dnf = `#!/bin/sh
list=/etc/dnf/plugins/versionlock.list
[ "$1 $2" = '-q versionlock' ] || exit 2
case $3 in
  add) echo "$4-0:1.30.4-1.1.*" >>$list ;;
  delete) sed -i "/^$4-0:/d" $list ;;
esac
`
const rpmProgram = `#!/bin/sh
for name; do [ "$name" != kubelet ] || echo 'kubelet rpm 1.30.4-1.1'; done
`

// A host that has no apt: busybox's programs, and these two.
const dir = sandbox()
const [etc, bin] = [join(dir, 'etc'), join(dir, 'bin')]
mkdirSync(join(etc, 'dnf/plugins'), { recursive: true })
mkdirSync(bin)
for (const [name, text] of Object.entries({ dnf, rpm: rpmProgram })) {
  writeFileSync(join(bin, name), text)
  chmodSync(join(bin, name), 0o755)
}
const [env = '', path = '', ...busybox] = shells.at(-1) ?? []
const alone = withFolders([env, path.replace('PATH=', `PATH=${bin}:`), ...busybox], { '/etc': etc })
if (alone)
  test('held by dnf, and not any more', () => {
    const list = join(etc, 'dnf/plugins/versionlock.list')
    writeFileSync(list, '')
    converge(alone, [hold({ names: ['kubelet'] })], dir)
    assert.is(readFileSync(list, 'utf8'), 'kubelet-0:1.30.4-1.1.*\n')
    converge(alone, [hold({ names: ['kubelet'], state: 'absent' })], dir)
    assert.is(readFileSync(list, 'utf8'), '')
    assert.match(pass(alone, [hold({ names: ['kubeadm'] })], dir).failed?.output ?? '', 'kubeadm is not installed')
  })

test.run()
