import { createHash } from 'node:crypto'
import type { PathFact } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  differences,
  presentFiles,
  type SeenMaster,
  targetsFor,
} from '../../../roles/control-plane/credentials/decide.ts'
import { maker } from '../../../roles/control-plane/credentials/maker.ts'
import { tableNames } from '../../../roles/control-plane/credentials/names.ts'
import { credentialsAreThere } from '../../../roles/control-plane/credentials/step.ts'
import { stateOf } from '../../../roles/lib/pki/certificate.ts'
import { makeAuthority } from '../../../roles/lib/pki/make.ts'
import { inventory, smallCluster } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'

const now = new Date()
const lifetime = { certificateDays: 365, caDays: 3650 }
const authority = await makeAuthority('kubernetes-ca', lifetime, now)
const wishes = (names: readonly string[]) => ({
  server: {
    name: 'server',
    ca: 'ca',
    subject: { commonName: 'kube-apiserver' },
    names,
    addresses: ['127.0.0.1'],
    usages: ['server'] as const,
  },
  kubecfg: {
    name: 'kubecfg',
    ca: 'ca',
    subject: { commonName: 'kubecfg', organization: 'system:masters' },
    names: [],
    addresses: [],
    usages: ['client'] as const,
  },
})
const make = maker(wishes(['m1', 'm2']), authority, lifetime)
const [server, kubecfg] = [await make.pair('server'), await make.pair('kubecfg')]

const sum = (text: string) => createHash('sha256').update(text).digest('hex')
const fact = (text: string, mode = '0600'): PathFact => ({
  type: 'file',
  mode,
  owner: 'root',
  group: 'root',
  uid: 0,
  gid: 0,
  size: text.length,
  modified: 1,
  sha256: sum(text),
  content: { base64: Buffer.from(text).toString('base64') },
})
const whole: Readonly<Record<string, string>> = {
  'ca.crt': authority.certificate,
  'server.cert': server.certificate,
  'server.key': server.key,
  'kubecfg.crt': kubecfg.certificate,
  'kubecfg.key': kubecfg.key,
  'known_tokens.csv': 'T,a,a\n',
  'basic_auth.csv': 'p,u,u\n',
}
const files = (content: Readonly<Record<string, string>>): Record<string, PathFact> =>
  Object.fromEntries(
    Object.keys(whole).map(name => [name, name in content ? fact(content[name] ?? '') : { type: 'absent' }]),
  )
const ready = { type: 'answered', status: 200, body: 'ok', expected: true } as const
const down = { type: 'failed', reason: 'refused' } as const
const master = (name: string, content: Readonly<Record<string, string>> | undefined, serving = true): SeenMaster => ({
  name,
  files: content && files(content),
  ready: serving ? ready : down,
})
const tables = ['known_tokens.csv', 'basic_auth.csv']
const targets = (masters: readonly SeenMaster[], names = ['m1', 'm2'], key = authority.key) =>
  targetsFor({
    masters,
    tables,
    wishes: wishes(names),
    authority: { ...authority, key, path: '/inventory/pki/ca' },
    dir: '/srv/kubernetes',
    now,
  })
const kinds = (...args: Parameters<typeof targets>) =>
  Object.fromEntries(
    Object.entries(targets(...args).files).map(([name, target]) => [
      name,
      target.kind === 'copy' ? target.from : target.kind,
    ]),
  )

test('where nobody has any, all masters are given the same new ones', () => {
  assert.equal(kinds([master('m1', {}, false), master('m2', {}, false)]), {
    'server.cert': 'make',
    'server.key': 'make',
    'kubecfg.crt': 'make',
    'kubecfg.key': 'make',
  })
})
test('a new master gets those of one that runs, tables too; who has them keeps them', () => {
  const found = targets([master('m1', {}, false), master('m2', whole)])
  assert.equal(found.problems, [])
  assert.equal(new Set(Object.values(kinds([master('m1', {}, false), master('m2', whole)]))), new Set(['m2']))
  assert.is(Object.keys(differences({}, found.files)).length, 6)
  assert.equal(differences(presentFiles(files(whole)), found.files), {})
})
test('the first that is ready is asked, not the first that has a key', () =>
  assert.is(kinds([master('m1', whole, false), master('m2', whole)])['server.key'], 'm2'))
test('where nobody is ready, the one whose operator has put them there', () =>
  assert.is(kinds([master('m1', {}, false), master('m2', whole, false)])['server.key'], 'm2'))
