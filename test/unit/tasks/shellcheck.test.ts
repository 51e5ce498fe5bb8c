import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FactRequest } from '../../../engine/facts/fact.ts'
import * as facts from '../../../engine/facts/index.ts'
import { withBlobs } from '../../../engine/shell/shell.ts'
import * as tasks from '../../../engine/tasks/index.ts'
import { entry, planWith } from './plan.ts'

/** Shell that we send is code too. One example of each kind; the rest differs by what is quoted into it. */

const requests: readonly FactRequest[] = [
  facts.addresses({}),
  facts.alternatives({ name: "it's" }),
  facts.authorizedKeys({ user: 'a' }),
  facts.check({ run: "echo it's", cwd: '/', env: { A: 'b c' } }),
  facts.firewall({ zone: 'a b' }),
  facts.gitCheckout({ path: '/a b', repo: 'https://a/b', version: 'main', environment: { A: 'b c' } }),
  facts.glob({ pattern: '/etc/*.conf' }),
  facts.group({ name: 'a' }),
  facts.http({ url: 'https://a:1/', address: '10.0.0.1', ca: '/a b' }),
  facts.http({ url: 'http://a:1/' }),
  facts.http({ url: 'https://a:1/', headers: { A: "it's" } }),
  facts.kernelModule({ name: 'a-b' }),
  facts.listeningPorts({}),
  facts.mounts({ path: '/a b' }),
  facts.os({}),
  facts.packageCandidate({ name: 'a' }),
  facts.packageLists({}),
  facts.packageState({ name: 'a' }),
  facts.path({ path: "/it's", sha256: true, content: true }),
  facts.route({ to: '10.0.0.1' }),
  facts.sysctl({ key: 'a.b' }),
  facts.tcp({ port: 1 }),
  facts.tlsCertificate({ port: 1 }),
  facts.tool({ name: 'a' }),
  facts.tree({ root: '/a b', names: ['c'] }),
  facts.unit({ name: 'a.service' }),
  facts.unixSocket({ path: '/a' }),
  facts.upgradable({ except: ['a*', "it's"], listsMaxAge: 60 }),
  facts.user({ name: 'a' }),
  facts.versionLocks({}),
]

