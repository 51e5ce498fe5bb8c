import type { FactRequest, HostView, Step } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../engine/facts/fact.ts'
import { etcdAbsent } from '../../roles/etcd/absent.ts'
import { isMemberOf } from '../../roles/etcd/config.ts'
import { etcdForget } from '../../roles/etcd/forget.ts'
import {
  envOfNewMember,
  initialMembersIn,
  parseEnv,
  withContainerName,
  withValues,
} from '../../roles/etcd/kubespray/env.ts'
import { imageIn } from '../../roles/etcd/kubespray/programs.ts'
import { memberIn, plannedMembers } from '../../roles/etcd/kubespray/seen.ts'
import { etcdIsOurs, portsAreFree } from '../../roles/etcd/nobody-elses.ts'
import { etcd } from '../../roles/etcd/role.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { remote } from './support/remote.ts'
import { titlesOf, unitsOf } from './support/role.ts'
import {
  fileFact,
  nothingOfTheirs,
  theirContainerUnit,
  theirEnv,
  theirFacts,
  theirScript,
  theirUnit,
} from './support/their-etcd.ts'

const prepared = {
  pair: () => ({ certificate: 'CERTIFICATE', key: 'KEY' }),
  serviceAccount: { key: 'KEY', publicKey: 'PUBLIC' },
}
const all = [1, 2, 3].map(n => `etcd${n}=https://10.0.0.${n}:2380`)
const member = (n: number, members = all) =>
  theirFacts(theirEnv({ name: `etcd${n}`, host: `m${n}`, ip: `10.0.0.${n}`, members }))
const cluster = smallCluster()
const three = new Map([1, 2, 3].map(n => [`m${n}`, member(n)]))
const tasks = (name: string, peers: ReadonlyMap<string, unknown>, of = cluster, params = {}) =>
  titlesOf(etcd(params), of.host(name), of, { prepared, peers })

const urls: readonly (readonly [string, string, string, boolean])[] = [
  ['the same', '10.0.0.2', 'https://10.0.0.2:2380', true],
  ['another that begins like it', '10.0.0.2', 'https://10.0.0.21:2380', false],
  ['one that ends like it', '10.0.0.2', 'https://110.0.0.2:2380', false],
  ['another port', '10.0.0.2', 'https://10.0.0.2:2382', false],
  ['IPv6 written otherwise', 'fd00::2', 'https://[fd00:0:0::2]:2380', true],
  ['another of IPv6', 'fd00::2', 'https://[fd00::21]:2380', false],
  ['no URL', '10.0.0.2', '10.0.0.2:2380', false],
]
for (const [what, address, url, same] of urls)
  test(`a host's member is known by its peer URL: ${what}`, () =>
    assert.is(isMemberOf(host('m2', address), { peerPort: 2380 })({ peerUrls: [url] }), same))
test('what a host has written down as its own URL counts too', () =>
  assert.ok(
    isMemberOf(host('m2', '10.0.0.2'), { peerPort: 2380, peerUrls: new Map([['m2', 'https://etcd-2.example:2380']]) })({
      peerUrls: ['https://etcd-2.example:2380'],
    }),
  ))

const hosts: readonly (readonly [string, ReturnType<typeof theirFacts>, unknown])[] = [
  ['nothing', nothingOfTheirs, 'none'],
  ["the package's unit", { ...theirFacts(), unit: fileFact('[Service]\nEnvironmentFile=-/etc/default/%p\n') }, 'none'],
  ['a unit without settings', { ...theirFacts(), env: { type: 'absent' } }, 'none'],
  ['a path that leads elsewhere', theirFacts(theirEnv().replace('/var/lib/etcd', '/var/lib/../etc')), /ETCD_DATA_DIR/],
  ['the whole disk as its data', theirFacts(theirEnv().replace('/var/lib/etcd', '/')), /ETCD_DATA_DIR/],
  ['a name that is a command', theirFacts(theirEnv({ name: '$(id)' })), /ETCD_NAME/],
  ['another program', theirFacts(theirEnv(), theirUnit.replace('/usr/local/bin/etcd', '/bin/sh')), /ExecStart/],
]
for (const [what, seen, expected] of hosts)
  test(`a host with ${what} is ${expected === 'none' ? 'no member' : 'none that can be made out'}`, () => {
    const found = memberIn(seen as never)
    if (expected === 'none') assert.is(found, 'none')
    else assert.match(typeof found === 'object' && 'unclear' in found ? found.unclear : '', expected as RegExp)
  })
