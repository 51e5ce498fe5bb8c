import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { misspelt, type Readers } from '../../../engine/cli/misspelt.ts'
import { runFromCommandLine } from '../../../engine/cli/run.ts'
import { formatProblem } from '../../../engine/failure/index.ts'
import { command, defineRole, gate, holds, play } from '../../../engine/index.ts'
import { defaultsFrom, type Host, loadInventory } from '../../../engine/inventory/index.ts'
import type { Playbook } from '../../../engine/playbook/playbook.ts'
import { encryptVault } from '../../../engine/vault/write.ts'
import { heard } from './heard.ts'

const cwd = mkdtempSync(join(tmpdir(), 'rota-misspelt-'))
test.after(() => rmSync(cwd, { recursive: true }))
process.env.XDG_STATE_HOME = join(cwd, 'state')

const proxy = defineRole({
  name: 'proxy',
  params: {
    type: 'object',
    properties: {
      listenPort: { type: 'integer', default: 1, var: 'balancer_port' },
      greeting: { type: 'string', text: 'line', default: '' },
    },
  },
  tasks: () => [command({ run: 'true', creates: '/' })],
})
// Of another playbook.
defineRole({
  name: 'elsewhere',
  params: { type: 'object', properties: { quantity: { type: 'integer', default: 1 } } },
  tasks: () => [],
})
const ready = gate({ name: 'ready', vars: ['ready_timeout'], facts: () => ({}), check: () => holds })
const plays = [play('all of them', { hosts: 'all', roles: [proxy()], gate: ready })]
const knows = () => ({
  of: 'theirs',
  variables: new Set(['theirs_region', 'theirs_regions_all']),
  others: new Set(['theirs_regionn', 'balancer_prot']),
  deprecated: new Map([['theirs_area', 'theirs_region']]),
})
const readers: Readers = { plays, own: ['playbook_own'], rules: undefined }

