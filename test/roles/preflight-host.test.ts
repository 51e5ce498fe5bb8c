import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { filesMayBeReplaced, judgeAttributes } from '../../roles/preflight/attributes.ts'
import { judgeClocks } from '../../roles/preflight/clocks.ts'
import { hostPreflight, placesOn, portsOn } from '../../roles/preflight/host.ts'
import type { HostParams } from '../../roles/preflight/host-params.ts'
import { judgePackages, packagesAreWhole } from '../../roles/preflight/package-state.ts'
import { judgePorts, servers } from '../../roles/preflight/ports.ts'
import { judgeRoom, roomIsThere } from '../../roles/preflight/room.ts'
import { judgeSelinux } from '../../roles/preflight/selinux.ts'
import { host, inventory, withGiven } from './support/inventory.ts'
import { paramsOf } from './support/role.ts'

// What was seen, what is said of it: `no` is refused, `warn` is told and stops nobody.
type Row = readonly [name: string, finding: Finding, verdict: 'ok' | 'warn' | 'no', said: RegExp]

const clocks = (...seen: readonly (readonly [string, least: number, most?: number])[]) =>
  judgeClocks(new Map(seen.map(([name, least, most = least + 100]) => [name, { least, most }])))

const places = [
  { path: '/etc/kubernetes', needs: 16 },
  { path: '/usr/local/bin', needs: 300 },
  { path: '/var/lib/kubelet', needs: 32, evictsBelow: 10 },
]
const MiB = 1024
/** `df` of the three places: free MiB of 10 GiB, where they are, and free inodes of 100,000. */
const room = (free: readonly number[], mounts: readonly string[], inodes = [50_000, 50_000, 50_000], more = '') =>
  judgeRoom(
    places,
    [
      ...free.map((mib, index) => `room /dev/sd a1 ${10_240 * MiB} 1000 ${mib * MiB} 90% ${mounts[index] ?? '/'}`),
      ...inodes.map((count, index) => `inodes /dev/sd a1 100000 5 ${count} 5% ${mounts[index] ?? '/'}`),
      more,
    ].join('\n'),
  )
const one = ['/', '/', '/']

const listens = (port: number, program: string, address = '0.0.0.0') =>
  `LISTEN 0 4096 ${address}:${port} 0.0.0.0:* users:(("${program}",pid=9,fd=5))`
const wanted = [
  { port: 6443, what: 'kube-apiserver', programs: servers },
  { port: 2379, what: 'etcd', programs: ['etcd'] },
]
const ports = (...lines: readonly string[]) => judgePorts(wanted, { exitCode: 0, stdout: lines.join('\n') })

