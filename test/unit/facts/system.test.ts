import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addresses,
  authorizedKeys,
  clock,
  glob,
  group,
  kernelModule,
  mounts,
  os,
  packageCandidate,
  packageLists,
  packageState,
  route,
  sysctl,
  tool,
  unit,
  user,
} from '../../../engine/facts/index.ts'
import { nameOf, parsed, probeWith, type ShellWords, shells } from './probe.ts'

const dir = mkdtempSync('/tmp/rota-system-')
test.after(() => rmSync(dir, { recursive: true, force: true }))

/** A shell that finds programs of ours before the system's. */
function withPrograms(shell: ShellWords, programs: Readonly<Record<string, string>>): ShellWords {
  const bin = mkdtempSync(join(dir, 'bin-'))
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return ['env', `PATH=${bin}:/usr/bin:/bin`, ...shell]
}

const systemctl = `[ "$1" = show ] || exit 1
cat <<'END'
Id=haproxy.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
NeedDaemonReload=no
CanReload=yes
FragmentPath=/lib/systemd/system/haproxy.service
DropInPaths=/etc/systemd/system/haproxy.service.d/a.conf /etc/systemd/system/haproxy.service.d/b.conf
MainPID=42
NRestarts=0

Id=none.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
NeedDaemonReload=no
CanReload=no
FragmentPath=
DropInPaths=
MainPID=0
END`

for (const shell of shells.slice(0, 3)) {
  test(`${nameOf(shell)}: units`, () => {
    const [haproxy, none, again] = probeWith(
      withPrograms(shell, { systemctl }),
      unit({ name: 'haproxy.service' }),
      unit({ name: 'none.service' }),
      unit({ name: 'haproxy.service' }),
    )
    assert.ok(
      haproxy?.type === 'unit' && haproxy.activeState === 'active' && haproxy.canReload && !haproxy.needDaemonReload,
    )
    assert.is(haproxy?.type === 'unit' && haproxy.dropInPaths.length, 2)
    assert.is(none?.type === 'unit' && none.loadState, 'not-found')
    assert.equal(again, haproxy)
    const [broken] = probeWith(
      withPrograms(shell, { systemctl: 'echo "no bus" >&2; exit 1' }),
      unit({ name: 'a.service' }),
    )
    assert.equal(broken, { type: 'unavailable', reason: 'no bus' })
  })

  test(`${nameOf(shell)}: packages of Debian`, () => {
    const programs = {
      'apt-get': '',
      'dpkg-query': `printf 'haproxy:amd64 ii  2.6.12-1+deb12u1\\nkubelet:amd64 hi  1.30.4-1.1\\nold:amd64 rc  1\\nlibc6:amd64 ii  2\\nlibc6:i386 ii  1\\n'; exit 1`,
      'apt-cache': `printf 'haproxy:\\n  Installed: 2.6.12\\n  Candidate: 2.8.0-1\\n  Version table:\\nx:\\n  Installed: (none)\\n  Candidate: (none)\\n'`,
    }
    const [haproxy, kubelet, old, none] = probeWith(
      withPrograms(shell, programs),
      ...['haproxy', 'kubelet', 'old', 'none'].map(name => packageState({ name })),
    )
    assert.equal(haproxy, { type: 'installed', manager: 'apt', version: '2.6.12-1+deb12u1', held: false })
    assert.is(kubelet?.type === 'installed' && kubelet.held, true)
    assert.equal(old, { type: 'absent', manager: 'apt' })
    assert.equal(none, { type: 'absent', manager: 'apt' })
    const candidates = probeWith(
      withPrograms(shell, programs),
      packageCandidate({ name: 'haproxy' }),
      packageCandidate({ name: 'x' }),
    )
    assert.equal(candidates, [{ version: '2.8.0-1' }, {}])
  })

  test(`${nameOf(shell)}: files of the kernel`, () => {
    const [forward, none] = probeWith(shell, sysctl({ key: 'net.ipv4.tcp_rmem' }), sysctl({ key: 'net.nope' }))
    assert.match(forward?.value ?? '', /^\d+ \d+ \d+$/)
    assert.equal(none, {})
    assert.equal(probeWith(shell, kernelModule({ name: 'no-such-module' })), [{ state: 'missing' }])
    const [root, proc] = probeWith(shell, mounts({ path: '/proc' }), mounts({ path: '/nowhere' }))
    assert.is(root?.here, true)
    assert.equal(proc, { here: false, at: [], below: [] })
  })

  test(`${nameOf(shell)}: lists of apt`, () => {
    const [lists] = probeWith(shell, packageLists({}))
    assert.ok(lists?.age === undefined || lists.age >= 0)
  })
}