const folder = entry({ type: 'directory', mode: '0700' })
const old = entry({ sha256: 'a', content: { base64: 'YQ==' } })
const swapped = entry({ sha256: 'a', content: { base64: Buffer.from('-\n/a none swap\n').toString('base64') } })
const gone = { type: 'absent', manager: 'apt' }
const changes: readonly (readonly [tasks.Task, (request: FactRequest) => unknown])[] = [
  [
    tasks.absent({ path: ['/srv/a', '/srv/b'] }),
    ({ kind }) => (kind.name === 'mounts' ? { here: false, below: [] } : old),
  ],
  [tasks.alternatives({ name: 'a', path: '/b c', link: '/l' }), () => ({ type: 'absent' })],
  [
    tasks.archive({ path: '/srv/a b', destination: '/srv/a.tar.gz' }),
    ({ kind, args }) =>
      kind.name === 'tree' ? { type: 'tree', digest: 'a' } : (args as { path: string }).path === '/srv' ? folder : gone,
  ],
  [
    tasks.authorizedKey({ user: 'a', key: 'ssh-rsa AAAAB3NzaC1yc2EA' }),
    () => ({ type: 'home', path: '/home/a/.ssh', uid: 1, gid: 1, folder: gone, file: old }),
  ],
  [tasks.blockInFile({ path: '/etc/hosts', block: 'x' }), () => old],
  [tasks.editFile({ path: '/etc/hosts', edit: () => ({ text: 'x' }) }), () => old],
  [
    tasks.command({
      run: "echo it's",
      creates: '/a*',
      removes: '/b',
      unless: 'true',
      onlyIf: 'true',
      env: { A: 'b' },
      cwd: '/',
      stdin: 'x',
      timeout: 1,
    }),
    ({ kind, args }) =>
      kind.name === 'glob'
        ? { matches: JSON.stringify(args).includes('/b') ? ['/b'] : [] }
        : { exitCode: JSON.stringify(args).includes('x') ? 1 : 0 },
  ],
  [tasks.cron({ name: 'a', job: "echo it's" }), ({ args }) => (JSON.stringify(args).includes('a"') ? gone : folder)],
  [tasks.directory({ path: '/srv/a', owner: 'a', mode: '0755' }), () => folder],
  [
    tasks.download({ url: 'https://a/b', path: '/srv/a', sha256: 'unchecked' }),
    ({ args }) => (JSON.stringify(args).includes('/srv/a') ? gone : folder),
  ],
  [
    tasks.file({ path: "/etc/it's", content: 'x', validate: 'haproxy -c -f' }),
    ({ args }) => (JSON.stringify(args).includes('it') ? old : folder),
  ],
  [tasks.hold({ names: ['a'] }), ({ kind }) => (kind.name === 'package' ? { type: 'installed', manager: 'dnf' } : [])],
  [tasks.iniFile({ path: '/etc/a', section: 'b', option: 'c', value: 'd' }), () => old],
  [
    tasks.git({ repo: 'https://a/b', path: '/srv/a b', version: 'main', depth: 1, force: true, key: '/k' }),
    ({ kind }) =>
      kind.name === 'gitCheckout'
        ? {
            type: 'git',
            remote: { type: 'commit', commit: 'a' },
            here: { type: 'checkout', commit: 'b', url: '', isKept: true, changed: [] },
          }
        : folder,
  ],
  [
    tasks.git({ repo: 'https://a/b', path: '/srv/a b', version: 'a'.repeat(40) }),
    ({ kind }) =>
      kind.name === 'gitCheckout'
        ? { type: 'git', remote: { type: 'commit', commit: 'a' }, here: { type: 'absent' } }
        : folder,
  ],
  [tasks.http({ url: 'https://a/b', method: 'POST', body: 'x', headers: { A: "it's" }, retries: 2 }), () => undefined],
  [
    tasks.firewall({ ports: '1-2/tcp', from: '10.0.0.0/8' }),
    ({ kind, args }) =>
      kind.name === 'firewall'
        ? { runs: { type: 'nftables', chains: [{ family: 'inet', table: 'a', name: 'b', rules: [] }] } }
        : /\.conf/.test(JSON.stringify(args))
          ? old
          : folder,
  ],
  [tasks.link({ path: '/srv/a', target: 'b c' }), () => gone],
  [
    tasks.mount({ path: '/srv/a b', src: '/dev/b', fstype: 'ext4' }),
    ({ kind }) => (kind.name === 'mounts' ? { here: false, at: [], below: [] } : old),
  ],
  [
    tasks.packages({ names: ['a', 'b=1'], start: false, hold: true, listsMaxAge: 60 }),
    ({ kind }) => (kind.name === 'packageLists' ? {} : gone),
  ],
  [tasks.packages({ names: ['a', 'b=1'] }), () => ({ type: 'absent', manager: 'dnf' })],
  ...(['apt', 'dnf'] as const).map((packageManager): (typeof changes)[number] => [
    tasks.repository({
      name: packageManager,
      apt: { uris: 'https://a', suites: './', signedBy: '-----BEGIN PGP PUBLIC KEY BLOCK-----' },
      dnf: { baseurl: 'https://a', gpgkey: '-----BEGIN PGP PUBLIC KEY BLOCK-----' },
    }),
    ({ kind, args }) =>
      kind.name === 'os' ? { packageManager } : /\.(asc|sources|repo)"|KEY-/.test(JSON.stringify(args)) ? old : folder,
  ]),
  [
    tasks.service({ name: 'a', enabled: true, running: true }),
    () => ({ type: 'unit', loadState: 'loaded', activeState: 'inactive', subState: 'dead', unitFileState: 'disabled' }),
  ],
  [tasks.service.reload('a'), () => ({ type: 'unit', restarts: 0, mainPid: 1 })],
  [tasks.service.restart('a'), () => undefined],
  [tasks.service.reloadOrRestart('a'), () => undefined],
  [
    tasks.swap({ path: '/a', size: 1 }),
    ({ args }) => (JSON.stringify(args).includes('a"') ? gone : JSON.stringify(args).includes('"/"') ? folder : old),
  ],
  [
    tasks.swap({ state: 'absent' }),
    ({ kind }) => (kind.name === 'unit' ? { type: 'unit', unitFileState: '' } : swapped),
  ],
  [
    tasks.timer({ name: 'a', run: "echo it's", onCalendar: 'daily' }),
    ({ kind, args }) => (kind.name === 'unit' ? { type: 'unit' } : JSON.stringify(args).includes('a.') ? gone : folder),
  ],
  [
    tasks.timer({ name: 'a', state: 'absent' }),
    ({ kind }) => (kind.name === 'mounts' ? { here: false, below: [] } : old),
  ],
  [
    tasks.timezone({ name: 'Etc/UTC' }),
    ({ kind, args }) =>
      kind.name === 'mounts' ? { here: false, below: [] } : JSON.stringify(args).includes('"/etc"') ? folder : old,
  ],
  [
    tasks.sysctl({ file: 'a', values: { 'a.b': 1 } }),
    ({ kind }) => (kind.name === 'sysctl' ? { value: '2' } : kind.name === 'path' ? old : {}),
  ],
  [
    tasks.unarchive({ path: '/a.tgz', destination: '/srv/a b', strip: 1, owner: 'a' }),
    ({ args }) => (JSON.stringify(args).includes('.tgz') ? old : gone),
  ],
  ...(['apt', 'dnf'] as const).map((manager): (typeof changes)[number] => [
    tasks.upgrade({ except: ['a*', 'b?'], keep: ['c'], autoclean: true }),
    () => ({
      ...{ type: 'known', manager, due: true, removals: [], keptBack: [], unfinished: [] },
      upgrades: [{ name: 'a', to: '1' }],
    }),
  ]),
  [tasks.waitFor({ port: 1 }), () => ({ type: 'closed', reason: '' })],
  [tasks.waitFor({ http: { url: 'https://a/' } }), () => ({ type: 'failed', reason: '' })],
  [tasks.waitFor({ socket: '/a', gone: true }), () => ({ type: 'listening' })],
]

// Not sought: `cd` that may fail (set -e), globs and words that are meant to be split, text in single quotes that is
// for another shell, one-sided A && B || C, functions that only some examples use.
const known = [
  'SC2012',
  'SC2015',
  'SC2016',
  'SC2026',
  'SC2043',
  'SC2086',
  'SC2154',
  'SC2164',
  'SC2194',
  'SC2317',
  'SC2329',
]
const found = spawnSync('shellcheck', ['--version']).status === 0

const lint = (text: string): string => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'sh', '-f', 'gcc', '-e', known.join(','), '-'], { input: text })
  return stdout.toString()
}

if (found) {
  for (const request of requests)
    test(`fact ${request.kind.name}`, () => assert.is(lint(request.kind.probe([request.args as never])), ''))
  for (const [task, answer] of changes)
    test(task.title, () => {
      const change = planWith(task, answer)
      assert.is(change?.refused, undefined)
      assert.is(lint(`set -eu\n${change ? withBlobs(change.apply, index => `"$blob_${index}"`) : 'no change'}\n`), '')
    })
}

test.run()
