import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import type { StepContext } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controlPlaneAbsent } from '../../../../roles/control-plane/absent.ts'
import type { Params } from '../../../../roles/control-plane/daemons/daemons.ts'
import { lookAround, type Neighbour, wayFor } from '../../../../roles/control-plane/kubeadm/around.ts'
import { becomeMaster } from '../../../../roles/control-plane/kubeadm/become-master.ts'
import { isMaster } from '../../../../roles/control-plane/kubeadm/is-master.ts'
import { hashOf, linkCertificates } from '../../../../roles/control-plane/kubeadm/join.ts'
import { resetWords } from '../../../../roles/control-plane/kubeadm/program.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { etcdAbsent } from '../../../../roles/etcd/absent.ts'
import { etcdctl } from '../../../../roles/etcd/etcdctl.ts'
import { etcdForget } from '../../../../roles/etcd/forget.ts'
import { etcd } from '../../../../roles/etcd/role.ts'
import { kubeBinaries } from '../../../../roles/kube-binaries/role.ts'
import { makeAuthority } from '../../../../roles/lib/pki/make.ts'
import { nodeAbsent } from '../../../../roles/node/absent.ts'
import { smallCluster } from '../../support/inventory.ts'
import { remote } from '../../support/remote.ts'
import { paramsOf, problemsOf, titlesOf, unitsOf } from '../../support/role.ts'

const cluster = smallCluster()
const params = (more: Partial<Params> = {}): Params =>
  paramsOf(controlPlane({ method: 'kubeadm', etcdDeployment: 'kubeadm', kubeVersion: 'v1.20.2', ...more }))

const ways: readonly (readonly [string, host: string, Readonly<Record<string, Neighbour>>, string])[] = [
  ['a fresh cluster begins on its first master', 'm1', { m2: 'nothing', m3: 'nothing' }, 'init'],
  [
    'the others wait for it',
    'm2',
    { m1: 'nothing', m3: 'nothing' },
    'wait there is no cluster to join: it begins on m1',
  ],
  ['also while it begins', 'm2', { m1: 'busy', m3: 'nothing' }, 'wait no master serves: m1 should'],
  ['and join then', 'm2', { m1: 'serves', m3: 'nothing' }, 'join m1'],
  ['a first master that is new joins like any other', 'm1', { m2: 'serves', m3: 'serves' }, 'join m2'],
  ['any that serves will do', 'm3', { m1: 'silent', m2: 'serves' }, 'join m2'],
  ['no second cluster beside one that is down', 'm1', { m2: 'silent', m3: 'nothing' }, 'refuse m2 is a master that'],
  ['nor beside one that nobody can ask', 'm1', { m2: 'unreachable', m3: 'nothing' }, "refuse m2 can't be asked"],
]
for (const [name, host, seen, expected] of ways)
  test(name, () => {
    const around = Object.entries(seen).map(([master, is]) => ({ master: cluster.host(master), is }))
    const way = wayFor(cluster.host(host), cluster.host('m1'), around)
    const text = way.kind === 'join' ? way.through.name : 'reason' in way ? way.reason : ''
    assert.match(`${way.kind} ${text}`.trim(), expected)
  })

/** What the program that looks at a neighbour says, with a systemctl and a curl that fail or not. */
function neighbour(unit: boolean, answers: boolean): string {
  const dir = mkdtempSync(join(tmpdir(), 'rota-neighbour-'))
  for (const [name, ok] of [
    ['systemctl', unit],
    ['curl', answers],
  ] as const)
    writeFileSync(join(dir, name), `#!/bin/sh\nexit ${ok ? 0 : 7}\n`, { mode: 0o755 })
  const { context, commands } = remote(() => 'nothing')
  lookAround(context, params({ kubeConfigDir: dir, manifestDir: dir }), [cluster.host('m2')])
  const { stdout } = execaSync('sh', ['-c', commands[0]?.text ?? ''], { env: { PATH: `${dir}:${process.env.PATH}` } })
  rmSync(dir, { recursive: true })
  return stdout
}
test('no cluster begins beside one of units, nor beside an API server of whoever it is', () => {
  assert.is(neighbour(false, false), 'nothing')
  assert.is(neighbour(true, false), 'silent')
  assert.is(neighbour(false, true), 'silent')
})

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const token = 'abcdef.0123456789abcdef'
const ca = (await makeAuthority('kubernetes', { certificateDays: 1, caDays: 1 }, new Date())).certificate
const config = 'apiServer:\n  certSANs: []\napiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\n'

