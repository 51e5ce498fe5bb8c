import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { git } from '../../../engine/tasks/index.ts'
import { nameOf, shells } from '../facts/probe.ts'
import { converge, pass, sandbox } from './converge.ts'
import { entry, planText, planWith, problemsOf } from './plan.ts'

const [a, b] = ['a', 'b'].map(digit => digit.repeat(40)) as [string, string]
const wanted = { repo: 'https://a/b.git', path: '/srv/app', version: 'main' }
const at = (commit: string) => ({ type: 'commit', commit })
const here = (more: object = {}) => ({
  type: 'checkout',
  commit: a,
  url: wanted.repo,
  isKept: true,
  changed: [],
  ...more,
})
const folder = entry({ type: 'directory', mode: '0755' })
const failed = { type: 'failed', reason: 'no route' }
const local = here({ changed: ['x', 'y'] })
const own = here({ isKept: false })

for (const [name, text, remote, there, more = {}, changed = false] of [
  ['there', 'nothing', at(a), here()],
  ['another commit', 'aaaaaaaaaaaa → bbbbbbbbbbbb', at(b), here()],
  ['none yet', 'does not exist', at(a), { type: 'absent' }],
  ['cut short before', '(none) → aaaaaaaaaaaa', at(a), here({ commit: '', isKept: false })],
  ['of another repository', 'comes from elsewhere', at(a), here({ url: 'https://geheim@c/d' })],
  [
    'local changes',
    'refused: /srv/app has local changes (x, …): commit them elsewhere, or throw them away by force: true',
    at(a),
    local,
  ],
  ['local changes, force', 'local changes', at(a), local, { force: true }],
  [
    'a commit of its own',
    'refused: /srv/app has a commit of its own, aaaaaaaaaaaa, that is on no branch: put one there, or throw it away by force: true',
    at(b),
    own,
  ],
  ['a commit of its own, and it is the version', 'nothing', at(a), own],
  ['a commit of its own, force', 'aaaaaaaaaaaa → bbbbbbbbbbbb', at(b), own, { force: true }],
  ['no such version', 'refused: https://a/b.git has no branch and no tag main', { type: 'none' }, here()],
  ['nobody answers', 'refused: https://a/b.git: no route', failed, here()],
  ['nobody answers as yet', 'asked again after the changes', failed, here(), {}, true],
  ['nobody answers as yet, and there is none', 'does not exist', failed, { type: 'absent' }, {}, true],
  ['something else', 'refused: /srv/app is there and no checkout of git: remove it first', at(a), { type: 'other' }],
  [
    "somebody else's",
    'refused: /srv/app belongs to somebody else, whose configuration git would obey',
    at(a),
    { type: 'foreign' },
  ],
] as const)
  test(`plan: ${name}`, () => {
    const answer = ({ kind }: { readonly kind: { readonly name: string } }) =>
      kind.name === 'gitCheckout' ? { type: 'git', remote, here: there } : folder
    assert.is(planText(planWith(git({ ...wanted, ...more }), answer, { changed })), text)
  })

test('plan: git is not installed; a path where somebody else has a say', () => {
  const plan = (place: object, changed = false) =>
    planText(
      planWith(git(wanted), ({ kind }) => (kind.name === 'gitCheckout' ? { type: 'noGit' } : place), { changed }),
    )
  assert.is(plan(folder), 'refused: git is not installed')
  assert.is(plan(folder, true), 'does not exist')
  assert.match(plan({ ...folder, exposed: '/srv belongs to ann' }), 'refused: /srv belongs to ann: git would obey')
})