/** What is told of files, by path. */
async function told(files: Readonly<Record<string, string>>, how: Partial<Readers> = {}, ...extraVars: string[]) {
  const dir = mkdtempSync(join(cwd, 'i-'))
  for (const [path, text] of Object.entries({ 'hosts.ini': 'a\nb\n', ...files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const vaultSecrets = [{ id: 'default', password: 'open' }]
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir, extraVars, vaultSecrets })
  return misspelt(inventory, { ...readers, ...how }).map(formatProblem)
}

const port = (place: string, more = '') =>
  `${place}: variable balancer_prot: no role of this playbook reads it${more} (did you mean balancer_port?)`

test('a misspelt variable is told with its place and what was meant, wherever the inventory sets it', async () => {
  assert.equal(await told({ 'group_vars/all.yml': 'x: 1\nbalancer_prot: 80\n' }), [port('group_vars/all.yml:2:16')])
  assert.equal(await told({ 'group_vars/all/b.yml': 'balancer_prot: 80\n' }), [port('group_vars/all/b.yml:1:16')])
  assert.equal(await told({ 'host_vars/b.yaml': '\nbalancer_prot: 80\n' }), [port('host_vars/b.yaml:2:16')])
  assert.equal(await told({ 'host_vars/b.json': '{"balancer_prot": 80}' }), [port('host_vars/b.json:1:19')])
  assert.equal(await told({ 'hosts.ini': 'a x=1 balancer_prot=80\n' }), [port('hosts.ini:1:21')])
  assert.equal(await told({ 'hosts.ini': 'a\n[all:vars]\nbalancer_prot=80\n' }), [port('hosts.ini:3:15')])
})

test('all are told at once, each name once with all of its places', async () => {
  const files = {
    'hosts.ini': '[web]\na balancer_prot=1\nb\n[web:vars]\nbalancer_prot=2\n',
    'group_vars/all.yml': 'balancer_prot: 3\nready_timeuot: 3\n',
    'host_vars/a.yml': 'balancer_prot: 4\nproxy_greetin: hello\n',
  }
  assert.equal(await told(files), [
    port('host_vars/a.yml:1:16', '; it is set at hosts.ini:2:17, group_vars/all.yml:1:16, hosts.ini:5:15, too'),
    'group_vars/all.yml:2:16: variable ready_timeuot: no role of this playbook reads it (did you mean ready_timeout?)',
    'host_vars/a.yml:2:16: variable proxy_greetin: no role of this playbook reads it (did you mean proxy_greeting?)',
  ])
})

test('of many places a few are named and the others counted', async () => {
  const hosts = Array.from({ length: 40 }, (_, at) => `h${at} balancer_prot=${at}`)
  const [line = '', ...more] = await told({ 'hosts.ini': hosts.join('\n') })
  assert.equal(more, [])
  assert.match(line, /^hosts.ini:1:18: .*; it is set at hosts.ini:2:18, .*hosts.ini:6:18 and 34 places more, too \(did/)
})

test("Ansible's own variables are known, and so are misspelt ones of them", async () => {
  const known = [
    'host: x',
    'ssh_common_args: ""',
    'python_interpreter: x',
    'ruby_interpreter: x',
    'remote_tmp: x',
    'remote_temp: x',
  ]
  const own = known.map(each => `ansible_${each}`).join('\n')
  assert.equal(await told({ 'group_vars/all.yml': `${own}\nansible_group_priority: 1\n` }), [])
  const [line, ...more] = await told({ 'group_vars/all.yml': 'ansible_usre: root\nansible_mine: 1\n' })
  assert.match(line ?? '', /^group_vars\/all.yml:1:15: variable ansible_usre: .*\(did you mean ansible_user\?\)$/)
  assert.equal(more, [])
})

test('nothing is told of a variable that somebody reads, or that is near none that somebody does', async () => {
  const vars = ['balancer_port: 1', 'proxy_listen_port: 1', 'ready_timeout: 1', 'playbook_own: 1', 'color: blue']
  assert.equal(await told({ 'group_vars/all.yml': vars.join('\n') }), [])
  // A role of another playbook, which may be run with the same inventory.
  assert.equal(await told({ 'group_vars/all.yml': 'elsewhere_quantity: 1\n' }), [])
  assert.is((await told({ 'group_vars/all.yml': 'elsewhere_quantiy: 1\n' })).length, 1)
})

test('nothing is told of a variable that a template of the inventory refers to, however deep', async () => {
  for (const value of ['"{{ balancer_prot }}"', '[{a: "x{% if balancer_prot %}y{% endif %}"}]'])
    assert.equal(await told({ 'group_vars/all.yml': `balancer_prot: 1\nother: ${value}\n` }), [], value)
  for (const value of ['balancer_prot', '"{{ my_balancer_prot }}"', '!unsafe "{{ balancer_prot }}"'])
    assert.is((await told({ 'group_vars/all.yml': `balancer_prot: 1\nother: ${value}\n` })).length, 1, value)
})

test('what others read is known: nothing is told of it, and it may be what was meant', async () => {
  const rules = { rules: { knows } }
  const known = 'theirs_region: 1\ntheirs_regionn: 1\nbalancer_prot: 1\ntheirs_area: 1\n'
  assert.equal(await told({ 'group_vars/all.yml': known }, rules), [])
  assert.equal(await told({ 'group_vars/all.yml': 'theirs_regoin: 1\n' }, rules), [
    'group_vars/all.yml:1:16: variable theirs_regoin: no role of this playbook reads it, and theirs has none of this name (did you mean theirs_region?)',
  ])
  // What only their tasks have is nothing that somebody sets.
  assert.equal(await told({ 'group_vars/all.yml': 'theirs_regionnn: 1\n' }, rules), [
    'group_vars/all.yml:1:18: variable theirs_regionnn: no role of this playbook reads it, and theirs has none of this name (did you mean theirs_region?)',
  ])
})

test('defaults of somebody else are known', async () => {
  const dir = mkdtempSync(join(cwd, 'd-'))
  writeFileSync(join(dir, 'hosts.ini'), 'a balancer_prot=1\n')
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir })
  const { defaults } = defaultsFrom(
    { label: 'theirs', version: '1', files: ['defaults.yml'] },
    { read: () => ({ text: 'balancer_prot: 1\n' }) },
  )
  assert.is(misspelt(inventory, readers).length, 1)
  assert.equal(misspelt({ ...inventory, defaults }, readers), [])
})

