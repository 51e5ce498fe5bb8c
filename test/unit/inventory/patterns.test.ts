import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { selectHosts, splitPatterns } from '../../../engine/inventory/index.ts'
import { load, problemsOf } from './support.ts'

const inventory = await load({
  'hosts.ini': 'lone\n[web]\nw1\nw2\nw3\n[db]\nw3\nd1\n[empty]\n[site:children]\nweb\ndb\n',
})
const select = (pattern: string, limit?: string) => selectHosts(inventory, pattern, limit).map(host => host.name)

const table: readonly (readonly [pattern: string, hosts: readonly string[]])[] = [
  ['all', ['lone', 'w1', 'w2', 'w3', 'd1']],
  ['site', ['w1', 'w2', 'w3', 'd1']],
  ['db:web', ['w3', 'd1', 'w1', 'w2']],
  ['!w1:web', ['w2', 'w3']],
  ['&db:web', ['w3']],
  ['!web', ['lone', 'd1']],
  ['web[0]', ['w1']],
  ['web[-1]', ['w3']],
  ['web[0:1]', ['w1', 'w2']],
  ['web[1:]', ['w2', 'w3']],
  ['w?', ['w1', 'w2', 'w3']],
  ['w[!13]', ['w2']],
  ['~(w|d)1', ['w1', 'd1']],
  ['empty', []],
  ['w1,w2', ['w1', 'w2']],
]

for (const [pattern, hosts] of table)
  test(`the pattern ${pattern} selects ${hosts.join(' ') || 'nobody'}`, () => assert.equal(select(pattern), hosts))

test('a comma switches splitting at colons off, and an address or range is never split', () => {
  assert.equal(splitPatterns('a:b'), ['a', 'b'])
  assert.equal(splitPatterns('a:b,c'), ['a:b', 'c'])
  assert.equal(splitPatterns('::1'), ['::1'])
  assert.equal(splitPatterns('web[0:1]'), ['web[0:1]'])
})

test('a limit keeps the order of the pattern', () => assert.equal(select('web', 'w3,w1'), ['w1', 'w3']))

test('a limit that misses the pattern leaves nobody, which is no error: other plays may have them', () => {
  assert.equal(select('web', 'd1'), [])
})

test('localhost is this machine when the inventory does not name it', () => {
  const [host] = selectHosts(inventory, 'localhost')
  assert.is(host?.vars.get('ansible_connection')?.value, 'local')
})

const wrong: readonly (readonly [pattern: string, limit: string | undefined, message: string])[] = [
  ['wbe', undefined, "hosts: there is no host or group 'wbe' (did you mean web?)"],
  ['all', 'W1', "--limit: there is no host or group 'W1' (did you mean w1 or w2 or w3?)"],
  ['all:!wbe', undefined, "hosts: there is no host or group 'wbe' (did you mean web?)"],
  ['all', 'empty', "--limit 'empty' selects no host"],
  ['all', 'x*', "--limit 'x*' selects no host"],
  ['all', '', '--limit: the pattern is empty (write all for every host)'],
  ['all', '@/nowhere', "--limit file '/nowhere' can't be read"],
  ['web[3]', undefined, "hosts: 'web[3]' is out of range, 'web' has 3 hosts"],
  ['~(', undefined, "hosts: '~(' can't be matched: missing ), unterminated subpattern at position 1"],
]

for (const [pattern, limit, message] of wrong) {
  test(`hosts '${pattern}' with --limit '${limit}' is refused`, async () => {
    assert.equal(await problemsOf(() => select(pattern, limit)), [message])
  })
}

test('every wrong name is told', async () => {
  assert.is((await problemsOf(() => select('wbe,dbb'))).length, 2)
})

test.run()