const key = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from(`ssh-ed25519${'.'.repeat(34)}`)]).toString('base64')}`
test('arguments', () => {
  const count = (args: object) => problemsOf(git({ ...wanted, ...args })).length
  for (const repo of ['git@host:a/b.git', 'ssh://git@host:22/a', '/srv/a.git', 'host:a', 'file:///a'])
    assert.is(count({ repo }), 0, repo)
  for (const version of ['v1.2', 'feature/x', 'refs/pull/1/head', a, 'HEAD']) assert.is(count({ version }), 0, version)
  assert.is(count({ hostKey: key, key: '/root/.ssh/id', depth: 1, environment: { a: 'x' } }), 0)
  for (const args of [
    { repo: '--upload-pack=x' },
    { repo: '-oProxyCommand=x:y' },
    { repo: 'ext::sh -c x' },
    { repo: 'https://a/b\n' },
    { repo: 'a' },
    { repo: 'https://ann:pass@a/b' },
    { path: 'a' },
    { version: '-f' },
    { version: 'a..b' },
    { version: 'a b' },
    { version: 'main:x' },
    { depth: 0 },
    { hostKey: `host ${key}` },
    { environment: { 'a b': '' } },
  ])
    assert.is(count(args), 1, JSON.stringify(args))
})

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }
const run = (cwd: string, ...words: string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...words], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .toString()
    .trim()

/** A repository with commits 1 and 2 on main (v1 is an annotated tag of 1), and 3 on next. */
function repository() {
  const dir = sandbox()
  const repo = join(dir, 'repo')
  mkdirSync(repo)
  run(repo, 'init', '-q', '-b', 'main')
  const commit = (text: string): string => {
    writeFileSync(join(repo, 'file'), text)
    run(repo, 'add', '.')
    run(repo, 'commit', '-q', '-m', text)
    return run(repo, 'rev-parse', 'HEAD')
  }
  const one = commit('1')
  run(repo, 'tag', '-a', 'v1', '-m', 'x')
  const two = commit('2')
  run(repo, 'checkout', '-q', '-b', 'next')
  const three = commit('3')
  run(repo, 'checkout', '-q', 'main')
  return { dir, repo, path: join(dir, "it's/app"), commit, one, two, three }
}

for (const shell of shells.filter(each => nameOf(each) !== 'busybox alone')) {
  test(`${nameOf(shell)}: a branch, a tag, a commit`, () => {
    const { dir, repo, path, commit, one, two, three } = repository()
    const text = () => readFileSync(join(path, 'file'), 'utf8')
    const get = (version?: string) =>
      converge(shell, [git({ repo, path, ...(version ? { version } : {}) })], dir).changes.map(({ summary }) => summary)
    assert.equal([get(), text()], [['does not exist'], '2'])
    assert.equal([get('v1'), text()], [[`${two.slice(0, 12)} → ${one.slice(0, 12)}`], '1'])
    assert.equal([get(three), text()], [[`${one.slice(0, 12)} → ${three.slice(0, 12)}`], '3'])
    assert.equal(get('next'), [])
    get('main')
    const four = commit('4')
    assert.equal([get('main'), text()], [[`${two.slice(0, 12)} → ${four.slice(0, 12)}`], '4'])
    assert.is(run(path, 'rev-parse', '--abbrev-ref', 'HEAD'), 'HEAD')
  })

  test(`${nameOf(shell)}: only so much of its history`, () => {
    const { dir, repo, path, one, three } = repository()
    const task = (version: string) => git({ repo: `file://${repo}`, path, version, depth: 1 })
    converge(shell, [task('main')], dir)
    assert.is(run(path, 'rev-list', '--count', 'HEAD'), '1')
    for (const version of ['next', one, three, 'v1']) converge(shell, [task(version)], dir)
    assert.is(run(path, 'rev-parse', 'HEAD'), one)
  })

  test(`${nameOf(shell)}: local changes and commits stay, unless they are thrown away`, () => {
    const { dir, repo, path, two, three } = repository()
    const task = (version: string, force = false) => git({ repo, path, version, force })
    const refused = (version: string) => pass(shell, [task(version)], dir).failed?.output ?? ''
    converge(shell, [task('main')], dir)
    writeFileSync(join(path, 'mine'), 'kept')
    appendFileSync(join(path, 'file'), 'mine')
    writeFileSync(join(path, 'added'), '')
    run(path, 'add', 'added')
    assert.match(refused('main'), 'has local changes (added, …)')
    assert.match(refused('next'), 'has local changes (added, …)')
    converge(shell, [task('main', true)], dir)
    assert.is(readFileSync(join(path, 'file'), 'utf8'), '2')
    run(path, 'commit', '-q', '--allow-empty', '-m', 'mine')
    assert.match(refused('next'), 'has a commit of its own')
    assert.is.not(run(path, 'rev-parse', 'HEAD'), two)
    converge(shell, [task('next', true)], dir)
    assert.equal([run(path, 'rev-parse', 'HEAD'), readFileSync(join(path, 'mine'), 'utf8')], [three, 'kept'])
  })

  test(`${nameOf(shell)}: one that was cut short is not taken for the repository that it is in`, () => {
    const { dir, repo, two } = repository()
    const outer = repository().repo
    const path = join(outer, 'app')
    mkdirSync(join(path, '.git'), { recursive: true })
    converge(shell, [git({ repo, path })], dir)
    assert.is(run(path, 'rev-parse', 'HEAD'), two)
    assert.equal(
      [readdirSync(outer), run(outer, 'rev-parse', '--abbrev-ref', 'HEAD')],
      [['.git', 'app', 'file'], 'main'],
    )
    assert.is(run(outer, 'config', '--default', 'none', 'remote.origin.url'), 'none')
  })

  test(`${nameOf(shell)}: what else is fetched from its repository stays so`, () => {
    const { dir, repo, path, commit } = repository()
    run(dir, 'clone', '-q', repo, path)
    run(path, 'config', '--add', 'remote.origin.fetch', '+refs/pull/*:refs/pull/*')
    commit('4')
    converge(shell, [git({ repo, path })], dir)
    assert.equal(run(path, 'config', '--get-all', 'remote.origin.fetch').split('\n'), [
      '+refs/heads/*:refs/remotes/origin/*',
      '+refs/pull/*:refs/pull/*',
    ])
  })

  test(`${nameOf(shell)}: what is cut short is gone on with, and a look changes nothing`, () => {
    const { dir, repo, path, two } = repository()
    mkdirSync(path, { recursive: true })
    run(path, 'init', '-q')
    const before = execFileSync('find', [path, '-printf', '%p %T@ %s\n']).toString()
    const late = git({ repo: '/nowhere.git', path })
    assert.match(pass(shell, [late], dir).failed?.output ?? '', '/nowhere.git')
    assert.is(execFileSync('find', [path, '-printf', '%p %T@ %s\n']).toString(), before)
    assert.match(converge(shell, [git({ repo, path })], dir).changes[0]?.summary ?? '', '(none) →')
    assert.is(run(path, 'rev-parse', 'HEAD'), two)
  })

  if (process.getuid?.() === 0)
    test(`${nameOf(shell)}: what somebody else has configured is not obeyed`, () => {
      const { dir, repo } = repository()
      chmodSync(dir, 0o755)
      const path = join(dir, 'theirs')
      mkdirSync(path)
      run(path, 'init', '-q')
      appendFileSync(
        join(path, '.git/config'),
        `[core]\n\tfsmonitor = "touch ${dir}/obeyed; false"\n\thooksPath = ${path}\n[safe]\n\tdirectory = *\n`,
      )
      for (const name of readdirSync(join(path, '.git'))) chownSync(join(path, '.git', name), 65534, 65534)
      chownSync(join(path, '.git'), 65534, 65534)
      assert.match(pass(shell, [git({ repo, path })], dir).failed?.output ?? '', 'belongs to somebody else')
      assert.is(existsSync(join(dir, 'obeyed')), false)
    })
}

