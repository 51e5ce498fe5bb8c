import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { resolveVar } from '../../../engine/values/resolve.ts'
import { encryptVault } from '../../../engine/vault/write.ts'
import { load, problemsOf } from '../inventory/support.ts'

const vars = `one: 1
text: "3"
net: 10.233.0.0/18
map: {k: v, n: 2}
list: [{n: p, up: true}, {n: q, up: false}]
`

async function resolve(template: string, facts: Record<string, unknown> = {}): Promise<unknown> {
  const files = {
    'hosts.ini': '[g]\nh1 x=1\nh2 x=2\n',
    'group_vars/all.yml': `${vars}t: ${JSON.stringify(template)}\n`,
  }
  const inventory = await load(files)
  const host = inventory.hosts.get('h1')
  assert.ok(host)
  return resolveVar(inventory, host, 't', { facts })?.value
}

const table: readonly (readonly [template: string, value: unknown])[] = [
  ['{{ one }}', 1],
  ['{{ one }}-{{ text }}', '1-3'],
  ['{{ text | int + 1 }}', 4],
  ["{{ 'Yes' | bool }}", true],
  ["{{ nope | default('d') }}", 'd'],
  ['{{ nope.a.b | default(one) }}', 1],
  ["{{ '' | default('e', true) }}", 'e'],
  ["{{ groups['g'] | join(',') }}", 'h1,h2'],
  ["{{ groups['g'] | map('extract', hostvars, 'x') | list }}", [1, 2]],
  ["{{ hostvars['h2'].x }}", 2],
  ['{{ inventory_hostname }} in {{ group_names }}', "h1 in ['g']"],
  ["{{ (one == 1) | ternary('a', 'b') }}", 'a'],
  ["{{ 'x' if one > 1 else 'y' }}", 'y'],
  ["{{ {'a': {'b': 1}} | combine({'a': {'c': 2}}, recursive=True) }}", { a: { b: 1, c: 2 } }],
  ["{{ 'v1.29.3' | regex_replace('^v(\\d+)\\.(\\d+).*', '\\1-\\2') }}", '1-29'],
  ["{{ 'v1.10.0' is version('v1.9.0', '>=') }}", true],
  ["{{ net | ansible.utils.ipaddr('net') | ansible.utils.ipaddr(1) | ansible.utils.ipaddr('address') }}", '10.233.0.1'],
  ["{{ net | ipaddr('netmask') }}", '255.255.192.0'],
  ['{{ net | ipsubnet(24, 2) }}', '10.233.2.0/24'],
  ["{{ 'fd00::1' | ipwrap }}", '[fd00::1]'],
  ["{{ list | selectattr('up') | map(attribute='n') | list }}", ['p']],
  ["{{ map | dict2items | map(attribute='key') | join('+') }}", 'k+n'],
  ["{% for h in groups['g'] %}{{ h }}{% if not loop.last %},{% endif %}{% endfor %}", 'h1,h2'],
  ['{% if one is defined %}[{{ one }}]{% else %}[]{% endif %}', [1]],
  ['{% set a = 2 %}{{ a * 3 }}', '6'],
  ["{{ 'a.b'.split('.')[1] }}", 'b'],
  ["{{ 'abc'[1:] }}", 'bc'],
  ['{{ [1, none, true] }}!', '[1, None, True]!'],
  ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
  ['{{ ansible_default_ipv4.address }}', '10.0.0.9'],
]

for (const [template, value] of table) {
  test(`${template} evaluates as in Ansible`, async () => {
    assert.equal(await resolve(template, { ansible_default_ipv4: { address: '10.0.0.9' } }), value)
  })
}

