import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lint } from '../../../../engine/cli/lint/lint.ts'
import { formatProblem } from '../../../../engine/failure/index.ts'
import { command, defineCluster, defineRole, type ParamsSchema, play } from '../../../../engine/index.ts'
import type { Playbook } from '../../../../engine/playbook/playbook.ts'
import { newRedactor } from '../../../../engine/secrets/redactor.ts'

const cwd = mkdtempSync(join(tmpdir(), 'rota-lint-'))
test.after(() => rmSync(cwd, { recursive: true }))

const port = { type: 'integer', minimum: 1, maximum: 65535, default: 1, var: ['front_port', 'entrance_port'] } as const
const cluster = defineCluster({ params: { type: 'object', properties: { port } } })
const roleOf = (name: string, properties: ParamsSchema['properties']) =>
  defineRole({ name, params: { type: 'object', properties }, tasks: () => [command({ run: 'true', creates: '/' })] })
const front = roleOf('front', { listenPort: port, greeting: { type: 'string', text: 'line', default: '' } })
const back = roleOf('back', { level: { type: 'string', enum: ['low', 'high'], default: 'low' } })
const knows = () => ({
  of: 'theirs',
  variables: new Set(['theirs_region']),
  others: new Set(['theirs_task']),
  deprecated: new Map([['theirs_area', 'theirs_region']]),
})
const book = (name: string, plays: Playbook['plays'], more: Partial<Playbook> = {}): Playbook => ({
  name,
  file: join(cwd, `${name}.mjs`),
  plays,
  inventory: { knows },
  ...more,
})
const fronts = book('fronts', [play('in front', { hosts: 'all', roles: [front()], cluster })])
const backs = book('backs', [play('behind', { hosts: 'all', roles: [back()] })])

