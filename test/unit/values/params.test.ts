import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { equal, is, throws } from 'uvu/assert'
import { formatProblem } from '../../../engine/failure/problem.ts'
import { loadInventory } from '../../../engine/inventory/index.ts'
import { lookupIn } from '../../../engine/plan/cluster-values.ts'
import { defineRole } from '../../../engine/role/role.ts'
import { resolveParams } from '../../../engine/values/params.ts'

const lb = defineRole({
  name: 'load-balancer',
  params: {
    type: 'object',
    properties: {
      port: { type: 'integer', default: 6443, var: ['loadbalancer_apiserver_port', 'old_port'] },
      kind: { enum: ['nginx', 'haproxy'], default: 'nginx', var: 'lb_kind' },
      version: { type: 'string', var: 'kube_version' },
      enabled: { type: 'boolean', default: true, var: 'lb_enabled' },
      runner: { enum: ['ours', 'theirs'], default: 'ours', agree: true, var: 'lb_runner' },
      password: { type: 'string', minLength: 8, secret: true, var: 'lb_password' },
      servers: {
        type: 'array',
        items: { type: 'object', properties: { address: { type: 'string' } }, additionalProperties: false },
        default: [],
        var: 'lb_servers',
      },
    },
    required: ['version'],
  },
  tasks: () => [],
})

/** The folder of an inventory; gone at the end. */
const folders: string[] = []
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rota-params-'))
  folders.push(dir)
  return dir
}
test.after(() => {
  for (const dir of folders) rmSync(dir, { recursive: true })
})

async function resolve(hostsIni: string, params: object = {}, extraVars: readonly string[] = []) {
  const dir = folder()
  writeFileSync(join(dir, 'hosts.ini'), hostsIni)
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir, extraVars })
  const [host] = inventory.hosts.values()
  if (!host) throw new Error('no host')
  const resolved = resolveParams(lb(params), lookupIn(inventory, host))
  const problems = resolved.ok ? [] : resolved.problems
  return {
    params: resolved.ok ? resolved.params : {},
    secrets: resolved.secrets,
    kinds: problems.map(({ kind, param }) => `${kind} ${param}`),
    problems: problems.map(formatProblem).map(text => text.replace(/^.*params\.test\.ts:\d+:\d+/, 'PLAYBOOK')),
  }
}

const host = (vars: string) => `a kube_version=v1.20.2 ${vars}\n`

test('of two names the one that is set at the stronger place wins; where they are equally strong, that of the role', async () => {
  const port = async (text: string) => (await resolve(`${host('')}${text}`)).params.port
  equal(await port('[all:vars]\nload_balancer_port=1\nold_port=2\n'), 1)
  equal(await port('[all:vars]\nload_balancer_port=1\n[web]\na\n[web:vars]\nold_port=2\n'), 2)
  equal((await resolve(`${host('old_port=2')}[all:vars]\nload_balancer_port=1\n`)).params.port, 2)
  equal((await resolve(`${host('old_port=2')}[all:vars]\n`, {}, ['loadbalancer_apiserver_port=3'])).params.port, 3)
})

test('an empty text overrides what is weaker, but not another name of the same place', async () => {
  equal((await resolve(`${host('old_port=')}[all:vars]\nload_balancer_port=1\n`)).params.port, 6443)
  equal((await resolve(host('loadbalancer_apiserver_port= old_port=2'))).params.port, 2)
  equal((await resolve(host('old_port=2'), { port: 3 }, ['load_balancer_port='])).params.port, 6443)
})

test('precedence: default, inventory, playbook, extra vars', async () => {
  equal((await resolve(host(''))).params.port, 6443)
  equal((await resolve(host('loadbalancer_apiserver_port=7000'))).params.port, 7000)
  equal(
    (await resolve(host('old_port=1 loadbalancer_apiserver_port=7000'))).params.port,
    7000,
    'the first name that is set wins',
  )
  equal((await resolve(host('loadbalancer_apiserver_port=7000'), { port: 8000 })).params.port, 8000)
  equal(
    (await resolve(host('loadbalancer_apiserver_port=7000'), { port: 8000 }, ['loadbalancer_apiserver_port=9000']))
      .params.port,
    9000,
  )
})

test('names that have to agree and do not are refused with both places, unless somebody overrules them', async () => {
  const both = host('lb_runner=ours load_balancer_runner=theirs')
  equal((await resolve(both)).problems, [
    'hosts.ini:1:34: lb_runner is "ours", and load_balancer_runner is "theirs" (hosts.ini:1:60) (they are names of one value: take one of them away)',
  ])
  equal((await resolve(host('lb_runner=theirs load_balancer_runner=theirs'))).params.runner, 'theirs')
  equal((await resolve(`${host('lb_runner=theirs')}[all:vars]\nlb_runner=ours\n`)).params.runner, 'theirs')
  equal((await resolve(both, {}, ['lb_runner=ours'])).params.runner, 'ours')
  equal((await resolve(both, { runner: 'ours' })).params.runner, 'ours')
})

