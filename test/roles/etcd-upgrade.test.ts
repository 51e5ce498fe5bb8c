import { setTimeout as sleep } from 'node:timers/promises'
import type { Step, StepContext } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withImage } from '../../roles/etcd/kubespray/programs.ts'
import { targetOf, versionInTag } from '../../roles/etcd/upgrade/assess.ts'
import { jumpProblem, lacks, type SeenHost, unrest, upgradeProblems } from '../../roles/etcd/upgrade/judge.ts'
import { type Look, lookFrom } from '../../roles/etcd/upgrade/look.ts'
import { sourceOf } from '../../roles/etcd/upgrade/places.ts'
import { etcdPreflight, etcdUpgrade } from '../../roles/etcd/upgrade/role.ts'
import { type Program, type UpgradeOptions, upgradeMember } from '../../roles/etcd/upgrade/step.ts'
import { newTurns } from '../../roles/etcd/upgrade/turns.ts'
import { host, smallCluster } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { problemsOf, titlesOf } from './support/role.ts'
import { theirContainerUnit, theirEnv, theirFacts, theirScript, theirUnit } from './support/their-etcd.ts'

const all = [1, 2, 3].map(n => `etcd${n}=https://10.0.0.${n}:2380`)
const cluster = smallCluster()

interface Said {
  readonly version?: string
  readonly cluster?: string
  readonly leader?: number
  readonly healthy?: boolean
  readonly answers?: boolean
  readonly more?: readonly string[]
  readonly raftIndex?: number
  readonly applied?: number
  readonly dbSize?: number
  readonly learner?: boolean
  readonly errors?: readonly string[]
  readonly listed?: readonly string[]
  readonly kept?: string
  readonly staged?: string
  readonly program?: string
  readonly image?: string
}

const memberLine = (n: number) =>
  `member a${n}, started, etcd${n}, https://10.0.0.${n}:2380, https://10.0.0.${n}:2379, false`

/** What a host's program prints of its member, as real ones were seen to. */
function looks(n: number, said: Said = {}): string {
  const { version = '3.5.26', healthy = true, answers = true, raftIndex = 500, applied = raftIndex, leader = 1 } = said
  const status = {
    header: { cluster_id: 1, member_id: 9000 + n, revision: 1, raft_term: 2 },
    ...{
      version,
      dbSize: said.dbSize ?? 20480,
      leader: 9000 + leader,
      raftIndex,
      raftTerm: 2,
      raftAppliedIndex: applied,
    },
    ...(said.learner ? { isLearner: true } : {}),
    ...(said.errors ? { errors: said.errors } : {}),
  }
  return [
    'machine x86_64',
    `status ${answers ? JSON.stringify([{ Endpoint: 'https://127.0.0.1:2379', Status: status }]) : ''}`,
    ...(answers && healthy ? ['healthy', ...(said.listed ?? [1, 2, 3].map(memberLine))] : []),
    `cluster ${answers ? `{"etcdserver":"${version}","etcdcluster":"${said.cluster ?? '3.5.0'}"}` : ''}`,
    ...(said.image === undefined ? [`program etcd ${said.program ?? version}`] : [`image ${said.image}`]),
    `program etcdctl ${said.program ?? version}`,
    ...(said.kept === undefined ? [] : [`kept ${said.kept}`]),
    `staged ${said.staged ?? ''}`,
    ...(said.more ?? []),
    '',
  ].join('\n')
}

const seen = (n: number, said: Said | Look | undefined = {}): SeenHost => ({
  host: host(`m${n}`, `10.0.0.${n}`),
  look: said && ('programs' in said ? said : lookFrom(looks(n, said))),
  ...{ quota: 2 ** 31, v2: false, container: false },
})
const three = (one: Said = {}, two: Said = {}, last: Said = {}) => [seen(1, one), seen(2, two), seen(3, last)]
const problems = (hosts: readonly SeenHost[], version: string, kubeVersion?: string) =>
  upgradeProblems({ hosts, peerPort: 2380 }, { version }, kubeVersion)