const wrong: readonly (readonly [template: string, message: RegExp])[] = [
  ['{{ nope }}', /^group_vars\/all\.yml:6:\d+: template of 't': 'nope' is undefined/],
  ['{{ map.zz }}', /'map\.zz' is undefined/],
  ['{{ nope | int }}', /'nope' is undefined/],
  ['{{ one | frobnicate }}', /filter 'frobnicate' is not supported/],
  ['{{ one is frobnicated }}', /test 'frobnicated' is not supported/],
  ["{{ lookup('pipe', 'id') }}", /lookup 'pipe' is not supported: there are env, vars, file, first_found, password$/],
  ["{{ lookup('file', 'nope') }}", /^group_vars\/all\.yml:6:\d+: .*there is no file \S*nope/],
  ["{{ lookup('password', '/nope/p length=9') }}", /there is no file \/nope\/p, and none is made here: create it/],
  ["{{ lookup('vars', 'nope') }}", /there is no variable 'nope'/],
  ['{% for x in [1] %}{% do 1 %}{% endfor %}', /template of 't': /],
  ['{{ one | }}', /template of 't': /],
  ['{{ t }}', /'t' is made from itself: t → t/],
  ['{{ 1 / 0 }}', /division by zero/],
  ["{{ one < 'a' }}", /have no order/],
]

for (const [template, message] of wrong) {
  test(`${template} is an error with its place`, async () => {
    assert.match((await problemsOf(() => resolve(template)))[0] ?? '', message)
  })
}

test('what a value does not need is not evaluated', async () => {
  assert.is(await resolve('{{ one if true else (nope | frobnicate) }}'), 1)
})

test('an error tells which variables needed the broken one', async () => {
  const inventory = await load({ 'hosts.ini': 'h a="{{ b }}" b="{{ c }}" c="{{ d }}"\n' })
  const host = inventory.hosts.get('h')
  assert.ok(host)
  const [first = ''] = await problemsOf(() => resolveVar(inventory, host, 'a'))
  assert.match(first, /template of 'c': 'd' is undefined \(needed by 'b', which is needed by 'a'\)/)
})

test('!unsafe text is never a template', async () => {
  const inventory = await load({ 'hosts.ini': 'h\n', 'host_vars/h.yml': 'a: !unsafe "{{ x }}"\n' })
  const host = inventory.hosts.get('h')
  assert.ok(host)
  assert.is(resolveVar(inventory, host, 'a')?.value, '{{ x }}')
})

test('a file is looked for beside the playbook; what was vaulted is a secret, and so is a password', async () => {
  const vaulted = encryptVault(Buffer.from('hidden\n'), { id: 'default', password: 'open' })
  const cwd = mkdtempSync(join(tmpdir(), 'rota-lookup-'))
  try {
    mkdirSync(join(cwd, 'play', 'files'), { recursive: true })
    const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
    write('play/files/a', 'in files\n')
    write('play/a', 'beside\n')
    write('play/b', 'beside\n')
    write('play/v', vaulted)
    write('play/p', 'word\n')
    const read = async (template: string, password?: string) => {
      const inventory = await loadInventory({
        sources: ['h,'],
        cwd,
        playbookDir: 'play',
        extraVars: [JSON.stringify({ t: template })],
        vaultSecrets: password === undefined ? [] : [{ id: 'default', password }],
      })
      const variable = resolveVar(inventory, inventory.implicitHost('h'), 't')
      return [variable?.value, variable?.secret]
    }
    assert.equal(await read("{{ lookup('file', 'a') }}"), ['in files', false])
    assert.equal(await read("{{ lookup('file', 'b', 'a') }}"), ['beside,in files', false])
    assert.equal(await read("{{ lookup('file', 'v') }}", 'open'), ['hidden', true])
    assert.equal(await read("{{ lookup('password', 'p length=4') }}"), ['word', true])
    assert.equal(await read("{{ lookup('first_found', ['z', 'b']) }}"), [join(cwd, 'play', 'b'), false])
    assert.equal(await read('{{ playbook_dir }} {{ inventory_dir }}'), [`${join(cwd, 'play')} ${cwd}`, false])
    const [problem] = await problemsOf(() => read("{{ lookup('file', 'v') }}"))
    assert.match(problem ?? '', /play\/v:1:1: this is vaulted and there is no vault password/)
  } finally {
    rmSync(cwd, { recursive: true })
  }
})

test.run()
