import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../../engine/secrets/find.ts'
import { formsOf } from '../../engine/secrets/forms.ts'
import { encryptVault } from '../../engine/vault/write.ts'
import { inHost, testLab, upLab } from '../lab/lab.ts'

// A vault of secrets, each in a place of its own, on a real host with a password for logging in and for sudo. Looked
// through is all that a run leaves: what it says, its journal, words and environment of every process on both sides
// while it works, files here and there.
const info = await upLab()
const target = info.hosts.find(({ name }) => name === 'master-1')
if (!target) throw new Error('the lab has no master-1')
const container = `rota-${testLab}-master-1`
const lab = dirname(info.files.key)
const operatorPassword = readFileSync(join(lab, 'operator-password'), 'utf8').trim()

const dir = mkdtempSync(join(tmpdir(), 'rota-canary-'))
const names = [
  'param',
  'content',
  'computed',
  'base64',
  'stdin',
  'env',
  'line',
  'block',
  'http',
  'step',
  'handler',
  'title',
  'play',
]
const odd = (name: string): string => `CNRY${name}-"q'\\b$d&<é ${randomBytes(6).toString('hex')}`
const canaries: ReadonlyMap<string, string> = new Map([
  ...names.map((name): [string, string] => [name, odd(name)]),
  ['param', `${odd('param')}\n${odd('second')}`],
  ['login', `CNRYlogin-"q\\b${randomBytes(6).toString('hex')}`],
  ['vault', `CNRYvault-${randomBytes(6).toString('hex')}`],
])
const canary = (name: string): string => canaries.get(name) ?? ''
const inline = (text: string): string =>
  `!vault |\n${encryptVault(Buffer.from(text), { id: 'default', password: canary('vault') })
    .trimEnd()
    .replaceAll(/^/gm, ' '.repeat(10))}`
const inventory = join(dir, 'hosts.yml')
writeFileSync(join(dir, 'vault-password'), `${canary('vault')}\n`, { mode: 0o600 })
writeFileSync(
  inventory,
  `all:
  hosts:
    master-1:
      ansible_host: ${target.ip}
      ansible_port: 2298
      ansible_user: operator
      ansible_ssh_common_args: -o UserKnownHostsFile=${join(lab, 'known_hosts')} -o StrictHostKeyChecking=yes -o ControlPath=none -o HostKeyAlias=${target.ip} -o PubkeyAuthentication=no
      ansible_password: ${inline(canary('login'))}
      ansible_become: true
      ansible_become_password: ${inline(canary('login'))}
${names.map(name => `      canary_${name}: ${inline(canary(name))}\n`).join('')}`,
)

const setPassword = (password: string): void => {
  execFileSync('docker', ['exec', '-i', container, 'chpasswd'], { input: `operator:${password}\n` })
}
// The lab's sshd takes keys only: one more that takes passwords, for the length of this test.
const daemon = '/run/rota-canary-sshd.pid'
test.before(async () => {
  setPassword(canary('login'))
  await inHost(
    'master-1',
    `/usr/sbin/sshd -p 2298 -o PidFile=${daemon} -o PasswordAuthentication=yes -o UsePAM=yes; sleep 0.5`,
  )
})
test.before.each(async () => {
  await inHost('master-1', 'rm -rf /opt/rota-canary /var/lib/rota; touch /run/rota-canary-stamp')
})
test.after(async () => {
  setPassword(operatorPassword)
  await inHost('master-1', `kill "$(cat ${daemon})"`)
  await inHost('master-1', 'rm -rf /opt/rota-canary /var/lib/rota /run/rota-canary-stamp')
  rmSync(dir, { recursive: true })
})

const finders = [...canaries].map(([name, secret]) => ({ name, find: finder([formsOf(secret)]) }))
/** Names of the secrets that stand in a text, in whatever form. `CNRY` alone tells of a piece of one. */
const found = (text: string): readonly string[] => {
  const whole = finders.filter(({ find }) => find(text).length > 0).map(({ name }) => name)
  return whole.length === 0 && text.includes('CNRY') ? ['a piece'] : whole
}

interface Seen {
  readonly where: string
  readonly names: readonly string[]
}

/** Words and environment of every process, and files in the folder for temporary ones, again and again until `over`. */
async function watch(temporary: string, over: () => boolean): Promise<readonly Seen[]> {
  const looked = new Set<string>()
  const seen: Seen[] = []
  const look = (where: string, file: string): void => {
    let text: string
    try {
      text = readFileSync(file, 'latin1')
    } catch {
      return
    }
    if (looked.has(text)) return
    looked.add(text)
    const decoded = Buffer.from(text, 'latin1').toString().replaceAll('\0', '\n')
    const names = found(decoded)
    if (names.length > 0) seen.push({ where, names })
  }
  while (!over()) {
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      look('argv', `/proc/${pid}/cmdline`)
      look('environ', `/proc/${pid}/environ`)
    }
    for (const name of readdirSync(temporary, { recursive: true, encoding: 'utf8' })) {
      const file = join(temporary, name)
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) look('temporary file', file)
    }
    await sleep(2)
  }
  return seen
}