test('one that differs is made the same, one that others may read is closed', () => {
  const { files: wanted } = targets([master('m1', whole)])
  assert.equal(differences(presentFiles(files({ ...whole, 'known_tokens.csv': 'other' })), wanted), {
    'known_tokens.csv': 'differs from m1',
  })
  const open = { ...files(whole), 'server.key': fact(whole['server.key'] ?? '', '0644') }
  assert.equal(differences(presentFiles(open), wanted), { 'server.key': 'mode 0644 → 0600' })
})
test('a table that nobody has is not missed', () => {
  const { 'basic_auth.csv': _, ...some } = whole
  assert.is(targets([master('m1', some)]).files['basic_auth.csv'], undefined)
  assert.equal(tableNames({ tokenAuth: false, kubeVersion: 'v1.18.20' }), tables)
  assert.equal(tableNames({ tokenAuth: false, kubeVersion: 'v1.20.2' }), ['known_tokens.csv'])
  assert.equal(tableNames({ tokenAuth: true, kubeVersion: 'v1.20.2' }), [])
})
test('a new name: a new certificate for the same key, on all masters', async () => {
  const { files: wanted } = targets([master('m1', whole), master('m2', whole)], ['m1', 'm2', 'm3'])
  assert.equal(differences(presentFiles(files(whole)), wanted), { 'server.cert': 'made anew: m3 is missing' })
  const made = await maker(wishes(['m1', 'm2', 'm3']), authority, lifetime).renewed('server', server.certificate)
  const state = stateOf({ certificate: made, key: server.key }, authority.certificate)
  assert.equal(
    [state.keyFits, state.signedByCa, state.names, state.addresses],
    [true, true, ['m1', 'm2', 'm3'], ['127.0.0.1']],
  )
})
test('it is made once a play: every host is given the same', async () => {
  const other = maker(wishes(['m3']), authority, lifetime)
  assert.is(await other.renewed('server', server.certificate), await other.renewed('server', server.certificate))
  assert.is(await other.pair('server'), await other.pair('server'))
})
test('another administrator than ours is no reason', async () => {
  const theirs = await maker(
    { ...wishes([]), kubecfg: { ...wishes([]).kubecfg, subject: { commonName: 'admin' } } },
    authority,
    lifetime,
  ).pair('kubecfg')
  assert.is(
    targets([master('m1', { ...whole, 'kubecfg.crt': theirs.certificate, 'kubecfg.key': theirs.key })]).files[
      'kubecfg.crt'
    ]?.kind,
    'copy',
  )
})

const problems: readonly (readonly [string, readonly SeenMaster[], Parameters<typeof targets>[1], string, RegExp])[] = [
  [
    'a name is missing and the key of the authority, too',
    [master('m1', whole)],
    ['m1', 'm3'],
    '',
    /server\.cert has to be made anew \(m3 is missing\), and the key of its authority, \/inventory\/pki\/ca\.key, is not there/,
  ],
  [
    'nothing is there and nobody can sign',
    [master('m1', {})],
    ['m1'],
    '',
    /server\.cert has to be made, and the key of its authority/,
  ],
  [
    'a cluster of another authority',
    [master('m1', { ...whole, 'ca.crt': (await makeAuthority('other', lifetime, now)).certificate })],
    ['m1'],
    authority.key,
    /ca\.crt of m1 is another authority than \/inventory\/pki\/ca\.crt/,
  ],
  [
    'who may have them can not be asked',
    [master('m1', undefined), master('m2', {})],
    ['m1'],
    authority.key,
    /no master has \/srv\/kubernetes\/server\.key, but m1 can't be asked/,
  ],
]
for (const [name, masters, names, key, reason] of problems)
  test(`refused before anything is changed: ${name}`, () =>
    assert.match(targets(masters, names, key).problems.join('; '), reason))
test('no key of the authority is needed where nothing has to be signed', () =>
  assert.equal(targets([master('m1', whole), master('m2', undefined)], ['m1', 'm2'], '').problems, []))

test('they are read on one host, written on the other from the input of a command, and nowhere else', async () => {
  const { files: wanted } = targets([master('m2', whole)])
  const { context, commands } = remote((command, on) => {
    if (command.startsWith('base64'))
      return Buffer.from(whole[command.split('/').at(-1) ?? ''] ?? '').toString('base64')
    return on === 'm1' ? '' : undefined
  })
  const cluster = smallCluster()
  const unit = credentialsAreThere('/srv/kubernetes', wanted, make)
  const result = await unit.run({ ...context, host: cluster.host('m1'), inventory: inventory(cluster.hosts) })
  assert.match(result?.summary ?? '', 'server.key: copied from m2')
  const reads = commands.filter(({ text }) => text.startsWith('base64'))
  assert.equal([...new Set(reads.map(({ on }) => on))], ['m2'])
  const writes = commands.filter(({ text }) => text.includes('mktemp'))
  assert.is(writes.length, 6)
  for (const { on, text } of writes) {
    assert.is(on, 'm1')
    assert.match(text, 'umask 077')
    assert.match(text, /mktemp \/srv\/kubernetes\/\.[a-z_]+\.[a-z]+\.XXXXXX/)
  }
  for (const { text } of commands) assert.not.match(text, (server.key.split('\n')[1] ?? '').slice(0, 20))
})
test('one that changes under our hands is not taken', async () => {
  const { files: wanted } = targets([master('m2', whole)])
  const { context } = remote(command => (command.startsWith('base64') ? 'eA==' : ''))
  const cluster = smallCluster()
  const run = credentialsAreThere('/srv/kubernetes', wanted, make).run({
    ...context,
    host: cluster.host('m1'),
    inventory: cluster,
  })
  assert.match(await run.then(() => '', String), 'has changed since it was looked at')
})

test.run()
