import { path } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { haproxy } from '../../roles/haproxy/role.ts'
import { accepts, has } from './support/checker.ts'
import { golden } from './support/golden.ts'
import { smallCluster } from './support/inventory.ts'
import { contentOf, problemsOf, titlesOf, unitsOf } from './support/role.ts'

const config = '/etc/haproxy/haproxy.cfg'
const cluster = smallCluster()
const master = cluster.host('m1')
const ready = { ready: { type: 'answered', status: 200, body: 'ok', expected: true } }
const peers = new Map(['m1', 'm2', 'm3'].map(name => [name, ready]))
const units = (params: Parameters<typeof haproxy>[0]) => unitsOf(haproxy(params), master, cluster, { peers })
const rendered = (params: Parameters<typeof haproxy>[0]): string =>
  contentOf(units(params), config, [[path({ path: config, content: true }), { type: 'absent' }]])

const variants: Readonly<Record<string, Parameters<typeof haproxy>[0]>> = {
  default: {},
  'source-tcp-stats': {
    balance: 'source',
    check: 'tcp',
    checkInterval: '2000',
    connectTimeout: '5000',
    statsPassword: 'swordfish',
    statsAdmin: true,
  },
  'both-families-slowstart': { bind: ['::'], check: 'healthz', checkInterval: '15s', slowStart: '60s', chroot: '' },
}
for (const [name, params] of Object.entries(variants)) {
  test(`configuration: ${name}`, () => {
    const text = rendered(params)
    golden(`haproxy/${name}.cfg`, text)
    if (has('haproxy')) accepts(text, file => ['haproxy', '-c', '-q', '-f', file])
  })
}

test('the page needs a password, and a file with one is secret', () => {
  assert.not.match(rendered({}), 'stats auth')
  const file = units({ statsPassword: 'swordfish' }).find(unit => 'kind' in unit && unit.kind.name === 'file')
  assert.ok(file !== undefined && 'secret' in file && file.secret)
})
test("not on the API server's own port", () =>
  assert.match(problemsOf(haproxy({ bindPort: 6443 }), master, cluster)[0] ?? '', 'choose another'))
test('a leaving master keeps its configuration to the end', () =>
  assert.equal(titlesOf(haproxy({ leaving: 'm1' }), master, cluster), []))

test.run()