const rows: readonly Row[] = [
  ['clocks that are together', clocks(['a', 0], ['b', 50], ['c', -80]), 'ok', /^together$/],
  ['two seconds are no difference', clocks(['a', 0, 0], ['b', 2000, 2000]), 'ok', /^together$/],
  ['a clock ahead', clocks(['a', 0], ['b', 14_200], ['c', 10]), 'warn', /^b is 14 s ahead of c: let chrony or ntpd/],
  ['a clock behind', clocks(['a', 0], ['b', -130_000], ['c', 10]), 'warn', /^b is 2 min behind a/],
  ['of two one is behind', clocks(['a', 0], ['b', -5000]), 'warn', /^a is 4 s ahead of b/],
  ['ten minutes', clocks(['a', 0, 0], ['b', 600_000, 600_000], ['c', 0, 0]), 'no', /^b is 10 min ahead of c$/],
  ['a bit less than ten minutes', clocks(['a', 0, 0], ['b', 599_999, 599_999], ['c', 0, 0]), 'warn', /^b is 9 min/],
  ['a host that took 20 s to answer may be right', clocks(['a', 0, 0], ['b', -20_000, 20_000]), 'ok', /^together$/],
  ['one host', clocks(['a', 99_999_999]), 'ok', /^together$/],
  ['nobody answers', judgeClocks(new Map([['a', undefined]])), 'ok', /^no clock$/],

  ['room', room([9000, 9000, 9000], one), 'ok', /^enough$/],
  [
    'no room',
    room([100, 100, 100], one),
    'no',
    /^\/ \(\/etc\/kubernetes, \/usr\/local\/bin, \/var\/lib\/kubelet\) has 100 MiB left, about 348/,
  ],
  ['room for each, and not for all of them', room([310, 310, 310], one), 'no', /310 MiB left, about 348 MiB/],
  ['each has a file system of its own', room([310, 310, 9000], ['/a', '/b', '/c']), 'ok', /^enough$/],
  [
    'one of them is full',
    room([9000, 1, 9000], ['/a', '/b c', '/c']),
    'no',
    /^\/b c \(\/usr\/local\/bin\) has 1 MiB left, about 300/,
  ],
  ['what is reserved for root is no room', room([9000, -3, 9000], ['/a', '/b', '/c']), 'no', /^\/b .* has 0 MiB left/],
  [
    'etcd is copied',
    room([310, 9000, 9000], ['/a', '/b', '/c'], undefined, `copied ${500 * MiB}`),
    'no',
    /^\/a .* about 516 MiB/,
  ],
  [
    'read-only',
    room([9000, 9000, 9000], ['/a', '/b', '/c'], undefined, 'readonly /b'),
    'no',
    /^\/b \(\/usr\/local\/bin\) is mounted read-only$/,
  ],
  ['another one is read-only', room([9000, 9000, 9000], one, undefined, 'readonly /b'), 'ok', /^enough$/],
  ['no inodes', room([9000, 9000, 9000], one, [12, 12, 12]), 'no', /has 12 inodes left$/],
  [
    'the kubelet would evict',
    room([9000, 9000, 900], ['/a', '/b', '/c']),
    'warn',
    /^\/c has 8 % free: the kubelet evicts pods there or removes images, below 10 %/,
  ],
  [
    'few inodes',
    room([9000, 9000, 9000], ['/a', '/b', '/c'], [50_000, 50_000, 4000]),
    'warn',
    /^\/c has 4 % of its inodes/,
  ],
  ['where the kubelet has nothing, nobody evicts', room([900, 9000, 9000], ['/a', '/b', '/c']), 'ok', /^enough$/],
  [
    'inodes that are not counted',
    judgeRoom(places, 'room d 10000000 0 9000000 0% /\ninodes d 0 0 0 - /'),
    'ok',
    /^enough$/,
  ],
  ['no df', judgeRoom(places, 'room\nroom\nroom\n'), 'ok', /^not looked at/],
  [
    'a df that knows one place',
    judgeRoom(places, 'room\nroom d 9000000 0 10240 0% /b\nroom\n'),
    'no',
    /^\/b \(\/usr\/local\/bin\)/,
  ],

  ['no attribute', judgeAttributes(''), 'ok', /^none in the way$/],
  ['an immutable file', judgeAttributes('----i---------e------- /etc/hosts'), 'no', /^\/etc\/hosts is immutable$/],
  [
    'one that may only grow',
    judgeAttributes('-----a--------e------- /etc/hosts'),
    'no',
    /^\/etc\/hosts is append-only$/,
  ],
  ['others', judgeAttributes('--------------e------- /etc/hosts'), 'ok', /^none in the way$/],
  ['no lsattr', judgeAttributes('none'), 'ok', /^not looked at/],

  ['whole packages', judgePackages('dpkg'), 'ok', /^whole$/],
  ['dpkg was killed', judgePackages('dpkg\ninterrupted'), 'no', /dpkg was interrupted: run dpkg --configure -a$/],
  [
    'half installed',
    judgePackages('dpkg\nbroken a\nbroken b\u001b[2J'),
    'no',
    /^half installed: a: run dpkg --configure -a/,
  ],
  ['apt is at work', judgePackages('dpkg\nheld 77 apt-get'), 'warn', /^dpkg is at work \(apt-get, process 77\)/],
  ['a process that is none', judgePackages('dpkg\nheld x y'), 'ok', /^whole$/],
  ['rpm', judgePackages('rpm'), 'ok', /^whole$/],
  ['an rpm that reads nothing', judgePackages('rpm\nunreadable'), 'no', /rpm --rebuilddb/],
  ['another system', judgePackages(''), 'ok', /^neither dpkg nor rpm/],

  ['free ports', ports(), 'ok', /^nobody in the way$/],
  ['ports that are ours', ports(listens(6443, 'kube-apiserver'), listens(2379, 'etcd')), 'ok', /^nobody/],
  ['a worker becomes a master', ports(listens(6443, 'nginx', '127.0.0.1')), 'ok', /^nobody/],
  [
    'a port that is taken',
    ports(listens(6443, 'python3')),
    'no',
    /^6443, of kube-apiserver, is taken by python3 on 0\.0\.0\.0$/,
  ],
  [
    'two of them',
    ports(listens(6443, 'a'), listens(2379, 'nginx')),
    'no',
    /kube-apiserver.*; 2379, of etcd, is taken by nginx/,
  ],
  ['another port', ports(listens(16443, 'python3')), 'ok', /^nobody/],
  ['ours beside another', ports(listens(6443, 'kube-apiserver'), listens(6443, 'x', '10.0.0.9')), 'ok', /^nobody/],
  ['who it is only root may see', ports('LISTEN 0 4096 0.0.0.0:6443 0.0.0.0:*'), 'ok', /^nobody/],
  ['no ss', judgePorts(wanted, { exitCode: 127, stdout: '' }), 'ok', /^not looked at/],

  ['SELinux is off', judgeSelinux([7443], 'off'), 'ok', /^not enforced$/],
  ['SELinux and semanage', judgeSelinux([7443], 'enforced\nsemanage'), 'ok', /with semanage/],
  [
    'SELinux alone',
    judgeSelinux([7443, 7444], 'enforced'),
    'warn',
    /kept from ports 7443 and 7444; install policycoreutils/,
  ],
]
for (const [name, finding, verdict, said] of rows)
  test(`${name}: ${verdict}`, () => {
    const warnings = finding.warnings ?? []
    assert.equal([finding.ok, warnings.length > 0], [verdict !== 'no', verdict === 'warn'], JSON.stringify(finding))
    assert.match(verdict === 'warn' ? warnings.join('; ') : finding.saw, said)
  })