interface Life {
  readonly joins?: number
  /** What is left on the host of an earlier attempt. */
  readonly left?: boolean
  /** The host is a master that serves. */
  readonly serves?: boolean
  /** Its API server takes connections, and does not say anything of use. */
  readonly answers?: 'only'
  readonly more?: Partial<Params>
}

/** `m3` joins a cluster of m1 and m2. */
async function joined({ joins = 0, left = false, serves = false, answers, more = {} }: Life = {}) {
  let failures = joins
  let half = left
  let ready = serves
  const silent = answers === 'only'
  const made = remote((command, on) => {
    if (/kubeadm join/.test(command)) {
      if (failures-- > 0) {
        half = true
        return undefined
      }
      ready = true
      return ''
    }
    if (/kubeadm reset/.test(command)) {
      half = false
      return ''
    }
    if (/^if \[ -e/.test(command)) return on === 'm3' ? 'nothing' : 'serves'
    if (/^\[ -e .* \] \|\| \[ -e/.test(command)) return half ? '' : undefined
    if (command.includes('command -v curl')) return ready || silent ? '' : undefined
    if (on === 'm3' && command.includes('get --raw')) return ready ? 'ok' : undefined
    if (on === 'm3' && command.includes('get node')) return serves ? '{"node-role.kubernetes.io/master":""}' : ''
    if (command.includes('token create')) return `${token}\n`
    if (command.includes('-o json') && !command.includes('jsonpath'))
      return JSON.stringify({ data: { ClusterConfiguration: config } })
    if (command.includes('jsonpath')) return config
    if (command.includes('ca.crt')) return ca
    return ''
  })
  const context: StepContext = {
    ...made.context,
    $: made.context.on('m3'),
    host: cluster.host('m3'),
    inventory: cluster,
  }
  const result = await becomeMaster(params(more))
    .run(context)
    .then(
      value => value?.summary ?? '',
      (error: Error) => error.message,
    )
  return { result, ...made }
}

test('the key and the token go by stdin alone, and both are taken back', async () => {
  const { result, commands, said } = await joined()
  assert.is(result, 'joined through m1')
  const upload = commands.find(({ text }) => text.includes('upload-certs'))
  const join = commands.find(({ text }) => text.includes('kubeadm join'))
  const key = /"certificateKey": "([0-9a-f]{64})"/.exec(upload?.stdin ?? '')?.[1] ?? 'none'
  assert.match(join?.stdin ?? '', key)
  assert.match(join?.stdin ?? '', token)
  assert.match(join?.stdin ?? '', hashOf(ca))
  for (const { text } of commands) for (const secret of [key, token]) assert.not(text.includes(secret), text)
  for (const line of said) assert.not(line.includes(token))
  const last = commands.filter(({ on }) => on === 'm1').map(({ text }) => text)
  assert.ok(last.some(text => /token delete abcdef\b/.test(text) && /delete secret kubeadm-certs/.test(text)))
})
test('its certificate is made by a configuration that has all names', async () => {
  const { commands } = await joined()
  const replaced = commands.findIndex(({ text }) => text.includes('replace -f -'))
  assert.match(commands[replaced]?.stdin ?? '', 'm3.cluster.local')
  assert.ok(replaced < commands.findIndex(({ text }) => text.includes('kubeadm join')))
})
test('only one joins at a time', async () => {
  const { commands } = await joined()
  const texts = commands.map(({ text }) => text)
  const [take, join, give] = [
    />\/run\/rota-kubeadm-join\) /,
    /kubeadm join/,
    /^read .* != m3 \] \|\| rm -rf \/run\/rota-kubeadm-join/,
  ].map(pattern => texts.findIndex(text => pattern.test(text)))
  assert.ok(take !== undefined && join !== undefined && give !== undefined && 0 <= take && take < join && join < give)
})
test('nobody takes the turn of a host that may still be at it', async () => {
  const { commands } = await joined()
  const seconds = Number(/since:-0\} \+ (\d+)/.exec(commands.map(({ text }) => text).join('\n'))?.[1])
  // Three attempts of five minutes, a reset of three before each, and five until it is ready.
  assert.is(seconds, 29 * 60)
})
test('what failed is reset and tried again, three times in all, and says no secret', async () => {
  const third = await joined({ joins: 2 })
  assert.is(third.result, 'joined through m1')
  assert.is(third.commands.filter(({ text }) => text.includes('kubeadm reset')).length, 2)
  const never = await joined({ joins: 3 })
  assert.match(never.result, /^kubeadm join failed/)
  assert.not(never.result.includes(token))
  assert.ok(never.commands.some(({ text }) => text.includes('token delete')))
})
test('a host that is a master is never reset, whatever its files say', async () => {
  const { result, commands } = await joined({ left: true, serves: true })
  assert.is(result, 'is a master already')
  assert.not(commands.some(({ text }) => /kubeadm (reset|join)/.test(text)))
})
test('nor is one where something answers that does not say what the host is', async () => {
  const { result, commands } = await joined({ left: true, answers: 'only' })
  assert.match(result, "it can't be told that it is no master")
  assert.not(commands.some(({ text }) => /kubeadm (reset|join)/.test(text)))
})
const asked = (host: { readonly readyz: string | undefined; readonly node: string | undefined }) => {
  const { context, commands } = remote(command => (command.includes('get --raw') ? host.readyz : host.node))
  return isMaster({ ...context, host: cluster.host('m3'), inventory: cluster }, params()).then(
    is => ({ is, commands }),
    (error: Error) => ({ is: error.message, commands }),
  )
}
test("whether a host is a master says its own API server, and not to know is not 'no'", async () => {
  const label = '{"node-role.kubernetes.io/control-plane":""}'
  const { is, commands } = await asked({ readyz: 'ok', node: label })
  assert.is(is, true)
  for (const { text } of commands) assert.match(text, '--server https://127.0.0.1:6443')
  assert.is((await asked({ readyz: 'ok', node: '' })).is, false)
  assert.is((await asked({ readyz: undefined, node: label })).is, false)
  assert.match(String((await asked({ readyz: 'ok', node: undefined })).is), 'whether m3 is a master is not known')
})
test("a reset never empties the directory of an etcd that is not kubeadm's", async () => {
  const resets = async (etcdDeployment: Params['etcdDeployment']) =>
    (await joined({ joins: 1, more: { etcdDeployment } })).commands.filter(({ text }) => /kubeadm reset/.test(text))
  for (const type of ['host', 'external'] as const)
    for (const { text } of await resets(type)) assert.match(text, '--skip-phases=remove-etcd-member')
  for (const { text } of await resets('kubeadm')) assert.not.match(text, 'skip-phases')
  assert.is((await resets('host')).length, 1)
  assert.equal(resetWords({ etcdDeployment: 'external' }, 'unix:///run/x.sock', '--kubeconfig', '/dev/null'), [
    ...['reset', '-f', '--kubeconfig', '/dev/null', '--skip-phases=remove-etcd-member'],
    ...['--cri-socket', 'unix:///run/x.sock'],
  ])
})
test('the port is open to a kubeadm that asks at the own address', async () => {
  const { commands } = await joined()
  const texts = commands.map(({ text }) => text)
  const open = commands.findIndex(({ on, text }) => on === 'm3' && text.includes('-D INPUT -p tcp --dport 6443'))
  assert.ok(open >= 0 && open < texts.findIndex(text => text.includes('kubeadm join')))
})
test("a new master of kubespray's has its certificates where the others have them", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rota-pki-'))
  const linked = async (certificatesDir: string) => {
    const { context, commands } = remote(() => '')
    await linkCertificates(context.$, params({ kubeConfigDir: dir }), `certificatesDir: ${certificatesDir}\nkind: X\n`)
    for (const { text } of commands) execaSync('sh', ['-c', text])
  }
  await linked(`${dir}/pki`)
  assert.not(existsSync(`${dir}/pki`))
  for (let times = 0; times < 2; times += 1) await linked(`${dir}/ssl`)
  assert.is(readlinkSync(`${dir}/pki`), `${dir}/ssl`)
  assert.ok(existsSync(`${dir}/pki`))
  rmSync(dir, { recursive: true })
})
test('the mark of a join goes with its success, in the same program', async () => {
  const { commands } = await joined()
  const [join] = commands.filter(({ text }) => /kubeadm join/.test(text))
  assert.match(join?.text ?? '', /kubeadm join .* &&\nrm -f \/etc\/kubernetes\/\.rota-kubeadm$/)
})