test('variables that rules of the inventory read are known', async () => {
  const rules = {
    addresses: { unless: 'speaks_ipv4', shared: ['address_outside'], own: ['address_inside'] },
    completes: { version_asked: () => undefined },
  }
  const set = 'speaks_ipv4: 1\naddress_outside: 1\naddress_inside: 1\nversion_asked: 1\n'
  assert.equal(await told({ 'group_vars/all.yml': set }, { rules }), [])
  assert.is((await told({ 'group_vars/all.yml': 'version_aksed: 1\n' }, { rules })).length, 1)
})

test('an extra variable has a judge of its own; what it overrides is told where it stands', async () => {
  assert.equal(await told({}, {}, 'balancer_prot=1'), [])
  const files = { 'group_vars/all.yml': 'balancer_prot: 80\n' }
  assert.equal(await told(files, {}, 'balancer_prot=1'), [port('group_vars/all.yml:1:16')])
})

test('no value is read for it: none of a vault is decrypted', async () => {
  const wrong = encryptVault(Buffer.from('hidden'), { id: 'default', password: 'another' })
  const vaulted = `balancer_prot: !vault |\n${wrong.replace(/^/gm, '  ')}`
  const [line] = await told({ 'group_vars/all.yml': vaulted })
  assert.match(line ?? '', 'variable balancer_prot')
})

test('how often hosts are looked at does not grow with their variables', async () => {
  const looks = async (hosts: number, variables: number) => {
    const dir = mkdtempSync(join(cwd, 'many-'))
    mkdirSync(join(dir, 'group_vars'))
    writeFileSync(join(dir, 'hosts.ini'), Array.from({ length: hosts }, (_, at) => `h${at}\n`).join(''))
    const vars = Array.from({ length: variables }, (_, at) => `shared_${at}: 1\n`).join('')
    writeFileSync(join(dir, 'group_vars/all.yml'), `balancer_prot: 1\n${vars}`)
    const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir })
    let count = 0
    const counting = (host: Host): Host =>
      new Proxy(host, {
        get: (target, key) => {
          count += key === 'vars' ? 1 : 0
          return Reflect.get(target, key)
        },
      })
    const watched = new Map([...inventory.hosts].map(([name, host]) => [name, counting(host)]))
    assert.is(misspelt({ ...inventory, hosts: watched }, readers).length, 1)
    return count
  }
  const [few, more, withMore] = [await looks(50, 10), await looks(100, 10), await looks(50, 200)]
  assert.is(more, 2 * few)
  assert.is(withMore, few)
})

const here = 'h ansible_connection=local balancer_prot=80\n'
const made: Playbook = { name: 'made', file: join(cwd, 'made.mjs'), plays }
writeFileSync(made.file, '')
const run = async (playbook: Playbook, ...args: string[]) => {
  writeFileSync(join(cwd, 'hosts.ini'), here)
  return heard(cwd, () => runFromCommandLine(playbook, ['node', made.file, '-i', 'hosts.ini', ...args]))
}

test('a run says it once, as a warning, and goes on', async () => {
  const { exitCode, said } = await run(made, '--check')
  assert.is(exitCode, 0, said)
  assert.match(said, `warning: ${port('hosts.ini:1:42')}\n`)
  assert.is(said.match(/balancer_prot/g)?.length, 1)
  const { said: events } = await run(made, '--check', '--json')
  const warnings = events.split('\n').filter(line => line.includes('"warning"'))
  assert.equal(
    warnings.map(line => JSON.parse(line).text),
    [port('hosts.ini:1:42')],
  )
})

test('a run that is refused says it, too: the misspelt one may be the one that is missing', async () => {
  const needy = defineRole({
    name: 'needy',
    params: { type: 'object', properties: { port: { type: 'integer', var: 'balancer_port' } }, required: ['port'] },
    tasks: () => [],
  })
  const { exitCode, said } = await run({ ...made, plays: [play('needs', { hosts: 'all', roles: [needy()] })] })
  assert.is(exitCode, 1)
  assert.match(said, `warning: ${port('hosts.ini:1:42')}\n`)
  assert.match(said, 'role needy needs port')
})

test('a listing does not say it', async () => {
  const { exitCode, said } = await run(made, '--list-hosts')
  assert.is(exitCode, 0)
  assert.not.match(said, 'balancer_prot')
})

test.run()