test('what a host says is read as what it is, and numbers larger than those of JavaScript as text', () => {
  const look = lookFrom(looks(1, { more: ['alarm memberID:1 alarm:NOSPACE '], kept: '3.4.23' }))
  assert.equal([look.status?.id, look.status?.leader, look.healthy, look.alarms], ['9001', '9001', true, ['NOSPACE']])
  assert.equal([look.clusterVersion, look.kept, look.members.length], ['3.5.0', { version: '3.4.23' }, 3])
  const large = lookFrom(
    'status [{"Status":{"header":{"member_id":15985099378392235387},"version":"3.4.23","leader":15985099378392235388,"raftIndex":4}}]',
  )
  assert.equal([large.status?.id, large.status?.leader], ['15985099378392235387', '15985099378392235388'])
})
for (const hostile of [
  'status $(id)',
  'status {"version":"`id`","member_id":1,"raftIndex":1}',
  'program etcd ;id',
  'image $(id):x',
  'member a1, started, $(id), https://x, , false',
  'kept \u001b[31m',
])
  test(`a host that says ${JSON.stringify(hostile)} has said nothing`, () => {
    const { machine: _, kept, ...look } = lookFrom(hostile)
    assert.equal(look, { healthy: false, alarms: [], members: [], programs: new Map() })
    assert.equal(kept ?? {}, {})
  })

const jumps: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['3.4.23', '3.5.16', undefined],
  ['3.5.10', '3.5.26', undefined],
  ['3.5.26', '3.6.4', undefined],
  ['3.6.4', '3.7.0', undefined],
  ['3.5.25', '3.6.4', /goes from 3\.5\.26 or newer/],
  ['3.4.23', '3.6.4', /left out on the way to 3\.6\.4: go to 3\.5 first/],
  ['3.5.26', '4.0.0', /left out/],
  ['3.5.26', '3.5.25', /does not go back to 3\.5\.25/],
  ['3.6.0', '3.5.30', /does not go back/],
]
for (const [from, to, expected] of jumps)
  test(`from ${from} to ${to} ${expected === undefined ? 'etcd goes' : 'it does not go'}`, () => {
    const problem = jumpProblem(from, to)
    if (expected === undefined) assert.is(problem, undefined)
    else assert.match(problem ?? '', expected)
  })