/** An SSH server of this machine, which knows one key; `undefined` where there is none. */
async function sshServer(dir: string) {
  const sshd = '/usr/sbin/sshd'
  if (process.getuid?.() !== 0 || !existsSync(sshd)) return undefined
  for (const name of ['host', 'other', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, name)])
  const probe = createServer().listen(0, '127.0.0.1')
  const port: number = await new Promise(resolve =>
    probe.once('listening', () => resolve((probe.address() as AddressInfo).port)),
  )
  probe.close()
  const settings = [
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/user.pub`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PermitRootLogin yes',
  ]
  writeFileSync(join(dir, 'sshd_config'), `${settings.join('\n')}\n`)
  mkdirSync('/run/sshd', { recursive: true })
  const server = spawn(sshd, [
    '-D',
    '-f',
    join(dir, 'sshd_config'),
    '-p',
    String(port),
    '-o',
    'ListenAddress=127.0.0.1',
  ])
  for (
    let tries = 0;
    tries < 50 && spawnSync('ssh-keyscan', ['-T', '1', '-p', String(port), '127.0.0.1']).stdout.length === 0;
    tries++
  )
    await new Promise(resolve => setTimeout(resolve, 100))
  const keyOf = (name: string) => readFileSync(join(dir, `${name}.pub`), 'utf8').trim()
  return { port, hostKey: keyOf('host'), otherKey: keyOf('other'), stop: () => server.kill() }
}

test('by ssh: with its key, from the host that has the right one, and from no other', async () => {
  const { dir, repo, path, two } = repository()
  const server = await sshServer(dir)
  if (server === undefined) return
  const key = join(dir, "a user's")
  renameSync(join(dir, 'user'), key)
  const task = (hostKey?: string) =>
    git({
      repo: `ssh://root@127.0.0.1:${server.port}${repo}`,
      path,
      key,
      ...(hostKey ? { hostKey } : {}),
    })
  try {
    for (const hostKey of [server.otherKey, undefined])
      assert.match(pass(['sh'], [task(hostKey)], dir).failed?.output ?? '', /Host key verification failed/)
    converge(['sh'], [task(server.hostKey)], dir)
    assert.is(run(path, 'rev-parse', 'HEAD'), two)
  } finally {
    server.stop()
  }
})

test('busybox alone: git is not installed', () => {
  const shell = shells.find(each => nameOf(each) === 'busybox alone') ?? ['sh']
  assert.is(pass(shell, [git(wanted)], sandbox()).failed?.output, 'git is not installed')
})

test.run()
