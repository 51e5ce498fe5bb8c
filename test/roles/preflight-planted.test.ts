import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play } from 'rota'
import { hostPreflight } from 'rota/roles'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFromCommandLine } from '../../engine/cli/run.ts'
import type { RunEvent } from '../../engine/journal/events.ts'
import { heard } from '../unit/cli/heard.ts'

/**
 * Faults that are planted for real, each in a mount namespace of its own, which is a host: file systems that are full,
 * read-only and without inodes, an immutable file, a dpkg that was interrupted and one that has unpacked a package and
 * no more, a port that is taken. A clock is the machine's, so `date` is a stand-in there. Only root may do this.
 */
const dir = mkdtempSync(join(tmpdir(), 'rota-planted-'))
process.env.XDG_STATE_HOME = join(dir, 'state')
const kept = join(dir, 'immutable', 'admin.conf')
const mayPlant =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', dir]).status === 0 &&
  spawnSync('sh', ['-c', 'command -v dpkg-deb && command -v ss && command -v chattr']).status === 0
const register = mayPlant ? test : test.skip
test.after(() => {
  spawnSync('chattr', ['-i', kept])
  rmSync(dir, { recursive: true })
})

interface Planted {
  readonly host: string
  readonly vars?: string
  /** Shell text in its mount namespace. */
  readonly plant: string
  readonly check: string
  readonly says: RegExp
}
const ownDpkg = `mount -t tmpfs tmpfs ${dir}/mine && cp -a /var/lib/dpkg ${dir}/mine/ && mount --bind ${dir}/mine/dpkg /var/lib/dpkg`
const planted = (port: number): readonly Planted[] => [
  {
    host: 'full',
    vars: `bin_dir=${dir}/full`,
    plant: `mount -t tmpfs -o size=1m tmpfs ${dir}/full && head -c 1000000 /dev/zero >${dir}/full/x`,
    check: 'room on disks',
    says: /\/full \(\S+\/full\) has 1 MiB left, about 300 MiB are written$/,
  },
  {
    host: 'readonly',
    vars: `kube_install_dir=${dir}/readonly/later`,
    plant: `mount -t tmpfs -o ro,size=2g tmpfs ${dir}/readonly`,
    check: 'room on disks',
    says: /\/readonly \(\S+\/readonly\/later\) is mounted read-only$/,
  },
  {
    host: 'inodes',
    vars: `kube_install_dir=${dir}/inodes`,
    plant: `mount -t tmpfs -o nr_inodes=500,size=2g tmpfs ${dir}/inodes`,
    check: 'room on disks',
    says: /\/inodes \(\S+\/inodes\) has 499 inodes left$/,
  },
  {
    host: 'immutable',
    vars: `kube_config_dir=${dir}/immutable`,
    plant: `chattr +i ${kept}`,
    check: 'attributes of files',
    says: /^\S+\/immutable\/admin\.conf is immutable$/,
  },
  {
    host: 'interrupted',
    plant: `${ownDpkg} && : >/var/lib/dpkg/updates/0001`,
    check: 'packages',
    says: /^dpkg was interrupted: run dpkg --configure -a$/,
  },
  {
    host: 'unpacked',
    plant: `${ownDpkg} && dpkg --unpack ${dir}/planted.deb`,
    check: 'packages',
    says: /^half installed: rota-planted: run dpkg --configure -a/,
  },
  {
    host: 'taken',
    vars: `loadbalancer_apiserver_port=${port}`,
    plant: ':',
    check: 'ports',
    says: new RegExp(`^${port}, of the proxy of this host, is taken by \\S+ on `),
  },
  {
    host: 'late',
    plant: `PATH=${dir}/programs:$PATH`,
    check: 'clocks',
    says: /^late is (?:59|60) min ahead of \w+$/,
  },
]

function hostOf({ host, vars = '', plant }: Planted): string {
  const shell = join(dir, `sh-${host}`)
  const inside = `{ ${plant}; } >${dir}/${host}.log 2>&1 </dev/null || exit 1\nexec /bin/sh "$@"`
  writeFileSync(shell, `#!/bin/sh\nexec unshare -m /bin/sh -c '${inside}' sh "$@"\n`, { mode: 0o755 })
  return `${host} ansible_connection=local ip=10.0.0.1 ansible_shell_executable=${shell} ansible_python_interpreter=/usr/bin/python3 ${vars}`
}

register('what is planted on hosts is found by one run, one program a host, and nothing else is', async () => {
  for (const name of ['full', 'readonly', 'inodes', 'immutable', 'mine', 'programs', 'deb/DEBIAN'])
    mkdirSync(join(dir, name), { recursive: true })
  writeFileSync(kept, '')
  writeFileSync(join(dir, 'programs', 'date'), '#!/bin/sh\nexec /bin/date -d "+1 hour" "$@"\n', { mode: 0o755 })
  const control = 'Package: rota-planted\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: planted\n'
  writeFileSync(join(dir, 'deb', 'DEBIAN', 'control'), control)
  execFileSync('dpkg-deb', ['-b', join(dir, 'deb'), join(dir, 'planted.deb')], { stdio: 'ignore' })
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, resolve))
  const address = server.address()
  const faults = planted(typeof address === 'object' && address ? address.port : 0)
  const lines = [
    '[kube_control_plane]',
    'm1 ansible_connection=local ip=10.0.0.9',
    '[kube_node]',
    ...faults.map(hostOf),
  ]
  writeFileSync(join(dir, 'hosts.ini'), `${lines.join('\n')}\n`)
  const plays = [
    play('nothing stands in the way', { hosts: 'kube_node', roles: [hostPreflight()], anyErrorsFatal: true }),
  ]
  const made = { name: 'planted', file: join(dir, 'planted.mjs'), plays }
  const { exitCode, said } = await heard(dir, () =>
    runFromCommandLine(made, ['node', made.file, '-i', 'hosts.ini', '--check', '--json']),
  )
  server.close()
  assert.is(exitCode, 2, said)
  const events = said
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as RunEvent)
  const wrong = events.flatMap(event => (event.kind === 'check' && !event.ok ? [event] : []))
  for (const { host, check, says } of faults) {
    const found = wrong.find(event => event.check === check && (event.host ?? 'late') === host)
    assert.match(found?.saw ?? `nothing of ${check} on ${host}`, says)
  }
  assert.is(wrong.length, faults.length, JSON.stringify(wrong))
  const end = events.find(event => event.kind === 'runFinished')
  for (const { host, programs, roundTrips } of end?.kind === 'runFinished' ? end.hosts : [])
    assert.equal([host, programs, roundTrips], [host, 1, 1])
})

test.run()