const view = inventory([
  host('m1', '10.0.0.1', ['kube_control_plane', 'etcd', 'k8s_cluster'], { kube_vip_address: '10.0.0.100' }),
  host('n1', '10.0.1.1', ['kube_node', 'k8s_cluster']),
  host('e1', '10.0.3.1', ['etcd']),
  host('lb1', '10.0.4.1', ['load_balancer'], { kube_vip_address: '10.0.0.100' }),
])
const call = hostPreflight()
const given = withGiven(view, [call])
const on = (name: string) => [paramsOf<HostParams>(call, view.host(name)), view.host(name), given] as const

const have: readonly (readonly [string, readonly number[], places: string])[] = [
  ['m1', [6443, 10257, 10259, 10250, 2379, 2380], '/etc/kubernetes /var/lib/kube-etcd'],
  ['n1', [6443, 10250], '/etc/kubernetes'],
  ['e1', [2379, 2380], '/etc /var/lib/kube-etcd'],
  ['lb1', [8443], '/etc'],
]
for (const [name, expected, paths] of have)
  test(`${name} has its ports and its places, and no others`, () => {
    assert.equal(
      portsOn(...on(name)).map(({ port }) => port),
      expected,
    )
    const found = placesOn(...on(name)).map(({ path }) => path)
    assert.equal(found.filter(path => /^\/etc|etcd/.test(path)).join(' '), paths)
    assert.is(found.includes('/usr/local/bin'), paths.includes('kubernetes'))
  })

test('where nothing is fetched little room will do', () => {
  const needs = (fetches: boolean) => {
    const made = hostPreflight({ fetches })
    const at = view.host('m1')
    return placesOn(paramsOf(made, at), at, given).reduce((sum, place) => sum + place.needs, 0)
  }
  assert.equal([needs(true), needs(false)], [1544, 160])
})

const among: readonly (readonly [NonNullable<Parameters<typeof hostPreflight>[0]>['among'], string])[] = [
  ['all', 'm1 n1 e1 lb1'],
  ['masters', 'm1 e1'],
  ['balancers', 'lb1'],
  ['workers', 'n1'],
]
for (const [kind, names] of among)
  test(`${kind} are looked at, each host by one call`, () => {
    const found = view.hosts.filter(each => {
      const made = hostPreflight({ among: kind ?? 'all' })
      const context = { params: paramsOf(made, each), host: each, inventory: given }
      return (made.role.checks?.(context as never) ?? []).length > 0
    })
    assert.is(found.map(({ name }) => name).join(' '), names)
  })