test('its data may be in a directory of the root, such as a disk of its own', () => {
  const found = memberIn(theirFacts(theirEnv().replace('/var/lib/etcd', '/etcd')) as never)
  assert.is(typeof found === 'object' && 'dataDir' in found && found.dataDir, '/etcd')
})
test('a member is made out, in a container or not', () => {
  const found = memberIn(member(2) as never)
  assert.ok(typeof found === 'object' && 'name' in found)
  assert.equal(
    [
      found.name,
      found.dataDir,
      found.certificatesDir,
      found.certificateName,
      found.peerUrl,
      found.binDir,
      found.container,
    ],
    ['etcd2', '/var/lib/etcd', '/etc/ssl/etcd/ssl', 'm2', 'https://10.0.0.2:2380', '/usr/local/bin', false],
  )
  const contained = memberIn(theirFacts(theirEnv(), theirContainerUnit('etcd1')) as never)
  assert.ok(typeof contained === 'object' && 'name' in contained && contained.container)
})

test('a new member has the settings of one that serves, and its own names and addresses', () => {
  const from = { name: 'etcd1', certificateName: 'm1' }
  const more = ['ETCD_EXPERIMENTAL_DISTRIBUTED_TRACING_INSTANCE_ID=etcd1', 'ETCD_LOG_LEVEL=warn']
  const made = envOfNewMember(theirEnv({ more }), from, {
    ...{ name: 'etcd4', host: 'm4', ip: '10.0.0.4', address: '192.0.2.4', accessAddress: 'etcd-4.example' },
    initialCluster: [...all, 'etcd4=https://192.0.2.4:2380'],
  })
  const before = parseEnv(theirEnv({ more }))
  const changed = [...parseEnv(made)].filter(([name, value]) => before.get(name) !== value)
  assert.equal(Object.fromEntries(changed), {
    ETCD_ADVERTISE_CLIENT_URLS: 'https://etcd-4.example:2379',
    ETCD_INITIAL_ADVERTISE_PEER_URLS: 'https://192.0.2.4:2380',
    ETCD_LISTEN_METRICS_URLS: 'http://10.0.0.4:2381,http://127.0.0.1:2381',
    ETCD_LISTEN_CLIENT_URLS: 'https://10.0.0.4:2379,https://127.0.0.1:2379',
    ETCD_LISTEN_PEER_URLS: 'https://10.0.0.4:2380',
    ETCD_NAME: 'etcd4',
    ETCD_INITIAL_CLUSTER: [...all, 'etcd4=https://192.0.2.4:2380'].join(','),
    ...Object.fromEntries(
      ['ETCD', 'ETCD_PEER'].flatMap(name => [
        [`${name}_CERT_FILE`, '/etc/ssl/etcd/ssl/member-m4.pem'],
        [`${name}_KEY_FILE`, '/etc/ssl/etcd/ssl/member-m4-key.pem'],
      ]),
    ),
    ETCDCTL_KEY: '/etc/ssl/etcd/ssl/admin-m4-key.pem',
    ETCDCTL_CERT: '/etc/ssl/etcd/ssl/admin-m4.pem',
    ETCD_EXPERIMENTAL_DISTRIBUTED_TRACING_INSTANCE_ID: 'etcd4',
  })
  assert.is(made.split('\n').length, theirEnv({ more }).split('\n').length)
})
test('IPv6 addresses of a new member are in brackets', () => {
  const from = theirEnv({ ip: '[fd00::1]' })
  const made = envOfNewMember(
    from,
    { name: 'etcd1', certificateName: 'm1' },
    { name: 'etcd2', host: 'm2', ip: 'fd00::2', address: 'fd00::2', accessAddress: 'fd00::2', initialCluster: [] },
  )
  assert.is(parseEnv(made).get('ETCD_LISTEN_CLIENT_URLS'), 'https://[fd00::2]:2379,https://127.0.0.1:2379')
})
test('values are replaced in their lines, and come last where there is none', () =>
  assert.is(withValues('# A\nA=1\nB=2\n', { A: '3', C: '4' }), '# A\nA=3\nB=2\nC=4\n'))