/** What is found in an inventory of these files: level, kind, and what is said. */
async function found(
  files: Readonly<Record<string, string>>,
  playbooks: readonly Playbook[] = [fronts],
  ...words: readonly string[]
): Promise<readonly string[]> {
  const dir = mkdtempSync(join(cwd, 'i-'))
  for (const [path, text] of Object.entries({ 'hosts.ini': 'a\nb\n', ...files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const before = process.cwd()
  process.chdir(dir)
  try {
    const findings = await lint(playbooks, ['-i', 'hosts.ini', ...words], newRedactor())
    return findings.map(({ level, kind, problem }) => `${level} ${kind} ${formatProblem(problem)}`)
  } finally {
    process.chdir(before)
  }
}
const all = 'group_vars/all.yml'

test('nothing is found in an inventory that is right', async () => {
  assert.equal(await found({ [all]: 'front_port: 80\nansible_user: root\nansible_mine: 1\n' }), [])
})

test('all that is wrong is told at once, as a run tells it, with what is misspelt', async () => {
  const files = {
    [all]: 'front_port: 70000\nfront_greting: x\nback_level: hihg\n',
    'host_vars/b.yml': 'front_port: x\n',
  }
  assert.equal(
    (await found(files, [fronts, backs])).filter(line => line.startsWith('error')),
    [
      `error wrong ${all}:1:13: front_port: 70000 must be <= 65535 (role front)`,
      'error wrong host_vars/b.yml:1:13: front_port: "x" is not of type integer (role front)',
      `error wrong ${all}:3:13: back_level: "hihg" is not one of "low", "high" (role back) (did you mean high?)`,
      `error misspelt ${all}:2:16: variable front_greting: no role of this playbook reads it, and theirs has none of this name (did you mean front_greeting?)`,
    ],
  )
})

test('what can not be read is told of the inventory once, however many playbooks read it', async () => {
  const lines = await found({ [all]: 'a: [1\n' }, [fronts, backs])
  assert.is(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /^error wrong group_vars\/all.yml:/)
})

test('how hosts are reached is judged, too', async () => {
  const [line = ''] = await found({ 'hosts.ini': 'a ansible_port=http\n' })
  assert.match(line, 'error wrong hosts.ini:1:16: host a: ansible_port: "http" is not a port')
})

test('unused is what neither a role of any of the playbooks reads nor anybody else who is known', async () => {
  const vars = ['back_level: low', 'colour: red', 'theirs_region: 1', 'theirs_task: 1', 'used: 1', 'x: "{{ used }}"']
  const files = { [all]: vars.join('\n') }
  const unused = (name: string, place: string) =>
    `info unused ${all}:${place}: variable ${name}: no role of this playbook reads it, and theirs has none of this name`
  assert.equal(await found(files, [fronts, backs]), [unused('colour', '2:9'), unused('x', '6:4')])
  assert.equal(await found(files, [fronts]), [
    unused('back_level', '1:13'),
    unused('colour', '2:9'),
    unused('x', '6:4'),
  ])
})

test('a name that is far from any is unused, with the nearest that a role reads; one that is near is misspelt alone', async () => {
  const lines = await found({ [all]: 'fronts_parts: 1\nfront_prot: 1\n' })
  assert.equal(
    lines.map(line => line.replace(/: no role.*\(/, ' (')),
    [
      `error misspelt ${all}:2:13: variable front_prot (did you mean front_port?)`,
      `info unused ${all}:1:15: variable fronts_parts (did you mean front_port?)`,
    ],
  )
})

test('a variable that one of the playbooks reads is no misspelt one of another', async () => {
  const other = book('other', [play('x', { hosts: 'all', roles: [roleOf('fro', { ntPort: {} })()] })], {
    vars: { front_prot: { type: 'string', default: '' } },
  })
  assert.equal(await found({ [all]: 'front_prot: 1\n' }, [fronts, other]), [])
  assert.is((await found({ [all]: 'front_prot: 1\n' }, [fronts])).length, 1)
})

test('deprecated names are told with what to say instead, wherever they stand', async () => {
  const files = { 'hosts.ini': 'a ansible_ssh_host=10.0.0.1\nb\n', [all]: 'theirs_area: 1\n' }
  assert.equal([...(await found(files))].sort(), [
    `warning deprecated ${all}:1:14: variable theirs_area is deprecated (say theirs_region)`,
    'warning deprecated hosts.ini:1:20: variable ansible_ssh_host is deprecated (say ansible_host)',
  ])
})

test('shadowed: which place wins, over which, and on which hosts', async () => {
  const files = {
    'hosts.ini': '[web]\na\nb\nc front_port=4\n[web:vars]\nfront_port=2\n',
    [all]: 'front_port: 3\n',
    'host_vars/a.yml': 'front_port: 5\n',
  }
  assert.equal([...(await found(files))].sort(), [
    `info shadowed ${all}:1:13: variable front_port: what stands here wins over hosts.ini:6:12 on b`,
    `info shadowed host_vars/a.yml:1:13: variable front_port: what stands here wins over ${all}:1:13, hosts.ini:6:12 on a`,
    `info shadowed hosts.ini:4:14: variable front_port: what stands here wins over ${all}:1:13, hosts.ini:6:12 on c`,
  ])
  assert.match((await found(files, [fronts], '-e', 'front_port=1')).join('\n'), /--extra-vars:1:12: .* on b$/m)
})

test('shadowed: two names of one value, whichever of them counts', async () => {
  assert.equal(await found({ [all]: 'front_port: 1\nentrance_port: 2\n' }, [fronts, fronts]), [
    `info shadowed ${all}:2:16: variable entrance_port: front_port (${all}:1:13) is the same value, and counts on a, b`,
  ])
  assert.equal(await found({ [all]: 'front_port: 1\n', 'host_vars/b.yml': 'entrance_port: 2\n' }), [
    `info shadowed ${all}:1:13: variable front_port: entrance_port (host_vars/b.yml:1:16) is the same value, and counts on b`,
  ])
  assert.equal(await found({ 'host_vars/a.yml': 'front_port: 1\n', 'host_vars/b.yml': 'entrance_port: 2\n' }), [])
})

test('where a template needs facts, no host is asked: those of a usual one are taken, and that is said', async () => {
  const files = { [all]: `front_port: "{{ 80 if ansible_os_family == 'Debian' else 'none' }}"\n` }
  assert.equal(await found(files), [
    'warning told templates need facts of a, b: judged as if each were Debian 12 on x86_64',
  ])
  const wrong = await found({ [all]: 'front_port: "{{ ansible_hostname }}"\nback_level: x\n' }, [fronts, backs])
  assert.match(wrong[0] ?? '', 'front_port: "a" is not of type integer')
  assert.match(wrong.join('\n'), 'back_level: "x" is not one of')
})

test('a playbook that must be told a variable is not judged without it, and that is said', async () => {
  const needy = book('needy', [play('x', { hosts: 'all', roles: [back()] })], {
    vars: { who: { type: 'string', text: 'line' } },
  })
  const files = { [all]: 'back_level: x\nfront_port: 0\ncolour: red\n' }
  assert.equal(await found(files, [fronts, needy]), [
    `error wrong ${all}:2:13: front_port: 0 must be >= 1 (role front)`,
    'warning told playbook needy needs the variable who (say it with -e who=…): what its roles read is not judged',
  ])
  assert.match((await found(files, [fronts, needy], '-e', 'who=me')).join('\n'), 'back_level: "x" is not one of')
})

test('what an inventory is warned of is told', async () => {
  assert.equal(await found({ [all]: 'front_port: 1\nfront_port: 2\n' }), [
    `warning told ${all}:2:1: key 'front_port' is there twice; the last one counts`,
  ])
})

const bin = (...args: readonly string[]) => execa('node', ['engine/bin.mjs', ...args], { reject: false, all: true })

test('on the command line: upgrade.mjs where no playbook is named; 0 where nothing is wrong, 2 where something is', async () => {
  const right = await bin('lint', '-i', 'inventory/sample/hosts.ini')
  assert.is(right.exitCode, 0, right.all)
  assert.is(right.all, '0 errors, 0 warnings, 0 to know of; no host was touched')
  const vars = ['-e', 'kube_apiserver_port=http', '-e', 'kube_verison=1']
  const wrong = await bin('lint', '-p', 'playbooks/check-ha.mjs', '-i', 'inventory/sample/hosts.ini', ...vars)
  assert.is(wrong.exitCode, 2, wrong.all)
  assert.match(wrong.stdout, /^error {3}--extra-vars:1:21: kube_apiserver_port: "http" is not of type integer/m)
  assert.match(wrong.stdout, /^error .* extra variable kube_verison: .*did you mean kube_version/m)
  assert.match(wrong.stderr, '2 errors, 0 warnings, 2 to know of; no host was touched')
})

test('--json: one object a finding, with its place', async () => {
  const { stdout, exitCode } = await bin(
    'lint',
    '--json',
    '-i',
    'inventory/sample/hosts.ini',
    '-e',
    '{"bin_dir": "x y"}',
  )
  assert.is(exitCode, 2)
  const [finding, ...more] = stdout.split('\n').map(line => JSON.parse(line))
  assert.equal(more, [])
  const { message, foundBy, ...rest } = finding
  assert.match(message, 'bin_dir: "x y" is not an absolute path')
  assert.match(foundBy, 'role ')
  assert.equal(rest, { level: 'error', kind: 'wrong', file: '--extra-vars', line: 1, column: 13 })
})

test('what is no playbook is refused, and flags that playbooks do not have', async () => {
  for (const [file, said] of [
    ['playbooks/none.mjs', 'there is no playbook'],
    ['playbooks/parts/addons.mjs', 'is no playbook'],
  ] as const) {
    const { exitCode, all = '' } = await bin('lint', '-p', file, '-i', 'inventory/sample/hosts.ini')
    assert.is(exitCode, 1, all)
    assert.match(all, said)
  }
  const { exitCode, all = '' } = await bin('lint', '-i', 'inventory/sample/hosts.ini', '--kubespary', 'x')
  assert.is(exitCode, 1, all)
  assert.match(all, "unknown option '--kubespary'")
})

test('a vaulted value is judged, and never shown', async () => {
  const dir = mkdtempSync(join(cwd, 'v-'))
  writeFileSync(join(dir, 'hosts.ini'), 'm1\n[kube_control_plane]\nm1\n[all:vars]\nkube_version=v1.30.4\n')
  writeFileSync(join(dir, 'password'), 'open\n')
  const { encryptVault } = await import('../../../../engine/vault/write.ts')
  const text = encryptVault(Buffer.from('not-a-port'), { id: 'default', password: 'open' })
  mkdirSync(join(dir, 'group_vars'))
  writeFileSync(join(dir, 'group_vars/all.yml'), `kube_apiserver_port: !vault |\n${text.replace(/^/gm, '  ')}`)
  const vault = ['--vault-password-file', join(dir, 'password')]
  const { all = '', exitCode } = await bin('lint', '-i', join(dir, 'hosts.ini'), ...vault)
  assert.is(exitCode, 2, all)
  assert.match(all, 'kube_apiserver_port: the secret value is not of type integer')
  assert.not.match(all, 'not-a-port')
})

test.run()