for (const shell of shells) {
  test(`${nameOf(shell)}: accounts`, () => {
    const [root, nobody, nobodys, inGroups] = probeWith(
      shell,
      user({ name: 'root' }),
      user({ name: 'no-such-user' }),
      user({ name: 'no-such-user', groups: true }),
      user({ name: 'daemon', groups: true }),
    )
    assert.ok(
      root?.type === 'user' && root.uid === 0 && root.gid === 0 && root.home === '/root' && root.groups === undefined,
      JSON.stringify(root),
    )
    assert.equal([nobody, nobodys], [{ type: 'absent' }, { type: 'absent' }])
    // A name is no pattern.
    assert.equal(probeWith(shell, user({ name: 'r..t' })), [{ type: 'absent' }])
    assert.equal(probeWith(shell, authorizedKeys({ user: 'r..t' })), [{ type: 'noUser' }])
    assert.equal(inGroups?.type === 'user' && [inGroups.uid, inGroups.groups], [1, ['daemon']])
    const [daemon, none] = probeWith(shell, group({ name: 'daemon' }), group({ name: 'no-such-group' }))
    assert.is(daemon?.type === 'group' && daemon.gid, 1)
    assert.equal(none, { type: 'absent' })
  })

  test(`${nameOf(shell)}: the system`, () => {
    const [fact] = probeWith(shell, os({}))
    assert.is(fact?.hostname, hostname())
    assert.match(fact?.architecture ?? '', /x86_64|aarch64/)
    const [sh, none] = probeWith(shell, tool({ name: 'cat' }), tool({ name: 'no-such-tool' }))
    assert.match(sh?.path ?? '', 'cat')
    assert.equal(none, {})
  })

  test(`${nameOf(shell)}: patterns`, () => {
    const folder = mkdtempSync(join(dir, "it's [a] "))
    mkdirSync(join(folder, 'x.d'))
    for (const name of ['a.conf', 'b c.conf', 'd.txt']) writeFileSync(join(folder, 'x.d', name), '')
    const quoted = folder.replaceAll('[a]', '[[]a]')
    const [all, one, none, plain] = probeWith(
      shell,
      glob({ pattern: `${quoted}/*/*.conf` }),
      glob({ pattern: `${quoted}/x.d/[ad].*` }),
      glob({ pattern: `${quoted}/y*` }),
      glob({ pattern: '/bin/sh' }),
    )
    assert.equal(
      all?.matches.map(match => match.split('/').at(-1)),
      ['a.conf', 'b c.conf'],
    )
    assert.is(one?.matches.length, 2)
    assert.equal(none, { matches: [] })
    assert.equal(plain, { matches: ['/bin/sh'] })
  })
}

test('packages of Red Hat', () => {
  const output = 'dnf\nhaproxy rpm 2.8.3-1.el9\nbind rpm 32:9.16-1.el9\npackage x is not installed'
  assert.equal(parsed(output, packageState({ name: 'bind' }), packageState({ name: 'x' })), [
    { type: 'installed', manager: 'dnf', version: '32:9.16-1.el9', held: false },
    { type: 'absent', manager: 'dnf' },
  ])
  assert.equal(parsed('dnf haproxy.x86_64    2.8.4-1.el9   baseos', packageCandidate({ name: 'haproxy' })), [
    { version: '2.8.4-1.el9' },
  ])
})

test('network', () => {
  const lines = [
    '1.1.1.1 via 10.0.0.1 dev eth0 src 10.0.0.5 uid 0 \\    cache ',
    'local 10.0.0.5 dev lo src 10.0.0.5',
    'RTNETLINK answers: Network is unreachable',
  ]
  assert.equal(
    parsed(lines.join('\n'), route({ to: '1.1.1.1' }), route({ to: '10.0.0.5' }), route({ to: '2001:db8::1' })),
    [
      { type: 'route', interface: 'eth0', source: '10.0.0.5', gateway: '10.0.0.1' },
      { type: 'route', interface: 'lo', source: '10.0.0.5' },
      { type: 'none', reason: 'RTNETLINK answers: Network is unreachable' },
    ],
  )
  const shown = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0@if5    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever
2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever`
  assert.equal(parsed(shown, addresses({})), [
    [
      { interface: 'lo', family: 'inet', address: '127.0.0.1', prefix: 8, scope: 'host' },
      { interface: 'eth0', family: 'inet', address: '10.0.0.5', prefix: 24, scope: 'global' },
      { interface: 'eth0', family: 'inet6', address: 'fe80::1', prefix: 64, scope: 'link' },
    ],
  ])
  assert.is(probeWith(['dash'], route({ to: '127.0.0.1' }))[0]?.type, 'route')
})

test('a real answer of dpkg', () => {
  const architecture = execFileSync('dpkg', ['--print-architecture']).toString().trim()
  const [plain, own, foreign, all] = probeWith(
    ['dash'],
    ...['libc6', `libc6:${architecture}`, 'libc6:hurd-i386', `adduser:${architecture}`].map(name =>
      packageState({ name }),
    ),
  )
  assert.equal(own, plain)
  assert.is(own?.type, 'installed')
  assert.is(foreign?.type, 'absent')
  // It is for all architectures.
  assert.is(all?.type, 'installed')
  const [dash] = probeWith(['dash'], packageState({ name: 'dash' }))
  const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'dash']).toString()
  assert.equal(dash, { type: 'installed', manager: 'apt', version, held: false })
})

for (const shell of shells)
  test(`the clock under ${nameOf(shell)}`, () => {
    const [command, ...words] = shell
    const read = () => execFileSync(command, words, { input: clock.kind.probe([{}]), encoding: 'utf8' }).trimEnd()
    const now = Date.now() / 1000
    const [seen] = clock.kind.parse(`${read()}\n${read()}`, [{}], { asked: now, answered: Date.now() / 1000 })
    assert.ok(
      seen && seen.least > -1500 && seen.least <= 10 && seen.most >= 0 && seen.most < 5000,
      JSON.stringify(seen),
    )
  })

test.run()