test('the name of a container is changed, and no path that has it', () => {
  const unit = withContainerName(theirContainerUnit('etcd1'), 'etcd1', 'etcd4')
  assert.match(unit, 'docker rm -f etcd4\n')
  assert.match(unit, 'docker stop etcd4\n')
  assert.is(
    withContainerName('--name=etcd1 -v /var/lib/etcd1:/x etcd10', 'etcd1', 'etcd4'),
    '--name=etcd4 -v /var/lib/etcd1:/x etcd10',
  )
})
test('the image of a container is known by the program in it', () => {
  for (const image of ['quay.io/coreos/etcd:v3.5.6', 'registry.example:5000/coreos/etcd:v3.5.6'])
    assert.is(imageIn(theirScript('etcd1', image)), image)
})

const names = (view: ReturnType<typeof inventory>, seen: ReadonlyMap<string, ReturnType<typeof member>>) =>
  plannedMembers(
    view,
    [],
    { members: new Map([...seen].map(([name, facts]) => [name, memberIn(facts as never) as never])) },
    2380,
  ).map(({ name }) => name)
test("a new member has kubespray's name for it, or the next that is free", () => {
  assert.equal(names(smallCluster(4), three), ['etcd1', 'etcd2', 'etcd3', 'etcd4'])
  const withoutFirst = inventory([2, 3, 4].map(n => host(`m${n}`, `10.0.0.${n}`, ['etcd'])))
  assert.equal(names(withoutFirst, new Map([2, 3].map(n => [`m${n}`, member(n)]))), ['etcd2', 'etcd3', 'etcd4'])
  const said = inventory(
    [1, 2].map(n => host(`m${n}`, `10.0.0.${n}`, ['etcd'], n === 2 ? { etcd_member_name: 'b' } : {})),
  )
  assert.equal(names(said, new Map([['m1', member(1)]])), ['etcd1', 'b'])
})

test('where kubespray has made the etcd nothing of it is written, in a container neither', () => {
  for (const deployment of ['host', 'docker'] as const)
    assert.equal(tasks('m1', three, cluster, { deployment }), [
      "join kubespray's etcd cluster",
      'service etcd',
      'wait until etcd answers',
      'get a vote in the etcd cluster',
    ])
})
test('no certificate of our own is used for it', () => {
  const used: string[] = []
  const pair = (name: string) => {
    used.push(name)
    return { certificate: '', key: '' }
  }
  unitsOf(etcd(), cluster.host('m1'), cluster, { prepared: { ...prepared, pair }, peers: three })
  assert.equal(used, [])
})
test('its settings name a new member, and nobody restarts', () => {
  const four = smallCluster(4)
  const peers = new Map([...three, ['m4', nothingOfTheirs]])
  assert.ok(tasks('m1', peers, four).includes('etcd.env names all members'))
  const [line] = unitsOf(etcd(), four.host('m1'), four, { prepared, peers }).flatMap(unit =>
    'kind' in unit && unit.kind.name === 'lineInFile' ? [unit.args as { readonly line: string }] : [],
  )
  assert.is(line?.line, `ETCD_INITIAL_CLUSTER=${[...all, 'etcd4=https://10.0.0.4:2380'].join(',')}`)
  assert.not.ok(unitsOf(etcd(), four.host('m1'), four, { prepared, peers }).some(unit => unit.notify.length > 0))
})
test('while a host can not be asked for its name nothing of that is written', () => {
  const peers = new Map<string, unknown>([...three, ['m4', undefined]])
  assert.not.ok(tasks('m1', peers, smallCluster(4)).includes('etcd.env names all members'))
})
test('etcd in a container is made by nobody else than kubespray', () =>
  assert.ok(
    tasks('m1', new Map([1, 2, 3].map(n => [`m${n}`, nothingOfTheirs])), cluster, {
      deployment: 'docker',
    })[0]?.includes('in a container'),
  ))