const stranger = 'member a9, started, other, https://10.9.9.9:2380, https://10.9.9.9:2379, false'
const refused: readonly (readonly [string, readonly SeenHost[], string, string | undefined, readonly RegExp[]])[] = [
  ['nothing', three(), '3.6.4', '1.34.1', []],
  ['the target already', three(), '3.5.26', undefined, []],
  ['a member that is down, and the target otherwise', three({}, {}, { answers: false }), '3.5.26', undefined, []],
  [
    'a member that can not be asked',
    [seen(1), seen(2), { ...seen(3), look: undefined }],
    '3.6.4',
    undefined,
    [/^m3 can't be asked$/],
  ],
  ['a member that is ill', three({}, {}, { healthy: false }), '3.6.4', undefined, [/^the member of m3 is not healthy/]],
  [
    'the member that an upgrade was cut short on',
    three({}, {}, { answers: false, kept: '3.5.26' }),
    '3.6.4',
    undefined,
    [],
  ],
  [
    'two of those',
    three({}, { answers: false, kept: '3.5.26' }, { answers: false, kept: '3.5.26' }),
    '3.6.4',
    undefined,
    [/m2 is not healthy/, /m3 is not healthy/],
  ],
  [
    'an alarm',
    three({ more: ['alarm memberID:9 alarm:NOSPACE'] }),
    '3.6.4',
    undefined,
    [/NOSPACE, and takes no writes/],
  ],
  [
    'a database that is too large',
    three({}, { dbSize: 2 ** 31 + 1 }),
    '3.6.4',
    undefined,
    [/^the database of m2 has 2147483649 bytes/],
  ],
  [
    'a member of nobody',
    three({ listed: [1, 2, 3].map(memberLine).concat(stranger) }),
    '3.6.4',
    undefined,
    [/^other \(https:\/\/10\.9\.9\.9:2380\) is of no host/],
  ],
  [
    'a member that is newer',
    three({}, { version: '3.6.4' }),
    '3.5.30',
    undefined,
    [/^m2 has 3\.6\.4: etcd does not go back/],
  ],
  [
    'versions far apart',
    three({ version: '3.4.23' }, { version: '3.6.4' }),
    '3.6.4',
    undefined,
    [/m1 has 3\.4\.23: .*left out/, /more than a minor version apart/],
  ],
  ['a version half-way', three({ version: '3.6.4' }), '3.6.4', undefined, []],
  ['the API of old', [seen(1), { ...seen(2), v2: true }, seen(3)], '3.6.4', undefined, [/^m2: ETCD_ENABLE_V2 is true/]],
  [
    "less than Kubernetes' minimum",
    three({ version: '3.4.3' }),
    '3.4.9',
    '1.28.4',
    [/^m2 has 3\.5/, /^m3 has 3\.5/, /^Kubernetes 1\.28\.4 wants etcd 3\.4\.13/].slice(0, 3),
  ],
  [
    'a script without an image',
    [{ ...seen(1), container: true }, seen(2), seen(3)],
    '3.6.4',
    undefined,
    [/script that starts etcd on m1 names no image/],
  ],
  [
    'all of it at once',
    three(
      { version: '3.4.23', more: ['alarm memberID:9 alarm:CORRUPT'] },
      { healthy: false },
      { version: '3.4.23', dbSize: 2 ** 32 },
    ),
    '3.6.4',
    undefined,
    [/m2 is not healthy/, /CORRUPT/, /database of m3/, /m1 has 3\.4/, /m2 has 3\.5\.26/, /m3 has 3\.4/].filter(
      each => !/m2 has/.test(each.source),
    ),
  ],
]
for (const [what, hosts, version, kube, expected] of refused)
  test(`${what}: ${expected.length === 0 ? 'nothing is refused' : 'refused'}`, () => {
    const found = problems(hosts, version, kube)
    assert.is(found.length, expected.length, found.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern)
  })

const lacking: readonly (readonly [string, Said, readonly string[]])[] = [
  ['nothing', {}, []],
  ['an older one that runs', { version: '3.5.20' }, ['3.5.20 runs', 'etcdctl is 3.5.20']],
  ['a program that was put there and does not run yet', { version: '3.5.20', program: '3.5.26' }, ['3.5.20 runs']],
  ['a program that was put back', { program: '3.5.20' }, ['its program is 3.5.20', 'etcdctl is 3.5.20']],
  ['one that is down', { answers: false }, []],
  [
    'one that is down for an upgrade',
    { answers: false, kept: '3.5.20' },
    ['it does not answer', 'an upgrade is half-way'],
  ],
  ['a program that is still kept', { kept: '3.5.20' }, ['an upgrade is half-way']],
  ['a container', { image: 'quay.io/coreos/etcd:v3.5.20' }, ['its image is quay.io/coreos/etcd:v3.5.20']],
]
for (const [what, said, expected] of lacking)
  test(`to be done: ${what}`, () => assert.equal(lacks(lookFrom(looks(1, said)), { version: '3.5.26' }), expected))

const restless: readonly (readonly [string, readonly SeenHost[], readonly string[]])[] = [
  ['nobody', three(), []],
  ['who is a little behind', three({ raftIndex: 1400 }, {}, { applied: 450 }), []],
  [
    'who is far behind',
    three({ raftIndex: 9000 }, { raftIndex: 9000 }, { applied: 450 }),
    ['m3 is 8550 entries behind'],
  ],
  ['a learner', three({}, {}, { learner: true, healthy: false }), ['m3 is a learner']],
  ['who is ill', three({}, { healthy: false }), ['m2 is not healthy']],
  ['who says that something is wrong', three({ errors: ['no leader'] }), ['m1 says "no leader"']],
  ['who follows another leader', three({}, {}, { leader: 3 }), ['they do not agree upon their leader']],
]
for (const [what, hosts, expected] of restless)
  test(`nobody is restarted because of ${what}`, () => assert.equal(unrest(hosts), expected))

test('of a container the tag is another one, and the rest of the script stays', () => {
  const script = theirScript('etcd1', 'registry.example:5000/coreos/etcd:v3.5.6')
  const made = withImage(script, 'registry.example:5000/coreos/etcd:v3.5.26')
  assert.is(made, script.replace('v3.5.6', 'v3.5.26'))
  assert.throws(() => withImage('#!/bin/sh\n', 'a:b'), 'names no image')
})
const targets: readonly (readonly [
  string,
  { readonly version?: string; readonly imageTag?: string },
  boolean,
  unknown,
])[] = [
  ['a version', { version: 'v3.5.26' }, false, { version: '3.5.26' }],
  ['a tag, of programs', { imageTag: 'v3.5.26' }, false, undefined],
  ['a tag', { imageTag: 'v3.5.26-0' }, true, { version: '3.5.26', tag: 'v3.5.26-0' }],
  ['both', { version: '3.5.26', imageTag: 'mine' }, true, { version: '3.5.26', tag: 'mine' }],
  ['a version, of a container', { version: '3.5.26' }, true, { version: '3.5.26' }],
]
for (const [what, asked, inContainer, expected] of targets)
  test(`asked for is ${what}`, () => assert.equal(targetOf(asked as never, inContainer), expected))
test('not every tag tells a version', () =>
  assert.equal(['v3.5.26', '3.5.26-arm64', 'latest'].map(versionInTag), ['3.5.26', '3.5.26', undefined]))

const target = { version: '3.5.26' }
const site = 'https://github.com'
const archive = 'etcd-io/etcd/releases/download/v3.5.26/etcd-v3.5.26-linux-arm64.tar.gz'
test('where the archive comes from', () => {
  const urls = (more: object) => sourceOf({ githubUrl: site, ...more }, target).urlsOf({ name: 'x', arch: 'arm64' })
  assert.equal(urls({}), [`${site}/${archive}`])
  assert.equal(urls({ filesRepo: 'http://files/' }), [`http://files/github.com/${archive}`, `${site}/${archive}`])
  assert.equal(urls({ url: ['https://a/e.tgz', 'https://b/e.tgz'], filesRepo: 'http://f' }), [
    'https://a/e.tgz',
    'https://b/e.tgz',
  ])
})
test('its checksum is that of the version and the architecture', () => {
  const hex = 'a'.repeat(64)
  const source = sourceOf({ githubUrl: site, checksums: { arm64: { '3.5.26': `sha256:${hex}` } } }, target)
  assert.is(source.givenSum({ name: 'x', arch: 'arm64' })?.hex, hex)
  assert.is(source.givenSum({ name: 'x', arch: 'amd64' }), undefined)
})
const published: readonly (readonly [string, string, unknown, RegExp | undefined])[] = [
  [
    'in the list of all',
    `${site}/x/etcd.tgz`,
    { text: `${'b'.repeat(64)}  other\n${'a'.repeat(64)}  etcd.tgz\n` },
    undefined,
  ],
  [
    'of another file alone',
    `${site}/x/etcd.tgz`,
    { text: `${'b'.repeat(64)}  other\n` },
    /has no checksum of etcd\.tgz/,
  ],
  ['by http', 'http://files/x/etcd.tgz', { text: `${'a'.repeat(64)}  etcd.tgz\n` }, /proves nothing/],
  ['nowhere', `${site}/x/etcd.tgz`, { why: 'it is 404', again: false }, /not to be had: it is 404/],
]
for (const [what, url, answer, expected] of published)
  test(`a checksum that is published ${what} ${expected === undefined ? 'counts' : 'does not count'}`, async () => {
    const asked: string[] = []
    const web = {
      text: async (at: string) => {
        asked.push(at)
        return answer
      },
    }
    const sum = await sourceOf({ githubUrl: site }, target).publishedSum?.(web as never, url)
    if (expected === undefined)
      assert.equal([sum, asked], [{ algorithm: 'sha256', hex: 'a'.repeat(64) }, [`${site}/x/SHA256SUMS`]])
    else assert.match(sum && 'why' in sum ? sum.why : '', expected)
  })

const facts = (n: number, said: Said = {}, unit = theirUnit) => ({
  ...theirFacts(theirEnv({ name: `etcd${n}`, host: `m${n}`, ip: `10.0.0.${n}`, members: all }), unit),
  look: { exitCode: 0, stdout: looks(n, said), stderr: '' },
})
const group = (said: Said, unit?: string) => new Map([1, 2, 3].map(n => [`m${n}`, facts(n, said, unit)]))
const titles = (params: object, peers: ReadonlyMap<string, unknown>) =>
  titlesOf(etcdUpgrade(params), cluster.host('m1'), cluster, { peers })
test('nothing is asked for: nothing is done, and nobody is asked', () => {
  assert.equal(titles({}, group({ version: '3.4.23' })), [])
  const asked = etcdUpgrade.role.peers as never as (context: object) => { hosts: readonly string[] }
  const of = (params: object) =>
    asked({ params: { deployment: 'host', leaving: [], ...params }, inventory: cluster, host: cluster.host('m1') })
      .hosts
  assert.equal(of({}), [])
  assert.equal(of({ version: '3.5.26' }), ['m1', 'm2', 'm3'])
  assert.equal(of({ version: '3.5.26', deployment: 'kubeadm' }), [])
  assert.equal(of({ imageTag: 'v3.5.26' }), [])
  assert.equal(of({ imageTag: 'v3.5.26', deployment: 'docker' }), ['m1', 'm2', 'm3'])
})
test('before anybody has been asked there is something to be done: the play is run at all', () => {
  assert.equal(titles({ version: '3.5.26' }, new Map()), ['assert that etcd can go to 3.5.26'])
  assert.equal(titles({ version: '3.5.26', leaving: 'm1' }, new Map()), [])
  assert.equal(titles({ version: '3.5.26', deployment: 'kubeadm' }, new Map()), [])
  assert.equal(titles({}, new Map()), [])
})
test('all is at the target: nothing is left to be done', () =>
  assert.equal(titles({ version: '3.5.26' }, group({})), []))
test('programs of kubespray come from the archive, beside those in use', () =>
  assert.equal(titles({ version: '3.5.26' }, group({ version: '3.4.23', staged: '3.5.26' })), [
    'assert that etcd can go to 3.5.26',
    'etcd is 3.5.26',
    'get a vote in the etcd cluster',
  ]))
test('an archive that is nowhere yet is to come', () =>
  assert.ok(
    titles({ version: '3.5.26', source: '/nowhere' }, group({ version: '3.4.23' })).includes(
      'file /opt/kubernetes/etcd/v3.5.26/etcd',
    ),
  ))
test('of a container the image is fetched beforehand', () =>
  assert.equal(
    titles(
      { version: '3.5.26', deployment: 'docker' },
      group({ version: '3.5.6', image: 'quay.io/coreos/etcd:v3.5.6' }, theirContainerUnit('etcd1')),
    ),
    [
      'assert that etcd can go to 3.5.26',
      'the image quay.io/coreos/etcd:v3.5.26 is here',
      'etcd is 3.5.26',
      'get a vote in the etcd cluster',
    ],
  ))
test("of the distribution's etcd the old program is kept, and its packages get the version", () => {
  const own = new Map(
    [1, 2, 3].map(n => [
      `m${n}`,
      {
        ...theirFacts(),
        env: { type: 'absent' },
        unit: { type: 'absent' },
        look: facts(n, { version: '3.4.23' }).look,
      },
    ]),
  )
  assert.equal(titles({ version: '3.5.26' }, own), [
    'assert that etcd can go to 3.5.26',
    '/usr/bin/etcd is kept until the new one is healthy',
    'packages etcd-server=3.5.26* etcd-client=3.5.26*',
    'etcd is 3.5.26',
    'get a vote in the etcd cluster',
  ])
})
test('whoever looks beforehand refuses the same, and does nothing else', () =>
  assert.equal(
    titlesOf(etcdPreflight({ version: '3.6.0' }), cluster.host('m1'), cluster, { peers: group({ version: '3.4.23' }) }),
    ['assert that etcd can go to 3.6.0'],
  ))
const wrongly: readonly (readonly [object, RegExp | undefined])[] = [
  [{ deployment: 'docker', imageTag: 'latest' }, /tells no version: set etcd_version, too/],
  [{ deployment: 'docker', imageTag: 'v3.5.26', version: '3.5.20' }, /they are to be of one version/],
  [{ deployment: 'docker', imageTag: 'mine', version: '3.5.20' }, undefined],
  [{ version: '3.5.26', filesRepo: 'https://u:s3cret@[x' }, /files_repo: "https:\/\/…@\[x" is not an http\(s\) URL/],
]
for (const [params, expected] of wrongly)
  test(`${JSON.stringify(params)} is ${expected === undefined ? 'right' : 'refused'}`, () => {
    const [problem] = problemsOf(etcdUpgrade(params), cluster.host('m1'), cluster)
    if (expected === undefined) assert.is(problem, undefined)
    else assert.match(problem ?? '', expected)
  })

/** A cluster of three that is only made up: what each host says of its member, and what its commands do to that. */
function madeUp(
  start: readonly Said[],
  broken: {
    readonly starts?: boolean
    readonly heals?: boolean
    readonly reached?: string
    readonly kept?: string
    readonly snapshots?: false
  } = {},
) {
  const state = new Map<string, Said>(start.map((said, index) => [`m${index + 1}`, said]))
  const made = remote((text, on) => {
    const said = state.get(on) ?? {}
    const n = Number(on.slice(1))
    if (text.includes('versionOf()')) return looks(n, said)
    if (text.includes('echo kept')) return broken.kept === on ? 'kept\n' : ''
    if (text.includes('snapshot save')) return broken.snapshots === false ? { stderr: 'no room\n' } : ''
    if (text.includes('endpoint status')) return looks(n, said).split('\n')[1] ?? ''
    if (text.includes('member list'))
      return [1, 2, 3]
        .map(memberLine)
        .map(line => line.slice(7))
        .join('\n')
    if (text.includes('move-leader')) {
      const to = Number(/move-leader a(\d)/.exec(text)?.[1])
      for (const [name, each] of state) state.set(name, { ...each, leader: to })
      return ''
    }
    if (text.includes('cp -p') && text.includes('.rota-old.part'))
      state.set(on, { ...said, kept: said.version ?? '3.5.26' })
    if (text.startsWith('REPLACE')) state.set(on, { ...said, program: '3.6.4' })
    if (/mv -f \S+rota-old \S/.test(text)) {
      const { kept: version = '', ...rest } = said
      state.set(on, { ...rest, program: version })
      return ''
    }
    if (text.includes('systemctl restart')) {
      assert.match(text, /^systemctl reset-failed -- etcd/)
      if (said.kept === undefined) {
        state.set(on, { ...said, version: said.program ?? '', answers: true, healthy: true })
        return ''
      }
      if (broken.starts === false) {
        state.set(on, { ...said, answers: false, healthy: false })
        if (broken.reached !== undefined)
          for (const name of state.keys()) state.set(name, { ...state.get(name), cluster: broken.reached })
        return { stderr: 'Job for etcd.service failed' }
      }
      state.set(on, { ...said, answers: true, healthy: broken.heals !== false, version: '3.6.4' })
    }
    if (text.startsWith('rm -f')) {
      const { kept: _, ...rest } = said
      state.set(on, rest)
    }
    return ''
  })
  return { ...made, state }
}

const program: Program = {
  path: '/usr/local/bin/etcd',
  check: $ => $`CHECK`,
  replace: $ => $`REPLACE`,
  follow: $ => $`FOLLOW`,
}
const options = (more: Partial<UpgradeOptions> = {}): UpgradeOptions => ({
  ...{
    configDir: '/etc/kube-etcd',
    clientPort: 2379,
    peerPort: 2380,
    binDir: '/usr/bin',
    staged: '/s',
    ...{ backupDir: '/b', snapshotsKept: 5, snapshotsSize: 100 },
  },
  ...{ target: { version: '3.6.4' }, unit: 'etcd', masters: [], program, turns: undefined },
  hosts: [1, 2, 3].map(n => ({ host: host(`m${n}`, `10.0.0.${n}`), quota: 2 ** 31, v2: false, container: false })),
  ...more,
})
const on = (name: string, made: ReturnType<typeof madeUp>): StepContext => ({
  ...made.context,
  $: made.context.on(name),
  host: cluster.host(name),
  inventory: cluster,
})
const upgraded = (
  made: ReturnType<typeof madeUp>,
  name: string,
  more: Partial<UpgradeOptions> = {},
): Promise<string | undefined> =>
  (upgradeMember(options(more)) as Step).run(on(name, made)).then(() => undefined, String)
const order = (made: ReturnType<typeof madeUp>): readonly string[] =>
  made.commands.flatMap(({ text, on: at }) => {
    const what = /snapshot save|move-leader \w+|^CHECK|rota-old\.part|^REPLACE|systemctl restart|^FOLLOW|^rm -f/.exec(
      text,
    )?.[0]
    return what === undefined ? [] : [`${at} ${what}`]
  })

test('a member: a snapshot before the first, leadership elsewhere, the old program kept, then the new one', async () => {
  const made = madeUp([{ leader: 1 }, { leader: 1 }, { leader: 1 }])
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.equal(order(made), [
    'm1 CHECK',
    'm1 snapshot save',
    'm1 move-leader a2',
    'm1 rota-old.part',
    'm1 REPLACE',
    'm1 systemctl restart',
    'm1 FOLLOW',
    'm1 rm -f',
  ])
})
test('leadership goes to one that has the version; a run that goes on with an upgrade keeps a snapshot of its own', async () => {
  const made = madeUp([{ leader: 1 }, { leader: 1 }, { leader: 1, version: '3.6.4' }])
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.equal(order(made).slice(0, 3), ['m1 CHECK', 'm1 snapshot save', 'm1 move-leader a3'])
})
test('a run keeps one, whichever member comes first in it', async () => {
  const made = madeUp([{ leader: 3 }, { leader: 3 }, { leader: 3 }], { kept: 'm2' })
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.equal(order(made).slice(0, 2), ['m1 CHECK', 'm1 rota-old.part'])
})
test('where no member gives one nothing is done', async () => {
  const made = madeUp([{ leader: 3 }, { leader: 3 }, { leader: 3 }], { snapshots: false })
  assert.match(
    (await upgraded(made, 'm1')) ?? '',
    /no snapshot of etcd could be kept, and nothing is changed without one: m1: no room; m2: no room; m3: no room/,
  )
  assert.equal(order(made), ['m1 CHECK', 'm1 snapshot save', 'm2 snapshot save', 'm3 snapshot save'])
})
test('once all have it the version of the cluster is told', async () => {
  const made = madeUp(
    [{ leader: 2 }, { leader: 2, version: '3.6.4' }, { leader: 2, version: '3.6.4', cluster: '3.6.0' }].map(said => ({
      ...said,
      cluster: '3.6.0',
    })),
  )
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.match(made.said.join('\n'), 'all members of etcd are 3.6.4, the cluster is at 3.6.0')
})
for (const [what, ill] of [
  ['ill', { healthy: false }],
  ['far behind', { raftIndex: 500, applied: 0, leader: 2 }],
  ['a learner', { healthy: false, learner: true }],
] as const)
  test(`nothing is done to a member while another one is ${what}`, async () => {
    const made = madeUp([
      { leader: 2, raftIndex: 5000 },
      { leader: 2, raftIndex: 5000 },
      { leader: 2, ...ill },
    ])
    const failure = await upgraded(made, 'm1', { patience: { others: 0, own: 0 } })
    assert.match(failure ?? '', 'the other members have to be in step before this one is restarted: m3 is')
    assert.equal(order(made), ['m1 CHECK'])
  })
test('one that starts and does not get healthy goes back, too', async () => {
  const made = madeUp([{ leader: 2 }, { leader: 2 }, { leader: 2 }], { heals: false })
  const failure = await upgraded(made, 'm1', { patience: { others: 0, own: 0 } })
  assert.match(failure ?? '', /did not come up on m1 \(m1 is not healthy;.*3\.5\.26 is back/)
})
test('a program that does not start: the old one comes back, and the run ends', async () => {
  const made = madeUp([{ leader: 2 }, { leader: 2 }, { leader: 2 }], { starts: false })
  assert.match(
    (await upgraded(made, 'm1')) ?? '',
    /etcd 3\.6\.4 did not come up on m1 \(Job for.*3\.5\.26 is back, and the member serves with it/,
  )
  assert.is(made.state.get('m1')?.version, '3.5.26')
  assert.not.ok(order(made).some(each => each.includes('FOLLOW')))
})
test('the old program does not come back where the cluster has gone further', async () => {
  const made = madeUp([{ leader: 2 }, { leader: 2, version: '3.6.4' }, { leader: 2, version: '3.6.4' }], {
    starts: false,
    reached: '3.6.0',
  })
  assert.match(
    (await upgraded(made, 'm1')) ?? '',
    /the cluster is at 3\.6\.0 already, on whose data 3\.5\.26 does not start/i,
  )
  assert.not.ok(made.commands.some(({ text }) => /mv -f \S+rota-old\s/.test(text)))
})
test('between patches it comes back, whatever the cluster is at', async () => {
  const made = madeUp(
    [
      { leader: 2, version: '3.6.1', cluster: '3.6.0' },
      { leader: 2, version: '3.6.4', cluster: '3.6.0' },
      { leader: 2, version: '3.6.4', cluster: '3.6.0' },
    ],
    { starts: false },
  )
  assert.match((await upgraded(made, 'm1')) ?? '', /3\.6\.1 is back/)
})
test('one that was cut short is gone on with: what is kept stays what ran before', async () => {
  const made = madeUp([
    { leader: 2, answers: false, healthy: false, program: '3.6.4', kept: '3.5.26' },
    { leader: 2 },
    { leader: 2 },
  ])
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.equal(order(made), ['m1 CHECK', 'm2 snapshot save', 'm1 systemctl restart', 'm1 FOLLOW', 'm1 rm -f'])
})
test('one that runs it already is not restarted again', async () => {
  const made = madeUp([{ leader: 1, version: '3.6.4', kept: '3.5.26' }, { leader: 1 }, { leader: 1 }])
  assert.is(await upgraded(made, 'm1'), undefined)
  assert.equal(order(made), ['m1 FOLLOW', 'm1 rm -f'])
})
test('one that leads, and from whom nobody takes it, is left alone', async () => {
  const made = madeUp([{ leader: 1 }, { leader: 1 }, { leader: 1 }])
  const deaf = made.context.on
  const context = { ...on('m1', made) }
  const $: StepContext['$'] = (strings, ...values) =>
    JSON.stringify([strings, values]).includes('move-leader') ? deaf('m1')`true` : deaf('m1')(strings, ...values)
  const failure = await upgradeMember(options())
    .run({ ...context, $ })
    .then(() => undefined, String)
  assert.match(failure ?? '', 'it leads, and no other member takes that over: nothing has been changed on it')
  assert.not.ok(order(made).some(each => /REPLACE|restart/.test(each)))
})

test('one after the other, whoever calls, and nobody after one that has failed', async () => {
  const turns = newTurns()
  const seen: string[] = []
  const work = (name: string, fails = false) =>
    turns(async () => {
      seen.push(`${name} begins`)
      await sleep(2)
      seen.push(`${name} ends`)
      if (fails) throw new Error('broken')
      return name
    }).then(undefined, String)
  const done = await Promise.all([work('a'), work('b', true), work('c')])
  assert.equal(seen, ['a begins', 'a ends', 'b begins', 'b ends'])
  assert.equal(done.slice(0, 2), ['a', 'Error: broken'])
  assert.match(done[2] ?? '', 'not begun: another member has failed (broken)')
})

test.run()
