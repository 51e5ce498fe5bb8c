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
import { hashOf } from '../../../../roles/control-plane/kubeadm/invite.ts'
import { isMaster } from '../../../../roles/control-plane/kubeadm/is-master.ts'
import { linkCertificates } from '../../../../roles/control-plane/kubeadm/join.ts'
import { resetWords } from '../../../../roles/control-plane/kubeadm/program.ts'
import { message, shown } from '../../../../roles/control-plane/kubeadm/why.ts'
import { controlPlane } from '../../../../roles/control-plane/role.ts'
import { etcdAbsent } from '../../../../roles/etcd/absent.ts'
import { etcdctl } from '../../../../roles/etcd/etcdctl.ts'
import { etcdForget } from '../../../../roles/etcd/forget.ts'
import { etcd } from '../../../../roles/etcd/role.ts'
import { kubeBinaries } from '../../../../roles/kube-binaries/role.ts'
import { makeAuthority } from '../../../../roles/lib/pki/make.ts'
// Its params' names are those of the variables.
import '../../../../roles/nginx-proxy/role.ts'
import { nodeAbsent } from '../../../../roles/node/absent.ts'
import { host, smallCluster } from '../../support/inventory.ts'
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

const statusOf = (name: string) => `apiEndpoints:\n  ${name}:\n    advertiseAddress: 10.0.0.3\n`

interface Life {
  readonly joins?: number
  /** What is left on the host of an earlier attempt. */
  readonly left?: boolean
  /** The host is a master that serves. */
  readonly serves?: boolean
  /** Its API server takes connections, and does not say anything of use. */
  readonly answers?: 'only'
  /** The host's node is known, by whatever kubelet. */
  readonly worker?: boolean
  /** Nobody is told where the cluster is who has no credentials. */
  readonly secretive?: boolean
  /** Its own kubelet is one of the cluster's; or an attempt to make it a master has not ended. */
  readonly kubelet?: 'joined' | 'begun'
  /** kubeadm fails, and by then its API server serves all the same, a master's. */
  readonly late?: boolean
  /** Its API server never answers, whatever kubeadm says. */
  readonly dead?: boolean
  /** An attempt that fails leaves an etcd member and an entry in the ClusterStatus. */
  readonly counted?: boolean
  /** Which of the daemons' images the host can't have. */
  readonly lost?: string
  readonly more?: Partial<Params>
}