const refusedOf = (units: ReturnType<typeof unitsOf>, title: string): string | undefined => {
  const task = units.find(unit => unit.title.includes(title))
  assert.ok(task && 'kind' in task)
  return task.kind.plan(task.args, factTable(), { changed: false, diff: false })?.refused
}
const authorities: readonly (readonly [string, readonly string[], RegExp | undefined])[] = [
  ['its key is there', ['ca.pem', 'ca-key.pem'], undefined],
  ['its key is nowhere', ['ca.pem'], /ca-key\.pem is in \/etc\/ssl\/etcd\/ssl of none of m1, m2, m3/],
]
for (const [what, certificates, reason] of authorities)
  test(`a member is added by kubespray's authority: ${what}`, () => {
    const four = smallCluster(4)
    const peers = new Map<string, unknown>([
      ...[...three].map(
        ([name, facts]) =>
          [name, { ...facts, certificates: { exitCode: 0, stderr: '', stdout: certificates.join('\n') } }] as const,
      ),
      ['m4', nothingOfTheirs],
    ])
    const refused = refusedOf(unitsOf(etcd(), four.host('m4'), four, { prepared, peers }), 'authority')
    if (reason === undefined) assert.is(refused, undefined)
    else assert.match(refused ?? '', reason)
  })
test('settings that nobody can make out are refused, by every host', () => {
  const peers = new Map<string, unknown>([...three, ['m2', theirFacts(theirEnv({ name: '$(id)' }))]])
  for (const name of ['m1', 'm2', 'm3'])
    assert.match(
      refusedOf(unitsOf(etcd(), cluster.host(name), cluster, { prepared, peers }), 'layout') ?? '',
      /m2: ETCD_NAME/,
    )
})

const stepIn = (units: ReturnType<typeof unitsOf>, title: string): Step => {
  const found = units.find(unit => unit.title === title)
  assert.ok(found && 'run' in found)
  return found as Step
}
const on = (view: HostView) => ({ host: view, inventory: cluster })
const listed = (ns: readonly number[]) =>
  ns.map(n => `a${n}, started, etcd${n}, https://10.0.0.${n}:2380, https://10.0.0.${n}:2379, false\n`).join('')
const short = (text: string): string => text.replace(/.*10s /s, 'etcdctl ').split('\n')[0] ?? ''