test('the hash is of the public key, as openssl makes it', () => {
  assert.match(hashOf(ca), /^sha256:[0-9a-f]{64}$/)
  assert.throws(() => hashOf(publicKey.export({ type: 'spki', format: 'der' }).toString('base64')))
})

const problems = (more: Partial<Params>, view = cluster) =>
  problemsOf(controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2', ...more }), view.host('m1'), view)
test('what can not be is said before any host is touched', () => {
  assert.equal(problems({}), [])
  assert.match(problems({ kubeConfigDir: '/srv/kube' })[0] ?? '', /kubeadm knows no other directory/)
  assert.match(problems({ tokenAuth: true })[0] ?? '', /kube_token_auth/)
  assert.throws(() => problems({ joinTimeout: 'soon' }), /joinTimeout: "soon" is not a duration/)
  assert.match(problems({ method: 'binaries', etcdDeployment: 'kubeadm' })[0] ?? '', /control_plane_method is binaries/)
})

test('an etcd member of kubeadm is asked by the etcdctl of its image', () => {
  const words = etcdctl(
    { configDir: '/etc/kubernetes', clientPort: 2379, podPki: '/etc/kubernetes/pki/etcd' },
    'member',
    'list',
  )
  assert.equal(words.slice(0, 2), ['sh', '-c'])
  assert.match(words[2] ?? '', 'k8s_etcd_etcd-')
  assert.equal(words.slice(-2), ['member', 'list'])
  assert.ok(words.includes('--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt'))
})

test('where kubeadm has the members, the role etcd and its counterpart do nothing, and the masters forget', () => {
  const host = cluster.host('m1')
  assert.equal(titlesOf(etcd({ deployment: 'kubeadm' }), host, cluster), [])
  assert.equal(titlesOf(etcdAbsent({ deployment: 'kubeadm', leaving: 'm1' }), host, cluster), [])
  assert.equal(titlesOf(etcdForget({ deployment: 'kubeadm', leaving: 'm1' }), cluster.host('m2'), cluster), [
    'm1 is no member of the etcd cluster',
  ])
  assert.equal(titlesOf(etcdForget({ deployment: 'kubeadm', leaving: 'm1' }), cluster.host('n1'), cluster), [])
})
test('a master leaves its cluster before kubeadm resets it; those that stay forget it', () => {
  const leaving = { method: 'kubeadm', leaving: 'm1' } as const
  assert.equal(titlesOf(controlPlane({ ...leaving, kubeVersion: 'v1.20.2' }), cluster.host('m1'), cluster), [])
  assert.equal(
    titlesOf(controlPlaneAbsent({ ...leaving, etcdDeployment: 'kubeadm' }), cluster.host('m1'), cluster).slice(0, 4),
    [
      'assert that no units of systemd are the daemons of this master',
      'leave the etcd cluster',
      'kubeadm reset',
      'service kubelet',
    ],
  )
  assert.is(titlesOf(controlPlaneAbsent(leaving), cluster.host('m1'), cluster)[1], 'kubeadm reset')
  // With the wrong method nothing is stopped, and no key is deleted under what runs.
  assert.is(
    titlesOf(controlPlaneAbsent({ ...leaving, method: 'binaries' }), cluster.host('m1'), cluster)[0],
    'assert that kubeadm has not made this master',
  )
  assert.equal(titlesOf(nodeAbsent(leaving), cluster.host('m2'), cluster), [
    'm1 is no node of the cluster',
    'the configuration of the cluster does not name m1',
  ])
})
test('no note of ours is left on a master that left', () => {
  const units = unitsOf(controlPlaneAbsent({ method: 'kubeadm', leaving: 'm1' }), cluster.host('m1'), cluster)
  const removed = JSON.stringify(units.flatMap(unit => ('args' in unit ? [unit.args] : [])))
  for (const note of ['.rota-kubeadm', '.rota-kube-proxy']) assert.match(removed, `/etc/kubernetes/${note}`)
})
test('also there only a member of kubeadm is removed with its data', async () => {
  const { context, commands } = remote(() => '')
  const units = unitsOf(controlPlaneAbsent({ method: 'kubeadm', leaving: 'm1' }), cluster.host('m1'), cluster)
  const reset = units.find(unit => unit.title === 'kubeadm reset')
  assert.ok(reset !== undefined && 'run' in reset)
  await reset.run({ ...context, host: cluster.host('m1'), inventory: cluster })
  assert.match(commands.at(-1)?.text ?? '', /kubeadm reset .*--skip-phases=remove-etcd-member/)
})
test('its programs are kubeadm, kubelet and kubectl, and a version that may not follow is found out with them', () => {
  const titles = titlesOf(
    kubeBinaries({ method: 'kubeadm', kubeVersion: 'v1.20.3', source: '/cache' }),
    cluster.host('m1'),
    cluster,
  )
  assert.is(titles[0], 'assert that kubeadm can go to v1.20.3 from here')
  assert.equal(
    titles.slice(-3),
    ['kubeadm', 'kubelet', 'kubectl'].map(name => `file /opt/kubernetes/v1.20.3/bin/${name}`),
  )
})

test.run()
