import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveParams } from '../../../engine/values/params.ts'
import { decide, isVersion, notRunning, wantedOf } from '../../../roles/container-engine/decide.ts'
import { type Asked, askedOf, type SeenParams } from '../../../roles/container-engine/params.ts'
import { judgeEngine } from '../../../roles/container-engine/preflight.ts'
import { containerEngine } from '../../../roles/container-engine/role.ts'
import { readSeen, seenText } from '../../../roles/container-engine/seen.ts'
import { host } from '../support/inventory.ts'
import { paramsOf } from '../support/role.ts'

/** What a host says of itself. */
const kubelet = (endpoint = '/run/containerd/containerd.sock', version = '1.33.4') =>
  `kubelet yes\nendpoint ${endpoint}\nsocket listening\nkubelet-version ${version}\n`
const programs = (version: string, runs = version) =>
  `containerd runs ${runs}\ncontainerd path /usr/local/bin/containerd\ncontainerd version ${version}\nconfig /etc/containerd/config.toml\n`
const debian = `containerd runs 1.6.20
containerd path /usr/bin/containerd
containerd package containerd 1.6.20~ds1-1+deb12u3 apt install
containerd offers 1.7.24~ds1-6+deb13u1
containerd offers 1.6.20~ds1-1+deb12u3
containerd version 1.6.20
config /etc/containerd/config.toml
`
const docker = (name: string, more = '') => `kubelet yes
docker yes
kubelet-version 1.20.2
docker runs 24.0.9
docker path /usr/bin/dockerd
docker package ${name} 5:24.0.9-1~debian.12~bookworm apt install
docker offers 5:28.3.10-1~debian.12~bookworm
docker offers 5:28.3.2-1~debian.12~bookworm
docker offers 5:24.0.9-1~debian.12~bookworm
docker version 24.0.9
${more}`
const cli = 'docker-cli offers 5:28.3.2-1~debian.12~bookworm\n'
const tools = 'runc path /usr/local/bin/runc\nrunc version 1.1.5\ncni path /opt/cni/bin/loopback\ncni version \n'

const asked = (versions: Asked['versions'], more: Partial<Asked> = {}): Asked => ({
  versions,
  downgrade: false,
  ...more,
})
const at = { kubeVersion: '1.33.4', binDir: '/usr/local/bin' }

type Row = readonly [
  name: string,
  said: string,
  asked: Asked,
  moves: readonly string[],
  problems: readonly RegExp[],
  at?: Parameters<typeof decide>[2],
]