test('a member leaves: a snapshot, then by its ID through one that stays, whose settings name it no more', async () => {
  const units = unitsOf(etcdAbsent({ leaving: 'm2' }), cluster.host('m2'), cluster, { peers: three })
  assert.equal(
    units.map(unit => unit.title),
    [
      'leave the etcd cluster',
      'service etcd',
      'no data and keys of a member',
      'backups of etcd',
      'no unit and settings of a member',
    ],
  )
  const answers = (text: string) =>
    text.includes('member list')
      ? listed([1, 2, 3])
      : text.includes('endpoint status')
        ? '[{"member_id":1,"leader":2}]'
        : ''
  const { context, commands } = remote(answers)
  await stepIn(units, 'leave the etcd cluster').run({ ...context, ...on(cluster.host('m2')) })
  const order = commands.map(({ on, text }) => `${on} ${text.includes('snapshot save') ? 'snapshot' : short(text)}`)
  assert.ok(
    order.indexOf('m1 snapshot') < order.indexOf('m1 etcdctl member remove a2') && order.includes('m1 snapshot'),
  )
  const written = commands.filter(({ stdin }) => stdin?.includes('ETCD_NAME'))
  assert.equal(
    written.map(({ on, stdin }) => [on, initialMembersIn(stdin ?? '')]),
    ['m1', 'm3'].map(name => [name, all.filter(item => !item.startsWith('etcd2'))]),
  )
})
test('etcd-events is left as it is, and said where members change', async () => {
  const events = new Map([...three].map(([name, facts]) => [name, { ...facts, events: fileFact('[Unit]') }]))
  for (const [peers, said] of [
    [three, false],
    [events, true],
  ] as const) {
    const step = stepIn(
      unitsOf(etcdAbsent({ leaving: 'm2' }), cluster.host('m2'), cluster, { peers }),
      'leave the etcd cluster',
    )
    const heard = remote(text => (text.includes('member list') ? listed([1, 2, 3]) : ''))
    await step.run({ ...heard.context, ...on(cluster.host('m2')) })
    assert.is(
      heard.said.some(text => text.includes('etcd-events is left as it is')),
      said,
    )
  }
})
test('a member does not leave where one of those that stay has no vote', async () => {
  const units = unitsOf(etcdAbsent({ leaving: 'm2' }), cluster.host('m2'), cluster, { peers: three })
  const { context, commands } = remote(text =>
    text.includes('member list') ? listed([1, 2, 3]).replace(/^a3(.*)false$/m, 'a3$1true') : '',
  )
  const failure = await stepIn(units, 'leave the etcd cluster')
    .run({ ...context, ...on(cluster.host('m2')) })
    .then(() => undefined, String)
  assert.match(failure ?? '', 'without m2 etcd would have 1 member(s) with a vote, and m3 has none')
  assert.not.ok(commands.some(({ text }) => /remove|snapshot/.test(text)))
})
test('what goes with a member of theirs: data and all keys, the directory of others only by its files', () => {
  const gone = (env: string) =>
    unitsOf(etcdAbsent({ leaving: 'm1' }), cluster.host('m1'), cluster, {
      peers: new Map([...three, ['m1', theirFacts(env)]]),
    }).flatMap(unit =>
      'kind' in unit && unit.kind.name === 'absent'
        ? [(unit.args as { readonly path: string | string[] }).path].flat()
        : [],
    )
  assert.equal(gone(theirEnv({ members: all })), [
    ...['/var/lib/etcd/member', '/etc/ssl/etcd/ssl', '/etc/systemd/system/etcd.service', '/etc/etcd.env'],
  ])
  const elsewhere = gone(theirEnv({ members: all }).replaceAll('/etc/ssl/etcd/ssl', '/etc/kubernetes/ssl'))
  assert.ok(elsewhere.includes('/etc/kubernetes/ssl/ca-key.pem') && !elsewhere.includes('/etc/kubernetes/ssl'))
})
test('where a member for events stays, the certificates that it has stay, and no other key', () => {
  const certificates = ['ca.pem', 'ca-key.pem'].concat(
    ['member', 'admin', 'node'].flatMap(kind =>
      ['m1', 'm2'].flatMap(name => [`${kind}-${name}.pem`, `${kind}-${name}-key.pem`]),
    ),
  )
  const facts = { ...theirFacts(theirEnv({ members: all }), theirUnit, certificates), events: fileFact('[Unit]') }
  const units = unitsOf(etcdAbsent({ leaving: 'm1' }), cluster.host('m1'), cluster, {
    peers: new Map([...three, ['m1', facts]]),
  })
  const gone = units.flatMap(unit =>
    'kind' in unit && unit.kind.name === 'absent'
      ? [(unit.args as { readonly path: string | string[] }).path].flat()
      : [],
  )
  assert.equal(
    certificates.filter(name => !gone.includes(`/etc/ssl/etcd/ssl/${name}`)),
    ['ca.pem', 'member-m1.pem', 'member-m1-key.pem', 'admin-m1.pem', 'admin-m1-key.pem'],
  )
  assert.not.ok(gone.includes('/etc/ssl/etcd/ssl'))
})
test('a member whose data is gone leaves the cluster, too', () => {
  const step = stepIn(
    unitsOf(etcdAbsent({ leaving: 'm2' }), cluster.host('m2'), cluster, { peers: three }),
    'leave the etcd cluster',
  )
  const [request] = Object.values(step.facts)
  assert.ok(request)
  assert.is(step.needed(factTable([request, { type: 'absent' }])), 'this host has the settings of a member')
})
test('before a dead member is forgotten a snapshot is kept', async () => {
  const peers = new Map([...three].filter(([name]) => name !== 'm2'))
  const units = unitsOf(etcdForget({ leaving: 'm2' }), cluster.host('m1'), cluster, { peers })
  const { context, commands } = remote(text => (text.includes('member list') ? listed([1, 2, 3]) : ''))
  await stepIn(units, 'm2 is no member of the etcd cluster').run({ ...context, ...on(cluster.host('m1')) })
  const order = commands.map(({ text }) => (text.includes('snapshot save') ? 'snapshot' : short(text)))
  assert.ok(order.includes('snapshot') && order.indexOf('snapshot') < order.indexOf('etcdctl member remove a2'))
})
test('a dead member that others know by a name is said, and nobody else is removed for it', async () => {
  const peers = new Map([...three].filter(([name]) => name !== 'm2'))
  const units = unitsOf(etcdForget({ leaving: 'm2' }), cluster.host('m1'), cluster, { peers })
  const list = listed([1, 2, 3]).replace('https://10.0.0.2:2380', 'https://etcd-2.example:2380')
  const { context, commands, said } = remote(text => (text.includes('member list') ? list : ''))
  const step = stepIn(units, 'm2 is no member of the etcd cluster')
  const [request] = Object.values(step.facts)
  assert.ok(request)
  const needed = (stdout: string) => step.needed(factTable([request, { exitCode: 0, stdout, stderr: '' }]))
  assert.is(needed(list), 'there is a member that is of no host of the inventory')
  assert.is(needed(listed([1, 3])), false)
  await step.run({ ...context, ...on(cluster.host('m1')) })
  assert.match(said.join(''), 'etcd2 (https://etcd-2.example:2380) is of no host of the inventory')
  assert.match(said.join(''), 'etcdctl member remove a2')
  assert.not.ok(commands.some(({ text }) => text.includes('remove')))
})
test('a dead member is known by its etcd_access_address, and is nobody who stays whatever that says', async () => {
  for (const [address, expected] of [
    ['etcd-2.example', 'etcdctl member remove a2'],
    ['10.0.0.3', undefined],
  ] as const) {
    const said = inventory(
      [1, 2, 3].map(n =>
        host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane', 'etcd'], n === 2 ? { etcd_access_address: address } : {}),
      ),
    )
    const peers = new Map([...three].filter(([name]) => name !== 'm2'))
    const units = unitsOf(etcdForget({ leaving: 'm2' }), said.host('m1'), said, { peers })
    const list = listed([1, 3, 2]).replace('https://10.0.0.2:2380', 'https://etcd-2.example:2380')
    const { context, commands } = remote(text => (text.includes('member list') ? list : ''))
    await stepIn(units, 'm2 is no member of the etcd cluster').run({
      ...{ ...context, host: said.host('m1'), inventory: said },
    })
    assert.is(
      commands.map(({ text }) => short(text)).find(text => text.includes('remove')),
      expected,
    )
  }
})
test('a member that stays and can not be asked is known by its etcd_access_address, too: nobody is told to remove it', async () => {
  const named = inventory(
    [1, 2, 3].map(n =>
      host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane', 'etcd'], { etcd_access_address: `etcd-${n}.example` }),
    ),
  )
  const peers = new Map([...three].filter(([name]) => name === 'm1').concat([['m3', undefined as never]]))
  const units = unitsOf(etcdForget({ leaving: 'm2' }), named.host('m1'), named, { peers })
  const step = stepIn(units, 'm2 is no member of the etcd cluster')
  const [request] = Object.values(step.facts)
  assert.ok(request)
  const stdout = listed([1, 3]).replace('https://10.0.0.3:2380', 'https://etcd-3.example:2380')
  assert.is(step.needed(factTable([request, { exitCode: 0, stdout, stderr: '' }])), false)
})
test('a dead member is taken out of the settings of those that stay', () => {
  const peers = new Map([...three].filter(([name]) => name !== 'm2'))
  assert.equal(titlesOf(etcdForget({ leaving: 'm2' }), cluster.host('m1'), cluster, { peers }), [
    'm2 is no member of the etcd cluster',
    'etcd.env names all members',
  ])
})