test('an extra variable wins under any name of a param', async () => {
  equal((await resolve(host('loadbalancer_apiserver_port=7000'), {}, ['old_port=9000'])).params.port, 9000)
  equal((await resolve(host('loadbalancer_apiserver_port=7000'), {}, ['load_balancer_port=9000'])).params.port, 9000)
  equal((await resolve(host('old_port=7000'), { port: 8000 }, ['load_balancer_port=9000'])).params.port, 9000)
})

test('hosts with the same variables share their params, which nobody can change; others have their own', async () => {
  const dir = folder()
  const group =
    '[g]\na\nb\nc old_port=1\nd lb_kind="{{ inventory_hostname }}"\n[g:vars]\nkube_version=v1.20.2\nlb_servers=[]\n'
  writeFileSync(join(dir, 'hosts.ini'), group)
  const inventory = await loadInventory({ sources: ['hosts.ini'], cwd: dir })
  const call = lb()
  const of = (name: string) => {
    const found = inventory.hosts.get(name)
    if (!found) throw new Error(`no host ${name}`)
    return resolveParams(call, lookupIn(inventory, found))
  }
  is(of('a'), of('b'))
  const [a, c, d] = [of('a'), of('c'), of('d')]
  if (!a.ok || !c.ok || d.ok) throw new Error('a and c have params, d has a kind that is none')
  equal([a.params.port, c.params.port], [6443, 1])
  throws(() => (a.params.servers as unknown[]).push('one more'), /not extensible/)
})

test('every param has a variable named after the role, too', async () =>
  equal((await resolve(host(''), {}, ['load_balancer_kind=haproxy'])).params.kind, 'haproxy'))

test("Ansible's loose values become what the schema means, where that is certain", async () => {
  const { params, problems } = await resolve(
    `${host('')}[all:vars]\nlb_enabled=no\nloadbalancer_apiserver_port="7000"\n`,
  )
  equal(problems, [])
  equal([params.enabled, params.port], [false, 7000])
})

test('every problem is told at once, with the place of the value and what was expected', async () => {
  const { problems } = await resolve(
    'a kube_version=1.20 lb_kind=ngnix\n[all:vars]\nloadbalancer_apiserver_port=https\nlb_servers=[{"adress": "10.0.0.1"}]\n',
  )
  equal(problems.sort(), [
    'hosts.ini:1:16: kube_version: 1.2 is not of type string (role load-balancer) (quote it: without quotes it is a number and may have lost digits)',
    'hosts.ini:1:29: lb_kind: "ngnix" is not one of "nginx", "haproxy" (role load-balancer) (did you mean nginx?)',
    'hosts.ini:3:29: loadbalancer_apiserver_port: "https" is not of type integer (role load-balancer)',
    'hosts.ini:4:12: lb_servers.0: {"adress":"10.0.0.1"} has an unknown key "adress" (role load-balancer) (did you mean address?)',
  ])
})

test('a key that is like no other is told which there are', async () =>
  equal((await resolve('a kube_version=v1\n[all:vars]\nlb_servers=[{"port": 1}]\n')).problems, [
    'hosts.ini:3:12: lb_servers.0: {"port":1} has an unknown key "port" (role load-balancer) (its keys are address)',
  ]))

test('a param that is needed says which variable to set', async () =>
  equal((await resolve('a\n')).problems, [
    'PLAYBOOK: role load-balancer needs version (set `load_balancer_version` or `kube_version` in the inventory, or version in the playbook)',
  ]))

test('what is missing can be told from what is wrong, and neither leaves params to go on with', async () => {
  const { kinds, params } = await resolve('a lb_kind=ngnix\n', { prot: 1 })
  equal(kinds.sort(), ['missing version', 'wrong kind', 'wrong prot'])
  equal(params, {})
})

test('an unknown param of the playbook names the nearest', async () =>
  equal((await resolve(host(''), { prot: 1 })).problems, [
    'PLAYBOOK: role load-balancer has no param prot (did you mean port?)',
  ]))

