import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizedKeys } from '../../../engine/facts/authorized-keys.ts'
import { type FactRequest, factTable } from '../../../engine/facts/fact.ts'
import { http, packageLists } from '../../../engine/facts/index.ts'
import * as facts from '../../../engine/facts/public.ts'
import type { HostPlan } from '../../../engine/host/index.ts'
import { factsSeen } from '../../../engine/host/index.ts'
import { defineTask } from '../../../engine/tasks/task.ts'

/** What is kept of facts that a task needs. */
function seen(...pairs: readonly (readonly [FactRequest, unknown])[]) {
  const looks = defineTask<Record<never, never>>({
    name: 'looks',
    title: () => 'looks',
    facts: () => pairs.map(([request]) => request),
    plan: () => undefined,
  })
  const work = { items: [{ id: 1, role: 'role', unit: looks({}), owes: [] }], handlers: [] }
  const plan = { facts: factTable(...pairs) } as unknown as HostPlan
  return factsSeen({ work, diff: true }, plan).map(one => JSON.parse(JSON.stringify(one)))
}

const owned = { owner: 'root', group: 'root', uid: 0, gid: 0, mode: '0644' }
const entry = { type: 'file', ...owned, size: 3, modified: 1 }
const directory = { ...entry, type: 'directory' }
const unit = { type: 'unit', id: 'x.service', activeState: 'active', mainPid: 1, restarts: 0 }
const global = { interface: 'eth0', family: 'inet', address: '10.0.0.1', prefix: 24, scope: 'global' }
const link = { ...global, interface: 'cali1', address: 'fe80::1', scope: 'link' }
const mounts = { here: true, at: [{ source: 'tmpfs', type: 'tmpfs', options: ['rw'] }], below: [] }
const home = { type: 'home', path: '/h/.ssh', uid: 1, gid: 1, folder: directory, file: entry }
const path = facts.path({ path: '/x' })

const same: readonly (readonly [what: string, request: FactRequest, one: unknown, other: unknown])[] = [
  ['when a file was written', path, entry, { ...entry, modified: 2 }],
  ['what came into a directory', path, directory, { ...directory, modified: 2, size: 9 }],
  [
    'when what a link leads to was written',
    path,
    { type: 'link', to: entry },
    { type: 'link', to: { ...entry, modified: 2 } },
  ],
  ['which process a unit has', facts.unit({ name: 'x.service' }), unit, { ...unit, mainPid: 2, restarts: 1 }],
  ['an address of a link', facts.addresses({}), [global], [global, link]],
  ['what is mounted below', facts.mounts({ path: '/x' }), mounts, { ...mounts, below: ['/x/y'] }],
  ['what a command prints', facts.command({ run: 'date' }), { exitCode: 0, stdout: '1' }, { exitCode: 0, stdout: '2' }],
  [
    'what a web server answers',
    http({ url: 'http://x' }),
    { type: 'answered', status: 200, expected: true, body: '1' },
    { type: 'answered', status: 200, expected: true, body: '2' },
  ],
  [
    'why it answers nothing',
    http({ url: 'http://x' }),
    { type: 'failed', reason: '1' },
    { type: 'failed', reason: '2' },
  ],
  ['when keys were written', authorizedKeys({ user: 'ann' }), home, { ...home, file: { ...entry, modified: 2 } }],
  ['how old package lists are', packageLists({}), { age: 1 }, { age: 2 }],
  ['the clock', facts.clock({}), { least: 1, most: 2 }, { least: 3, most: 4 }],
  ['which ports listen', facts.listeningPorts({}), [{ address: '::', port: 1 }], []],
]
for (const [what, request, one, other] of same)
  test(`of a fact it does not count: ${what}`, () => assert.equal(seen([request, one]), seen([request, other])))

const another: readonly (readonly [what: string, request: FactRequest, one: unknown, other: unknown])[] = [
  ['the mode of a file', path, entry, { ...entry, mode: '0600' }],
  ['its size', path, entry, { ...entry, size: 4 }],
  ['its content', path, entry, { ...entry, sha256: 'ab' }],
  ['where a link leads', path, { type: 'link', target: 'a', to: entry }, { type: 'link', target: 'b', to: entry }],
  ['the mode of what it leads to', path, { type: 'link', to: entry }, { type: 'link', to: { ...entry, mode: '0600' } }],
  ['whether a unit runs', facts.unit({ name: 'x.service' }), unit, { ...unit, activeState: 'failed' }],
  ['an address', facts.addresses({}), [global], [{ ...global, address: '10.0.0.2' }]],
  ['what is mounted there', facts.mounts({ path: '/x' }), mounts, { ...mounts, here: false }],
  ['how a command ends', facts.command({ run: 'date' }), { exitCode: 0, stdout: '1' }, { exitCode: 1, stdout: '1' }],
  [
    'the status of an answer',
    http({ url: 'http://x' }),
    { type: 'answered', status: 200, expected: true, body: '1' },
    { type: 'answered', status: 500, expected: false, body: '1' },
  ],
  ['a kernel', facts.os({}), { kernel: '6.1' }, { kernel: '6.2' }],
  ['keys', authorizedKeys({ user: 'ann' }), home, { ...home, file: { ...entry, content: { base64: 'eA==' } } }],
]
for (const [what, request, one, other] of another)
  test(`of a fact it counts: ${what}`, () => assert.not.equal(seen([request, one]), seen([request, other])))

test('a fact is told by what it is about, without what may be secret and without checksums', () => {
  const about = (request: FactRequest) => seen([request, { type: 'failed', exitCode: 0 }]).map(one => one.about)
  const sha256 = 'ab'.repeat(32)
  assert.equal(about(facts.path({ path: '/x', content: { unless: sha256 } })), ['path /x'])
  assert.equal(about(facts.tcp({ host: 'x', port: 6443 })), ['tcp x 6443'])
  assert.equal(about(facts.os({})), ['os'])
  assert.equal(about(facts.command({ run: ['cat', sha256], env: { A: 'secret' } })), ['check cat'])
  assert.equal(about(facts.sysctl({ key: 'a.b' })), ['sysctl a.b'])
  const secret = { url: 'http://x', user: 'ann', password: 'secret', headers: { A: 'secret' }, contains: 'secret' }
  assert.equal(about(http(secret)), ['http http://x'])
})

test('the same fact of several tasks is there once', () => assert.equal(seen([path, entry], [path, entry]).length, 1))

test.run()