test("no member is removed for a new host's etcd_access_address, which may be another's by mistake", async () => {
  const four = inventory(
    [1, 2, 3, 4].map(n =>
      host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane', 'etcd'], n === 4 ? { etcd_access_address: '10.0.0.3' } : {}),
    ),
  )
  const peers = new Map([...three, ['m4', nothingOfTheirs]])
  const step = stepIn(unitsOf(etcd(), four.host('m4'), four, { prepared, peers }), "join kubespray's etcd cluster")
  const { context, commands } = remote(text => {
    if (text.includes('member list')) return listed([1, 2, 3])
    return text.includes('sha256sum') ? `${'0'.repeat(64)}  x\n` : ''
  })
  await step.run({ ...context, $: context.on('m4'), host: four.host('m4'), inventory: four }).catch(() => undefined)
  assert.ok(commands.some(({ text }) => text.includes('member list')))
  assert.not.ok(commands.some(({ text }) => text.includes('member remove')))
})
test('a member leaves, whatever of those that stay is known by its etcd_access_address and can not be asked', async () => {
  const named = inventory(
    [1, 2, 3, 4, 5].map(n =>
      host(`m${n}`, `10.0.0.${n}`, ['kube_control_plane', 'etcd'], { etcd_access_address: `etcd-${n}.example` }),
    ),
  )
  const peers = new Map<string, unknown>([1, 2, 4, 5].map(n => [`m${n}`, member(n)] as const)).set('m3', undefined)
  const step = stepIn(
    unitsOf(etcdAbsent({ leaving: 'm2' }), named.host('m2'), named, { peers }),
    'leave the etcd cluster',
  )
  const list = listed([1, 2, 3, 4, 5]).replace('https://10.0.0.3:2380', 'https://etcd-3.example:2380')
  const { context, commands } = remote((text, on) => {
    if (on === 'm3') return undefined
    return text.includes('member list') ? list : ''
  })
  await step.run({ ...context, $: context.on('m2'), host: named.host('m2'), inventory: named })
  assert.ok(commands.some(({ text }) => text.includes('member remove a2')))
})
test('a host joins: programs, certificates and a snapshot before the cluster is told', async () => {
  const four = smallCluster(4)
  const peers = new Map([...three, ['m4', nothingOfTheirs]])
  const step = stepIn(unitsOf(etcd(), four.host('m4'), four, { prepared, peers }), "join kubespray's etcd cluster")
  let added = false
  const { context, commands } = remote(text => {
    if (text.includes('member add')) added = true
    if (text.includes('member list'))
      return `${listed([1, 2, 3])}${added ? 'a4, unstarted, , https://10.0.0.4:2380, , true\n' : ''}`
    if (/10s version/.test(text)) return 'etcdctl version: 3.5.12\n'
    if (text.includes('sha256sum')) return `${'0'.repeat(64)}  x\n`
    return ''
  })
  await step.run({ ...context, $: context.on('m4'), host: four.host('m4'), inventory: four })
  const at = (what: RegExp) => commands.findIndex(({ text }) => what.test(text))
  const programs = /sha256sum/
  const order = [programs, /openssl genrsa/, /tar -chf/, /snapshot save/, /member add/, /cat >\S*etcd\.env\.new/].map(
    at,
  )
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  )
  assert.ok(
    order.every(index => index >= 0),
    JSON.stringify(order),
  )
  assert.match(
    short(commands[at(/member add/)]?.text ?? ''),
    'member add etcd4 --peer-urls=https://10.0.0.4:2380 --learner',
  )
  const env = commands.find(({ stdin }) => stdin?.includes('ETCD_NAME=etcd4'))
  assert.equal(initialMembersIn(env?.stdin ?? ''), [...all, 'etcd4=https://10.0.0.4:2380'])
})