test('what is skipped is not looked at', () => {
  const made = hostPreflight({ skip: ['clocks', 'room', 'selinux'] })
  const checks = made.role.checks?.({ params: paramsOf(made), host: view.host('m1'), inventory: given } as never) ?? []
  assert.equal(
    checks.flatMap(each => (each ? [each.name] : [])),
    ['attributes of files', 'packages', 'ports'],
  )
})

// The shell that is sent, on this machine.
const dir = mkdtempSync(join(tmpdir(), 'rota-host-preflight-'))
test.after(() => rmSync(dir, { recursive: true }))
const sent = (
  check: { readonly facts: readonly { readonly args: unknown }[] },
  shell: string,
  change = (run: string) => run,
) => {
  const [{ run }] = check.facts.map(({ args }) => args) as [{ readonly run: string }]
  return execFileSync(shell, ['-c', change(run)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd()
}

for (const shell of ['dash', 'bash'])
  test(`what a host says of its disks and packages is read under ${shell}`, () => {
    const quota = [
      { path: join(dir, 'not', "it's", 'there'), needs: 1 },
      { path: '/proc/here', needs: 0 },
    ]
    mkdirSync(join(dir, 'data'), { recursive: true })
    writeFileSync(join(dir, 'data', 'db'), Buffer.alloc(3 * 1024 * 1024, 1))
    const said = sent(roomIsThere(quota, join(dir, 'data')), shell)
    assert.match(said, /^room \S+ +\d+ .*\nroom \S+ .* \/proc\ninodes /)
    assert.ok(Number(/^copied (\d+)$/m.exec(said)?.[1]) >= 3072, said)
    assert.is(judgeRoom(quota, said).ok, true)
    assert.match(
      judgeRoom(
        [
          { path: '/x', needs: 1e12 },
          { path: '/y', needs: 0 },
        ],
        said,
      ).saw,
      /MiB left, about 100000000000[34] MiB/,
    )
    const packages = (change?: (run: string) => string) => sent(packagesAreWhole(), shell, change)
    assert.match(packages(), /^dpkg(\nheld .*)*$/)
    const admin = join(dir, 'dpkg')
    mkdirSync(join(admin, 'updates'), { recursive: true })
    const there = (run: string) => run.replaceAll('/var/lib/dpkg', admin)
    assert.is(packages(there), 'dpkg')
    writeFileSync(join(admin, 'updates', '0001'), '')
    assert.is(packages(there), 'dpkg\ninterrupted')
    rmSync(join(admin, 'updates', '0001'))
    const states =
      "printf 'ii \\tgood\\nrc \\told\\niU \\tunpacked\\niF \\tfailed\\niHR\\thalf\\niiR\\tagain\\nit \\ttriggers\\n'"
    assert.is(
      packages(run =>
        there(run)
          .replace('dpkg-query -W', `${states} #`)
          .replace('2>/dev/null | sed', '\n')
          .replace(/# .*\n/, '| sed'),
      ),
      'dpkg\nbroken unpacked\nbroken failed\nbroken half\nbroken again',
    )
    assert.is(sent(filesMayBeReplaced({ dirs: [dir], files: [[dir, '*']] }), shell), '')
  })

test('who holds the lock of dpkg is told, and nobody else', async () => {
  const lock = join(dir, 'lock-frontend')
  writeFileSync(lock, '')
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; sleep 20'])
  await new Promise(resolve => holder.stdout.once('data', resolve))
  const said = sent(packagesAreWhole(), 'dash', run => run.replaceAll('/var/lib/dpkg', dir))
  holder.kill()
  const warnings = judgePackages(said).warnings ?? []
  assert.is(warnings.length, 1, said)
  assert.match(warnings[0] ?? '', `dpkg is at work (flock, process ${holder.pid}): `)
  assert.is(
    sent(packagesAreWhole(), 'dash', run => run.replaceAll('/var/lib/dpkg', '/nowhere')),
    'dpkg',
  )
})

test.run()