test('text that breaks a line is refused wherever it stands, also in the name of a key, and shown on one line', () => {
  const free = defineRole({
    name: 'free',
    params: {
      type: 'object',
      properties: {
        any: { type: 'string' },
        line: { type: 'string', text: 'line' },
        lines: { type: 'string', text: 'lines' },
        secret: { type: 'string', secret: true },
        list: { type: 'array', items: { type: 'string' } },
        map: { type: 'object' },
        wide: { type: 'string', pattern: '.*' },
      },
    },
    tasks: () => [],
  })
  const wrong = (params: object) => {
    const resolved = resolveParams(free(params), () => undefined)
    return resolved.ok ? [] : resolved.problems.map(({ message }) => message)
  }
  for (const sign of ['\n', '\r', '\0', '\x1b[2J', '\x9b', '\u2028', '\u202e', '\ud800']) {
    const text = `a${sign}b`
    assert.is(wrong({ any: text, line: text, list: ['ok', text], map: { deep: [{ x: text }] }, wide: text }).length, 5)
    assert.is(wrong({ map: { [text]: 'x' } }).length, 1)
    for (const message of wrong({ any: text, map: { [text]: 1 } })) assert.ok(!message.includes(sign), message)
  }
  equal(wrong({ any: 'a\nb' }), ['any: "a\\nb" has control characters: expected one line of text'])
  equal(wrong({ secret: 'a\nb' }), ['secret: the secret value has control characters: expected one line of text'])
  equal(wrong({ any: 'Größe 1 {}"`$()', lines: 'a:\n\tb\n' }), [])
  equal(wrong({ lines: 'a\0' }), ['lines: "a\\u0000" has control characters: expected text'])
})

test('a format says what it expects; one that nobody knows, and a keyword that nobody knows, is a mistake of the role', () => {
  const one = (schema: object) =>
    defineRole({
      name: 'one',
      params: { type: 'object', properties: { x: { type: 'string', ...schema } } },
      tasks: () => [],
    })
  const resolved = resolveParams(one({ format: 'address' })({ x: 'fe80::5%eth0' }), () => undefined)
  equal(resolved.ok ? [] : resolved.problems.map(({ message }) => message), [
    'x: "fe80::5%eth0" is not an IPv4 or IPv6 address (without a zone such as %eth0)',
  ])
  assert.throws(() => resolveParams(one({ format: 'adress' })({ x: 'a' }), () => undefined), /unknown format "adress"/)
  assert.throws(() => resolveParams(one({ txt: 'lines' })({ x: 'a' }), () => undefined), /unknown keyword: "txt"/)
})

test('a secret that is wrong is not shown, and its value is known for redaction', async () => {
  const { problems, secrets } = await resolve(host('lb_password=short'))
  equal(problems, [
    'hosts.ini:1:36: lb_password: the secret value must NOT have fewer than 8 characters (role load-balancer)',
  ])
  equal(secrets, ['short'])
})

test('what is left of params without what is wrong: of a list its other items, each in its place', () => {
  const servers = [{ address: 'a' }, { addres: 'b' }, { address: 'c' }]
  const resolved = resolveParams(lb({ version: '1', kind: 'bad', servers } as never), () => undefined)
  const right = resolved.ok ? {} : resolved.right
  equal([right.version, right.port, 'kind' in right], ['1', 6443, false])
  const left = right.servers as readonly unknown[]
  equal([left.length, left[0], 1 in left, left[2]], [3, { address: 'a' }, false, { address: 'c' }])
})

test('a value that is wrong is shown without who asks in its URLs, and however it is written', () => {
  const one = defineRole({
    name: 'one',
    params: {
      type: 'object',
      properties: { x: { type: 'object', additionalProperties: false, properties: { url: { type: 'string' } } } },
    },
    tasks: () => [],
  })
  const shown = (value: unknown): string => {
    const resolved = resolveParams(one({ x: { rul: value } } as never), () => undefined)
    const [message = ''] = resolved.ok ? [] : resolved.problems.map(({ message }) => message)
    return message.replace(/^x: \{"rul":(.*)\} has an unknown key "rul"$/, '$1')
  }
  const cases: readonly (readonly [unknown, string])[] = [
    ['https://u:s3cret@shop/a', '"https://…@shop/a"'],
    ['htps://u:s3cret@shop', '"htps://…@shop"'],
    ['https://s3cret@shop', '"https://…@shop"'],
    ['https://u:s3/cr?e#t@shop', '"https://…@shop"'],
    ['https://shop:443/a@b', '"https://shop:443/a@b"'],
    ['https://u:s3"cret@shop', '"https://…@shop"'],
    ['https://u:s3@cret@shop', '"https://…@shop"'],
    ['see https://a:s3cret@b, HTTP://c:s3cret@d', '"see https://…@b, HTTP://…@d"'],
    [{ 'https://u:s3cret@shop': [['https://u:s3cret@shop']] }, '{"https://…@shop":[["https://…@shop"]]}'],
    ['https://registry:5000/@scope/package', '"https://registry:5000/@scope/package"'],
    ['http://[::1]:80/a@b', '"http://[::1]:80/a@b"'],
    ['someone@example.org', '"someone@example.org"'],
  ]
  for (const [value, expected] of cases) equal(shown(value), expected)
})

test.run()