test("before a master is taken out, kubespray's etcd on it is no obstacle", () => {
  const view = host('m1', '10.0.0.1', ['kube_control_plane', 'etcd'])
  const [task] = etcdIsOurs({ host: view, inventory: inventory([view]) })
  assert.ok(task)
  const refusal = (seen: ReturnType<typeof theirFacts>) => {
    const unit = { type: 'unit', activeState: 'active', fragmentPath: '/etc/systemd/system/etcd.service' }
    const facts: readonly (readonly [FactRequest, unknown])[] = task.kind
      .facts(task.args, { diff: false })
      .map((request, index) => [request, [unit, seen.env, seen.unit, seen.certificates, seen.events][index]])
    return task.kind.plan(task.args, factTable(...facts), { changed: false, diff: false })?.refused
  }
  assert.is(refusal(theirFacts()), undefined)
  assert.match(refusal(theirFacts(theirEnv({ name: '$(id)' }))) ?? '', /ETCD_NAME/)
})

const unit = (activeState: string, fragmentPath: string) => ({ type: 'unit', activeState, fragmentPath })
const foreign: readonly (readonly [
  string,
  unknown,
  readonly number[],
  ReturnType<typeof theirFacts>,
  RegExp | undefined,
])[] = [
  ['nothing', unit('inactive', ''), [22], nothingOfTheirs, undefined],
  [
    "the distribution's etcd",
    unit('active', '/lib/systemd/system/etcd.service'),
    [2379, 2380],
    nothingOfTheirs,
    /^etcd\.service \(\/lib\S+\) runs .*disable --now etcd/,
  ],
  [
    'an etcd of somebody',
    unit('active', '/etc/systemd/system/etcd.service'),
    [],
    nothingOfTheirs,
    /no member of this cluster/,
  ],
  ['a program on a port', unit('inactive', ''), [2380], nothingOfTheirs, /listens on port 2380 of this host/],
  [
    'a member that had been made',
    unit('active', '/etc/systemd/system/etcd.service'),
    [2379, 2380],
    member(3),
    undefined,
  ],
]
for (const [what, other, ports, seen, refused] of foreign)
  test(`a new member beside ${what} is ${refused === undefined ? 'made' : 'refused before anything is changed'}`, () => {
    const task = portsAreFree([2379, 2380])
    const listening = ports.map(port => ({ address: '127.0.0.1', port }))
    const values = [other, listening, seen.env, seen.unit, seen.certificates, seen.events]
    const requests = task.kind.facts(task.args, { diff: false })
    const table = factTable(...requests.map((request, index) => [request, values[index]] as const))
    const said = task.kind.plan(task.args, table, { changed: false, diff: false })?.refused
    if (refused === undefined) assert.is(said, undefined)
    else assert.match(said ?? '', refused)
  })

test.run()