/** `m3` joins a cluster of m1 and m2. */
async function joined(life: Life = {}) {
  const { joins = 0, left = false, serves = false, answers, worker = false, secretive = false } = life
  const { kubelet, lost, counted = false, late = false, dead = false, more = {} } = life
  const text =
    lost === undefined ? config : `imageRepository: registry.example/k8s\nkubernetesVersion: v1.30.1\n${config}`
  let begun = kubelet === 'begun'
  let failures = joins
  let half = left
  let node = worker
  let ready = serves
  let labelled = serves
  let member = false
  let status = false
  const silent = answers === 'only'
  const made = remote((command, on) => {
    if (/^cat .*\.rota-kubeadm$/.test(command)) return begun ? 'node\n' : undefined
    if (/^\[ -e .*\.rota-kubeadm \]$/.test(command)) return begun ? '' : undefined
    if (/kubelet\.conf --server/.test(command)) return kubelet === 'joined' ? 'node/m3' : undefined
    if (command.includes('inspecti')) return command.includes(lost ?? ' ') ? undefined : ''
    if (/kubeadm join/.test(command)) {
      begun = command.includes('echo node')
      if (failures-- > 0) {
        half = node = true
        member = status = counted
        ready = labelled = late
        return undefined
      }
      ready = !dead
      return ''
    }
    if (command.includes('--kubeconfig /dev/null')) return secretive ? undefined : 'ok'
    if (command.includes('cluster-info')) return 'clusters:\n- cluster:\n    server: https://lb.example:6443\n'
    if (/kubeadm reset/.test(command)) {
      half = false
      return ''
    }
    if (/^if \[ -e/.test(command)) return on === 'm3' ? 'nothing' : 'serves'
    if (/^\[ -e .* \] \|\| \[ -e/.test(command)) return half ? '' : undefined
    if (command.includes('command -v curl')) return ready || silent ? '' : undefined
    if (on === 'm3' && command.includes('get --raw')) return ready ? 'ok' : undefined
    if (on === 'm3' && command.includes('get node')) return labelled ? '{"node-role.kubernetes.io/master":""}' : ''
    if (on === 'm1' && /get node .* -o json$/.test(command)) return '{"metadata":{}}'
    if (on === 'm1' && command.includes('get node')) return node ? 'node/m3' : ''
    if (command.includes('/var/log/pods'))
      return `== kube-apiserver\n{"log":"Error: open /etc/kubernetes/ssl/secrets_encryption.yaml ${token}\\n"}\n== kubelet\n`
    if (command.includes('get events')) return 'kube-apiserver-m3: Back-off restarting failed container\nother: x\n'
    if (command.includes('token create')) return `${token}\n`
    if (command.includes('member list'))
      return member ? 'a3, started, m3, https://10.0.0.3:2380, https://10.0.0.3:2379, false\n' : ''
    if (command.includes('member remove')) member = false
    if (command.includes('ClusterStatus')) return status ? statusOf('m3') : ''
    if (command.includes('replace -f -')) status = false
    if (command.includes('-o json') && !command.includes('jsonpath'))
      return JSON.stringify({
        data: { ClusterConfiguration: text, ...(status ? { ClusterStatus: statusOf('m3') } : {}) },
      })
    if (command.includes('jsonpath')) return text
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
  for (const what of [/token delete abcdef\b/, /delete secret kubeadm-certs/])
    assert.ok(last.some(text => what.test(text)))
})
for (const removeAnonymousAccess of [true, false])
  test(`a cluster begins, and anybody may read where it is: ${!removeAnonymousAccess}`, async () => {
    const { context, commands } = remote(command => {
      if (/^if \[ -e/.test(command)) return 'nothing'
      return /get --raw|^\[ -e/.test(command) ? undefined : ''
    })
    const first = { ...context, host: cluster.host('m1'), inventory: cluster }
    assert.is((await becomeMaster(params({ removeAnonymousAccess })).run(first))?.summary, 'the cluster begins here')
    const { text = '' } = commands.find(command => command.text.includes('kubeadm init --skip')) ?? {}
    const [begins, closes, ends] = [
      'kubeadm init --skip',
      'delete rolebinding kubeadm:bootstrap-signer-clusterinfo',
      'rm -f /etc/kubernetes/.rota-kubeadm',
    ].map(part => text.indexOf(part))
    assert.ok(0 < (begins ?? -1) && (begins ?? -1) < (ends ?? -1), text)
    if (removeAnonymousAccess) assert.ok((begins ?? -1) < (closes ?? -1) && (closes ?? -1) < (ends ?? -1), text)
    else assert.is(closes, -1)
  })
test('an init that was cut short before that has it done by the next run', async () => {
  const { context, commands } = remote(command =>
    command.includes('get node') ? '{"node-role.kubernetes.io/control-plane":""}' : '',
  )
  const first = { ...context, host: cluster.host('m1'), inventory: cluster }
  const { summary } = (await becomeMaster(params({ removeAnonymousAccess: true })).run(first)) ?? {}
  assert.is(summary, 'is a master already')
  const [closes, ends] = ['delete rolebinding', '.rota-kubeadm'].map(part =>
    commands.findIndex(({ text }) => text.includes(part)),
  )
  assert.ok(0 <= (closes ?? -1) && (closes ?? -1) < (ends ?? -1))
})
test('where nobody tells without credentials where the cluster is, a file does, which is gone afterwards', async () => {
  const open = await joined()
  assert.match(open.commands.find(({ text }) => text.includes('kubeadm join'))?.stdin ?? '', '"bootstrapToken"')
  assert.not(open.commands.some(({ text }) => text.includes('discovery')))
  const { result, commands } = await joined({ secretive: true, joins: 1 })
  assert.is(result, 'joined through m1')
  const on3 = commands.filter(({ on }) => on === 'm3')
  const written = on3.findIndex(({ text }) => text.startsWith('umask 077; cat >/run/rota-kubeadm-discovery.conf'))
  const last = on3.findIndex(({ text }) => text === 'rm -f /run/rota-kubeadm-discovery.conf')
  const joins = on3.flatMap(({ text }, index) => (text.includes('kubeadm join') ? [index] : []))
  assert.ok(0 <= written && written < (joins[0] ?? -1) && (joins[1] ?? last) < last)
  const config = JSON.parse(on3[written]?.stdin ?? '')
  assert.is(config.clusters[0].cluster.server, 'https://lb.example:6443')
  assert.is(Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString(), ca.trim())
  assert.is(config.users[0].user.token, token)
  const stdin = on3[joins[0] ?? -1]?.stdin ?? ''
  assert.match(stdin, '"kubeConfigPath": "/run/rota-kubeadm-discovery.conf"')
  assert.match(stdin, `"tlsBootstrapToken": "${token}"`)
  for (const { text } of commands) assert.not(text.includes(token), text)
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
    />\/run\/rota-kubeadm\) /,
    /kubeadm join/,
    /^read .* != m3 \] \|\| rm -rf \/run\/rota-kubeadm/,
  ].map(pattern => texts.findIndex(text => pattern.test(text)))
  assert.ok(take !== undefined && join !== undefined && give !== undefined && 0 <= take && take < join && join < give)
})
test('nobody takes the turn of a host that may still be at it', async () => {
  const { commands } = await joined()
  const seconds = Number(/echo m3 "\$up" (\d+) >/.exec(commands.map(({ text }) => text).join('\n'))?.[1])
  // A snapshot of fifteen minutes, three attempts of five, a reset of three before each, and five until it is ready.
  assert.is(seconds, 44 * 60)
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
test('a join that fails says why, and neither the host nor the cluster knows of it afterwards', async () => {
  const { result, commands } = await joined({ joins: 3 })
  assert.match(result, /kube-apiserver: Error: open \/etc\/kubernetes\/ssl\/secrets_encryption\.yaml/)
  assert.match(result, 'event of kube-apiserver-m3: Back-off restarting failed container')
  assert.match(result, /the host was reset, and its node removed: the cluster is as it was$/)
  assert.not(result.includes(token))
  assert.is(commands.filter(({ text }) => text.includes('kubeadm reset')).length, 3)
  assert.ok(commands.some(({ on, text }) => on === 'm1' && text.includes('delete node m3')))
})
for (const kubelet of [undefined, 'joined'] as const)
  test(`without the images of a master nothing is begun, ${kubelet === undefined ? 'on a new host' : 'and a node keeps its proxy'}`, async () => {
    const given = kubelet === undefined ? {} : { kubelet, worker: true }
    const { result, commands } = await joined({ ...given, lost: 'registry.example/k8s/kube-scheduler:v1.30.1' })
    assert.match(result, /m3 has not the images of a master .*: nothing was changed/)
    const words = /kubeadm (join|reset)|token create|ROTA-DRAIN|nginx-proxy|haproxy/
    assert.not(commands.some(({ text }) => words.test(text)))
  })
test('a node that was there before, a worker that was to be a master, is not deleted', async () => {
  const { commands } = await joined({ joins: 3, worker: true })
  assert.not(commands.some(({ text }) => text.includes('delete node')))
})
test('a node of the cluster becomes a master with the kubelet that it has', async () => {
  const { result, commands } = await joined({ kubelet: 'joined', worker: true, left: true })
  assert.is(result, 'joined through m1')
  const joins = commands.filter(({ text }) => /kubeadm join/.test(text))
  assert.is(joins.length, 1)
  const text = joins[0]?.text ?? ''
  // Everything is looked at and fetched before its proxy leaves the port, and no kubelet is made.
  const order = ['join phase preflight', 'nginx-proxy.yml', 'join --skip-phases=preflight,kubelet-start ']
  const places = order.map(part => text.indexOf(part))
  assert.ok(
    places.every((place, index) => place > (places[index - 1] ?? 0)),
    places.join(),
  )
  // What it would go back to is kept until its API server serves.
  assert.not.match(text, 'rm -f /etc/kubernetes/.rota-kubeadm')
  const last = commands.findLastIndex(each => each.text.startsWith('rm -rf /var/lib/rota/node-proxy && rm -f '))
  assert.ok(last > commands.findIndex(each => each.on === 'm3' && each.text.includes('command -v curl')))
  assert.match(text, 'FileAvailable--etc-kubernetes-kubelet.conf,')
  assert.match(text, 'Port-6443')
  assert.not(commands.some(({ text }) => /kubeadm reset/.test(text)))
})
test('its proxy leaves the port under whatever name the operator has for it', async () => {
  const named = { nginx_proxy_unit: 'my-proxy', loadbalancer_apiserver_pod_name: 'my-pod' }
  const call = controlPlane({ method: 'kubeadm', kubeVersion: 'v1.20.2' })
  const { nginxUnit, nginxPodName } = paramsOf<Params>(call, host('m3', '10.0.0.3', [], named))
  const { commands } = await joined({
    kubelet: 'joined',
    worker: true,
    more: { nginxUnit: nginxUnit ?? '', nginxPodName },
  })
  assert.equal([nginxUnit, nginxPodName], ['my-proxy', 'my-pod'])
  const text = commands.find(each => /kubeadm join/.test(each.text))?.text ?? ''
  for (const part of ['my-proxy.unit', 'the unit my-proxy', 'the static pod my-pod', 'k8s_nginx-proxy_my-pod'])
    assert.match(text, part)
})
test('a newer kubeadm waits for a kubelet in a phase of its own, which is left out too', async () => {
  const skipped = async (kubeVersion: string) =>
    (await joined({ kubelet: 'joined', more: { kubeVersion } })).commands
      .map(({ text }) => /join --skip-phases=(\S+)/.exec(text)?.[1])
      .find(Boolean)
  assert.is(await skipped('v1.30.9'), 'preflight,kubelet-start')
  assert.is(await skipped('v1.31.0'), 'preflight,kubelet-start,kubelet-wait-bootstrap')
})
test('a node that could not become a master is the node that it was', async () => {
  const { result, commands } = await joined({ kubelet: 'joined', worker: true, left: true, joins: 3 })
  assert.match(result, /the host is the node that it was: the cluster is as it was$/)
  const own = commands.filter(({ on }) => on === 'm3').map(({ text }) => text)
  assert.not(own.some(text => /kubeadm reset/.test(text)))
  // Before the second and the third attempt, and in the end.
  assert.is(own.filter(text => /^rm -f .*kube-apiserver\.yaml/.test(text)).length, 3)
  const [stripped, back] = [/^rm -f .*kube-apiserver\.yaml/, /mv -f "\$kept"/].map(pattern =>
    own.findLastIndex(text => pattern.test(text)),
  )
  assert.ok((stripped ?? 0) < (back ?? -1))
  // The host has its proxy again, whether or not a master can be asked then.
  const demoted = commands.findLastIndex(({ on, text }) => on === 'm1' && /get node .* -o json$/.test(text))
  assert.ok(commands.findLastIndex(({ text }) => text.includes('mv -f "$kept"')) < demoted)
  assert.not(commands.some(({ text }) => text.includes('delete node')))
})
for (const joins of [1, 3])
  test(`what an attempt has left of a node in the cluster is forgotten before the next, and after the last: ${joins} fail`, async () => {
    const { result, commands } = await joined({ kubelet: 'joined', worker: true, left: true, counted: true, joins })
    assert.is(/^joined through m1$|: the cluster is as it was$/.test(result), true, result)
    const places = (pattern: RegExp) =>
      commands.flatMap(({ on, text }, index) => (pattern.test(`${on} ${text}`) ? [index] : []))
    const attempts = places(/^m3 .*kubeadm join /s)
    const removals = places(/^m1 .*member remove a3$/s)
    const entries = places(/^m1 .*replace -f -/s).filter(index => index > (attempts[0] ?? 0))
    assert.is(attempts.length, Math.min(joins + 1, 3))
    for (const forgotten of [removals, entries]) {
      assert.is(forgotten.length, joins)
      // After each that failed, and before the next one.
      for (const [index, place] of forgotten.entries())
        assert.ok((attempts[index] ?? 0) < place && place < (attempts[index + 1] ?? commands.length))
    }
    // It was a node before, and stays one.
    assert.not(commands.some(({ text }) => text.includes('delete node')))
  })
test('a node whose API server never serves, though kubeadm ended well, has its proxy again', async () => {
  const { result, commands } = await joined({
    ...{ kubelet: 'joined', worker: true, left: true, dead: true },
    more: { readyTimeout: 1 },
  })
  assert.match(result, /is not ready[\s\S]*the host is the node that it was: the cluster is as it was$/)
  const own = commands.filter(({ on }) => on === 'm3').map(({ text }) => text)
  const [stripped, back] = [/^rm -f .*kube-apiserver\.yaml/, /mv -f "\$kept"/].map(pattern =>
    own.findLastIndex(text => pattern.test(text)),
  )
  assert.ok((stripped ?? -1) > 0 && (stripped ?? 0) < (back ?? -1), `${stripped}, ${back}`)
  assert.not(own.some(text => text.includes('rm -rf /var/lib/rota/node-proxy')))
})
test('nothing is taken off one that serves as a master by now, whatever kubeadm said', async () => {
  const { result, commands } = await joined({ kubelet: 'joined', worker: true, joins: 1, late: true })
  assert.is(result, 'm3 is a master that serves: nothing is taken off it')
  assert.not(commands.some(({ text }) => /kubeadm reset|^rm -f .*kube-apiserver\.yaml/.test(text)))
})
test('a kubelet that is one of the cluster does not make a node of a host with an API server', async () => {
  const { commands } = await joined({ kubelet: 'joined', worker: true })
  const asked = commands.find(({ text }) => text.includes('kubelet.conf --server'))?.text ?? ''
  assert.match(asked, '[ ! -e /etc/kubernetes/manifests/kube-apiserver.yaml ] &&')
})
test('one that a run has left half-way goes on, and does not count for a new host', async () => {
  const { result, commands } = await joined({ kubelet: 'begun', worker: true, left: true })
  assert.is(result, 'joined through m1')
  assert.not(commands.some(({ text }) => /kubeadm reset/.test(text)))
  assert.ok(commands.some(({ text }) => /^rm -f .*kube-apiserver\.yaml/.test(text)))
})
const logs: readonly (readonly [string, string])[] = [
  ['{"log":"E1 error: x\\n","stream":"stderr","time":"2026-11-28T18:21:44Z"}', 'E1 error: x'],
  ['2026-11-28T18:21:44.1Z stderr F E1 error: x', 'E1 error: x'],
  ['plain', 'plain'],
]
for (const [line, expected] of logs) test(`a line of a log: ${line}`, () => assert.is(message(line), expected))
test('what a host says is bounded, can be printed, and has no secret', () => {
  assert.is(shown(`a ${token} b\u001b[31m c`, []), 'a … b [31m c')
  assert.is(shown('key my-secret', ['my-secret']), 'key …')
  assert.is(shown(`secret: ${'A'.repeat(43)}=`, []), 'secret: …')
  assert.is(shown('open /etc/kubernetes/ssl/secrets_encryption_for_all_masters.yaml', []).includes('…'), false)
  assert.is(shown('word '.repeat(200), []).length, 401)
})

test('a host that is a master is never reset, whatever its files say', async () => {
  const { result, commands } = await joined({ left: true, serves: true })
  assert.is(result, 'is a master already')
  assert.not(commands.some(({ text }) => /kubeadm (reset|join)/.test(text)))
})
test('one whose run was cut after its API server served keeps neither the mark nor the proxy that stood aside', async () => {
  const { result, commands } = await joined({ kubelet: 'begun', worker: true, left: true, serves: true })
  assert.is(result, 'is a master already')
  assert.ok(
    commands.some(({ text }) => text === 'rm -rf /var/lib/rota/node-proxy && rm -f /etc/kubernetes/.rota-kubeadm'),
  )
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
  const slow = { etcdDeployment: 'kubeadm', etcdHeartbeatInterval: 1500 } as const
  assert.match(
    problems(slow)[0] ?? '',
    /^etcd_election_timeout: 5000 must be five times etcd_heartbeat_interval \(1500\)/,
  )
  assert.equal(problems({ ...slow, etcdElectionTimeout: 7500 }), [])
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
    titlesOf(controlPlaneAbsent({ ...leaving, etcdDeployment: 'kubeadm' }), cluster.host('m1'), cluster).slice(0, 5),
    [
      'assert that no units of systemd are the daemons of this master',
      'leave the etcd cluster',
      'no user has a kubeconfig of the cluster',
      'kubeadm reset',
      'service kubelet',
    ],
  )
  assert.is(titlesOf(controlPlaneAbsent(leaving), cluster.host('m1'), cluster)[2], 'kubeadm reset')
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
  for (const note of ['.rota-kubeadm', '.rota-kubeadm-upgrade', '.rota-addons-before'])
    assert.match(removed, `/etc/kubernetes/${note}`)
})
test('also there only a member of kubeadm is removed with its data', async () => {
  const { context, commands } = remote(() => '')
  const units = unitsOf(controlPlaneAbsent({ method: 'kubeadm', leaving: 'm1' }), cluster.host('m1'), cluster)
  const reset = units.find(unit => unit.title === 'kubeadm reset')
  assert.ok(reset !== undefined && 'run' in reset)
  await reset.run({ ...context, host: cluster.host('m1'), inventory: cluster })
  assert.match(commands.at(-1)?.text ?? '', /kubeadm reset .*--skip-phases=remove-etcd-member/)
})
test('its programs and images come beforehand, and a version that may not follow is found out with them', () => {
  const titles = titlesOf(kubeBinaries({ method: 'kubeadm', kubeVersion: 'v1.20.3' }), cluster.host('m1'), cluster)
  assert.is(titles[0], 'assert that kubeadm can go to v1.20.3 from here')
  assert.equal(titles.slice(-4), [
    ...['kubeadm', 'kubelet', 'kubectl'].map(name => `file /opt/kubernetes/v1.20.3/bin/${name}`),
    'images of v1.20.3',
  ])
})

test('nothing is removed through a `pki` that kubespray has made a link: the reset has done it', () => {
  const removed = (method: 'kubeadm' | 'binaries') =>
    unitsOf(controlPlaneAbsent({ method, leaving: 'm1' }), cluster.host('m1'), cluster).flatMap(unit =>
      unit.title === 'no keys and certificates of a master' && 'args' in unit
        ? (unit.args as { readonly path: readonly string[] }).path.filter(path => path.includes('/pki/'))
        : [],
    )
  assert.equal(removed('kubeadm'), [])
  assert.ok(removed('binaries').includes('/etc/kubernetes/pki/ca.key'))
})

test.run()