/** Files of the host that are younger than the run, which hold a secret: path, mode, mode of the directory. */
async function filesWithSecrets(): Promise<readonly string[]> {
  const list = await inHost(
    'master-1',
    'find / -xdev \\( -path /proc -o -path /sys \\) -prune -o -cnewer /run/rota-canary-stamp -type f -size -512k -print; find /run /tmp /dev/shm -cnewer /run/rota-canary-stamp -type f -size -512k -print',
  )
  const result: string[] = []
  for (const file of new Set(list.split('\n').filter(Boolean))) {
    const text = await inHost('master-1', `cat '${file}' 2>/dev/null || :`)
    if (found(text).length === 0 && found(file).length === 0) continue
    result.push(await inHost('master-1', `stat -c '%n %a' '${file}'; stat -c %a "$(dirname '${file}')"`))
  }
  return result.map(line => line.replace('\n', ' ')).sort()
}

async function run(mode: string, ...flags: readonly string[]) {
  const home = mkdtempSync(join(dir, 'run-'))
  const temporary = join(home, 'tmp')
  mkdirSync(temporary)
  const fetched = join(home, 'fetched')
  let over = false
  const watching = watch(temporary, () => over)
  const words = [
    'test/hostile/playbooks/secrets-canary.mjs',
    '-i',
    inventory,
    '--vault-password-file',
    join(dir, 'vault-password'),
  ]
  const { exitCode, all } = await execa('node', [...words, ...flags], {
    env: { MODE: mode, FETCHED: fetched, XDG_STATE_HOME: join(home, 'state'), TMPDIR: temporary },
    all: true,
    reject: false,
  })
  over = true
  const seen = await watching
  const runs = join(home, 'state', 'rota', 'runs')
  const journal = readdirSync(runs)
    .map(name => readFileSync(join(runs, name), 'utf8'))
    .join('')
  const fetchedMode = statSync(fetched, { throwIfNoEntry: false })
  return {
    exitCode,
    all,
    journal,
    seen,
    files: await filesWithSecrets(),
    left: readdirSync(temporary),
    fetched: fetchedMode && (fetchedMode.mode & 0o777).toString(8),
  }
}

/** What a command was given as its environment is there, for root alone. */
const unwanted = (seen: readonly Seen[]): readonly Seen[] =>
  seen.filter(({ where, names }) => where !== 'environ' || names.some(name => name !== 'env' && name !== 'play'))

const managed = ['base64', 'block', 'computed', 'content', 'line']

const cases: readonly (readonly [mode: string, exitCode: number, ...flags: readonly string[]])[] = [
  ['ok', 0, '--check', '--diff', '-vvv'],
  ['ok', 0, '--diff', '-vvv'],
  ['ok', 0, '--diff', '-vvv', '--json', '--profile'],
  ['fail', 2, '--diff', '-vvv'],
  ['fail', 2, '--diff', '-vvv', '--json'],
  ['throw', 2, '-vvv'],
  ['refused', 2, '-vvv'],
  ['wait', 2, '-vvv'],
  ['gate', 2, '-vvv'],
  ['check', 2, '-vvv', '--json'],
]

for (const [mode, exitCode, ...flags] of cases)
  test(`no secret gets out: ${mode} ${flags.join(' ')}`, async () => {
    const result = await run(mode, ...flags)
    assert.is(result.exitCode, exitCode, result.all)
    assert.match(result.all, /\*{8}/)
    assert.equal(found(result.all), [], result.all)
    assert.equal(found(result.journal), [], result.journal)
    assert.equal(unwanted(result.seen), [])
    assert.equal(result.left, [])
    const kept = flags.includes('--check') ? [] : managed
    assert.equal(
      result.files,
      kept.map(name => `/opt/rota-canary/${name} 600 755`),
    )
    if (mode === 'ok' && !flags.includes('--check')) assert.is(result.fetched, '600')
  })

test('the previous version of a file that was a secret is kept for its owner alone', async () => {
  await run('ok')
  const first = await inHost('master-1', 'cat /opt/rota-canary/content')
  await inHost('master-1', `printf 'old\\n' >>/opt/rota-canary/content; touch /run/rota-canary-stamp`)
  const { files, seen } = await run('ok', '--diff')
  assert.equal(unwanted(seen), [])
  const kept = files.filter(line => line.startsWith('/var/lib/rota/backup/'))
  assert.ok(kept.length > 0, files.join('\n'))
  for (const line of kept) assert.match(line, / 600 700$/)
  assert.is(await inHost('master-1', 'stat -c %a /var/lib/rota'), '700')
  assert.is(await inHost('master-1', 'cat /opt/rota-canary/content'), first)
})

test('control: a run that leaks on purpose is seen by every way of looking', async () => {
  const { all, seen, files, left } = await run('leak', '-vvv')
  assert.equal(found(all), ['step'], all)
  const where = (place: string) => seen.filter(one => one.where === place).flatMap(({ names }) => names)
  assert.ok(where('argv').includes('step'), 'on this side')
  assert.ok(where('argv').includes('param'), 'on the host')
  assert.ok(where('environ').includes('step'))
  assert.ok(where('temporary file').includes('step'))
  assert.equal(left, ['left'])
  assert.ok(files.includes('/opt/rota-canary/open 644 755'), files.join('\n'))
})

test('control: each form of each secret is recognised', () => {
  for (const [name, secret] of canaries)
    for (const text of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('hex'),
      Buffer.from(`user:${secret}`).toString('base64'),
    ])
      assert.ok(found(`before ${text} after`).includes(name), text)
  assert.equal(found('nothing of the kind'), [])
})

test.run()