const rows: readonly Row[] = [
  ['nothing is asked for', kubelet() + programs('1.6.20'), asked({}), [], []],
  ['no kubelet', programs('1.6.20'), asked({ containerd: '1.7.24' }), [], []],
  [
    'programs',
    kubelet() + programs('1.6.20') + tools,
    asked({ containerd: '1.7.24', runc: '1.2.0' }),
    ['runc 1.1.5 → 1.2.0 program', 'containerd 1.6.20 → 1.7.24 program'],
    [],
  ],
  ['it is so already', kubelet() + programs('1.7.24'), asked({ containerd: '1.7.24' }), [], []],
  [
    'what is not there is not brought',
    kubelet() + programs('1.7.24'),
    asked({ crictl: '1.33.0', runc: '1.2.0' }),
    [],
    [],
  ],
  [
    'back',
    kubelet() + programs('1.7.24'),
    asked({ containerd: '1.7.9' }),
    [],
    [/^containerd is 1\.7\.24, which is newer than 1\.7\.9: say -e container_engine_downgrade=true/],
  ],
  [
    'back, as it was said',
    kubelet() + programs('1.7.24'),
    asked({ containerd: '1.7.9' }, { downgrade: true }),
    ['containerd 1.7.24 → 1.7.9 program'],
    [],
  ],
  [
    'a package',
    kubelet() + debian,
    asked({ containerd: '1.7.24' }),
    ['containerd 1.6.20 → 1.7.24 package containerd=1.7.24~ds1-6+deb13u1'],
    [],
  ],
  [
    'a package that apt does not know',
    kubelet() + debian,
    asked({ containerd: '1.7.2' }),
    [],
    [/^apt knows no containerd 1\.7\.2 \(it knows 1\.7\.24~ds1-6\+deb13u1, 1\.6\.20.*apt-get update$/],
  ],
  [
    'a package of rpm',
    `${kubelet()}containerd runs 1.6.20\ncontainerd path /usr/bin/containerd\ncontainerd package containerd.io 1.6.20-3.1.el9 rpm -\ncontainerd version 1.6.20\n`,
    asked({ containerd: '1.7.24' }),
    ['containerd 1.6.20 → 1.7.24 package containerd.io=1.7.24'],
    [],
  ],
  [
    'somebody else’s',
    `${kubelet()}containerd runs 1.6.20\ncontainerd path /opt/own/containerd\ncontainerd version 1.6.20\n`,
    asked({ containerd: '1.7.24' }),
    [],
    [/^containerd is \/opt\/own\/containerd, which no package has brought/],
  ],
  [
    'no version',
    kubelet() + programs('1.7.24') + tools,
    asked({ cni: '1.7.1' }),
    [],
    [/^\/opt\/cni\/bin\/loopback does not say which version it is/],
  ],
  [
    'too old for where the kubelet goes',
    kubelet(undefined, '1.35.0') + programs('1.6.20'),
    asked({ containerd: '1.7.24' }),
    ['containerd 1.6.20 → 1.7.24 program'],
    [/^containerd 1\.7\.24 with a kubelet v1\.36\.0: Kubernetes has left/],
    { ...at, kubeVersion: '1.36.0' },
  ],
  [
    'too new for the kubelet that is there',
    kubelet(undefined, '1.22.9') + programs('1.6.20'),
    asked({ containerd: '2.0.1' }),
    ['containerd 1.6.20 → 2.0.1 program'],
    [/^containerd 2\.0\.1 with a kubelet v1\.22\.9: containerd speaks CRI v1 alone since 2\.0/],
    { ...at, kubeVersion: '1.23.9' },
  ],
  [
    'a configuration that is none',
    `${kubelet()}${programs('1.6.20')}refused (2, 2): unexpected token\n`,
    asked({ containerd: '1.7.24' }),
    ['containerd 1.6.20 → 1.7.24 program'],
    [/^containerd does not take \/etc\/containerd\/config\.toml as it is: \(2, 2\): unexpected token$/],
  ],
  [
    'another engine',
    kubelet() + programs('1.6.20'),
    asked({ containerd: '1.7.24' }, { manager: 'docker' }),
    ['containerd 1.6.20 → 1.7.24 program'],
    [/^container_manager is docker, and the kubelet uses containerd/],
  ],
  [
    'Docker’s own packages, the newest patch',
    docker('docker-ce'),
    asked({ docker: '28.3', containerd: '2.0.1' }),
    [
      'docker 24.0.9 → 28.3 package docker-ce=5:28.3.10-1~debian.12~bookworm docker-ce-cli=5:28.3.10-1~debian.12~bookworm',
    ],
    [],
  ],
  [
    'Docker by a whole version, Debian’s package',
    docker('docker.io'),
    asked({ docker: '28.3.2' }),
    ['docker 24.0.9 → 28.3.2 package docker.io=5:28.3.2-1~debian.12~bookworm'],
    [],
  ],
  [
    'Debian’s, whose command is a package of its own',
    docker('docker.io', cli),
    asked({ docker: '28.3.2' }),
    ['docker 24.0.9 → 28.3.2 package docker.io=5:28.3.2-1~debian.12~bookworm docker-cli=5:28.3.2-1~debian.12~bookworm'],
    [],
  ],
  ['Docker of that minor version', docker('docker-ce'), asked({ docker: '24.0' }), [], []],
  [
    'containerd beside Docker has no CRI to speak',
    docker('docker-ce', debian),
    asked({ dockerContainerd: '1.7.24' }),
    ['containerd 1.6.20 → 1.7.24 package containerd=1.7.24~ds1-6+deb13u1'],
    [],
    { ...at, kubeVersion: '1.20.3' },
  ],
]

for (const [name, said, wants, moves, problems, where = at] of rows)
  test(`what is to be changed: ${name}`, () => {
    const found = decide(wants, readSeen({ stdout: said }), where)
    assert.equal(
      found.moves.map(move => {
        const by = move.by === 'package' ? `package ${move.names.join(' ')}` : 'program'
        return `${move.part} ${move.from} → ${move.to} ${by}`
      }),
      moves,
    )
    assert.is(found.problems.length, problems.length, found.problems.join('\n'))
    for (const [index, problem] of problems.entries()) assert.match(found.problems[index] ?? '', problem)
  })

test('a held package is changed, and stays held', () => {
  const seen = readSeen({ stdout: kubelet() + debian.replace(' apt install', ' apt hold') })
  const [move] = decide(asked({ containerd: '1.7.24' }), seen, at).moves
  assert.is(move?.by === 'package' && move.held, true)
})

for (const [name, said, expected] of [
  ['as it is', programs('1.7.24'), undefined],
  ['from before', programs('1.7.24', '1.6.20'), 'containerd runs as 1.6.20'],
  ['not at all', programs('1.7.24').replace(/^containerd runs.*\n/, ''), 'containerd does not run'],
] as const)
  test(`what a restart is needed for: it runs ${name}`, () =>
    assert.is(notRunning(asked({ containerd: '1.7.24' }), readSeen({ stdout: kubelet() + said })), expected))

test('nothing restarts for what was not asked for, nor for a tool', () => {
  const seen = readSeen({ stdout: kubelet() + programs('1.7.24', '1.6.20') })
  assert.is(notRunning(asked({}), seen), undefined)
  assert.is(notRunning(asked({ crictl: '1.33.0', runc: '1.2.0' }), seen), undefined)
})

test('a minor version is each of its patches, and no other', () => {
  assert.is(isVersion('28.3.2', '28.3'), true)
  assert.is(isVersion('28.30.2', '28.3'), false)
  assert.is(isVersion('1.7.24', '1.7.2'), false)
})

for (const [endpoint, engine] of [
  ['/run/containerd/containerd.sock', 'containerd'],
  ['/var/run/cri-dockerd.sock', 'docker'],
  ['/var/run/dockershim.sock', 'docker'],
  ['/var/run/crio/crio.sock', 'crio'],
] as const)
  test(`the engine is the one that the kubelet names: ${endpoint}`, () => {
    const seen = readSeen({ stdout: kubelet(endpoint) + programs('1.7.24') })
    assert.is(seen.engine, engine)
    assert.equal(
      wantedOf(asked({ containerd: '1.7.24', docker: '28.3' }), seen).map(({ part }) => part),
      engine === 'containerd' ? ['containerd'] : engine === 'docker' ? ['docker'] : [],
    )
  })

test('what a host says is no more than it may be', () => {
  const seen = readSeen({
    stdout: `${kubelet()}containerd path /usr/bin/containerd; rm -rf /\ncontainerd version $(reboot)\ncontainerd package x'y 1 apt install\ncontainerd offers 1;2\n`,
  })
  assert.equal(seen.parts, {})
})

/** What the operator sets, and what a checkout of kubespray has. */
const askedBy = (own: Readonly<Record<string, unknown>>, theirs: Readonly<Record<string, unknown>>): Asked => {
  const origin = { file: 'main.yml', line: 1, column: 1 }
  const found = (value: unknown, rank: number) => ({
    value,
    variable: { value, origin, source: 'somewhere', rank, locate: () => origin },
  })
  const resolved = resolveParams(containerEngine({}), name =>
    name in own ? found(own[name], 0) : name in theirs ? found(theirs[name], -1) : undefined,
  )
  if (!resolved.ok) throw new Error(resolved.problems.map(({ message }) => message).join('; '))
  return askedOf(resolved.params as unknown as SeenParams)
}
const release = { containerd_version: '2.1.4', runc_version: '1.3.0', container_manager: 'containerd' }
for (const [name, own, theirs, expected] of [
  ['a default of kubespray’s', {}, release, {}],
  ['the operator', { containerd_version: 'v1.7.27' }, release, { containerd: '1.7.27' }],
  [
    'the operator, for all of the release',
    { container_engine_upgrade: 'true', runc_version: '1.2.9' },
    release,
    { containerd: '2.1.4', runc: '1.2.9' },
  ],
  ['a word that names no version', { docker_version: 'latest' }, {}, {}],
] as const)
  test(`who asks: ${name}`, () => {
    const { versions, manager } = askedBy(own, theirs)
    assert.equal(versions, expected)
    assert.is(manager, undefined, 'a default is no word on what hosts have')
  })

test('what apt knows is asked for where a version is asked for, and not in every run', () => {
  const text = (vars: Readonly<Record<string, unknown>>): string =>
    seenText(paramsOf(containerEngine({}), host('n1', '10.0.0.1', [], vars)))
  const offers = 'offers() {\n  return 0'
  assert.is(text({}).includes(offers), true)
  assert.is(text({ containerd_version: '1.7.24' }).includes(offers), false)
})

const judged = (said: string, vars: Readonly<Record<string, unknown>> = {}) =>
  judgeEngine(paramsOf(containerEngine({}), host('n1', '10.0.0.1', [], vars)), readSeen({ stdout: said }))
test('what a host has is told, and what it becomes', () => {
  assert.equal(judged(kubelet() + debian), {
    ok: true,
    expected: 'nothing is asked for: it stays',
    saw: 'the kubelet uses containerd, containerd 1.6.20 (package containerd 1.6.20~ds1-1+deb12u3)',
  })
  const wanted = judged(kubelet() + programs('1.6.20'), { containerd_version: 'v1.7.24' })
  assert.is(wanted.ok, true)
  assert.match(wanted.saw, /; containerd 1\.6\.20 → 1\.7\.24$/)
  assert.is(judged(kubelet() + programs('1.7.25'), { containerd_version: '1.7.24' }).ok, false)
  assert.is(judged('').saw, 'no kubelet here yet')
})

test.run()
