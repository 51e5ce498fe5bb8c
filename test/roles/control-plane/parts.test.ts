import fc from 'fast-check'
import type { HostView } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { factTable } from '../../../engine/facts/fact.ts'
import { flagWords, unitWord } from '../../../roles/control-plane/daemons/flags.ts'
import { drainApiServer } from '../../../roles/control-plane/drain/apiserver.ts'
import { closePort, openPort } from '../../../roles/control-plane/drain/closed-port.ts'
import { apiServerReady } from '../../../roles/control-plane/gate/gate.ts'
import { majority } from '../../../roles/control-plane/gate/majority.ts'
import { endpoint, firstAddress } from '../../../roles/lib/cluster/address.ts'
import { cluster } from '../../../roles/lib/cluster/cluster.ts'
import { endpointsIn } from '../../../roles/lib/cluster/ready.ts'
import { drainSettings } from '../../../roles/lib/drain/settings.ts'
import '../../../roles/index.ts'
import { contextOn, host, inventory } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'

test('majority', () => assert.equal([1, 2, 3, 4, 5, 6, 7].map(majority), [0, 1, 2, 3, 3, 4, 4]))
test('of three or more masters never half are down', () =>
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 100 }), total => majority(total) > total / 2 && majority(total) < total),
  ))

const durations: readonly (readonly [unknown, number])[] = [
  ['6m', 360],
  ['360s', 360],
  ['1h30m', 5400],
  [300, 300],
  ['300', 300],
  ['0s', 0],
]
for (const [text, expected] of durations)
  test(`duration ${text}`, () => assert.is(settingsOf({ drain_timeout: text }).first.timeoutSeconds, expected))
for (const text of ['6 minutes', 'm', '-1', '6m!'])
  test(`no duration: ${JSON.stringify(text)}`, () =>
    assert.throws(() => settingsOf({ drain_timeout: text }), /drain_timeout: .* is not a duration/))

const valuesOf = (vars: Readonly<Record<string, unknown>>) => {
  const m1 = host('m1', '10.0.0.1', [], vars)
  return inventory([m1]).cluster(cluster, m1)
}
const settingsOf = (vars: Readonly<Record<string, unknown>>) => drainSettings(valuesOf(vars))

test("draining has kubespray's defaults", () =>
  assert.equal(settingsOf({}), {
    drain: true,
    before: { confirm: false, pauseSeconds: 0 },
    after: { confirm: false, pauseSeconds: 0 },
    readySeconds: 300,
    selector: '',
    first: { graceSeconds: 300, timeoutSeconds: 360, retries: 3, delaySeconds: 10 },
    fallback: undefined,
    uncordonAfterFailure: true,
    failAfterFailure: true,
  }))
test('and its variables', () => {
  const settings = settingsOf({
    drain_timeout: '6m',
    drain_fallback_enabled: 'yes',
    upgrade_node_uncordon_after_drain_failure: false,
    upgrade_node_ready_timeout: '2m',
  })
  assert.is(settings.readySeconds, 120)
  assert.is(settings.first.timeoutSeconds, 360)
  assert.equal(settings.fallback, { graceSeconds: 300, timeoutSeconds: 360, retries: 0, delaySeconds: 10 })
  assert.is(settings.uncordonAfterFailure, false)
})

test('all that is wrong with them is told at once', () => {
  const wrong = { drain_timeout: '6 minutes', drain_nodes: 'perhaps', upgrade_node_confirm: 'maybe', drain_retries: 5 }
  try {
    settingsOf(wrong)
    assert.unreachable()
  } catch (error) {
    const problems = (error as { readonly reason: { readonly problems: readonly { readonly message: string }[] } })
      .reason.problems
    const names = problems.map(({ message }) => message.split(':')[0])
    assert.equal(names.sort(), ['drain_nodes', 'drain_timeout', 'upgrade_node_confirm'])
  }
})

test('flags exist in some versions only', () => {
  const flags = [
    ['a', 1],
    ['old', 0, { until: '1.24' }],
    ['young', true, { from: '1.22' }],
    ['none', undefined],
  ] as const
  assert.equal(flagWords('v1.20.2', flags), ['--a=1', '--old=0'])
  assert.equal(flagWords('v1.24.0', flags), ['--a=1', '--young=true'])
  assert.equal(flagWords('1.23.9', flags, { a: 2, b: 'x' }), ['--old=0', '--young=true', '--a=2', '--b=x'])
})
test('words of a unit', () =>
  assert.equal(['--a=b', '--a=100%', '--a=$HOME', '--a="b c"'].map(unitWord), [
    '--a=b',
    '--a=100%%',
    '--a=$$HOME',
    '"--a=\\"b c\\""',
  ]))

test('addresses', () => {
  assert.equal(['10.233.0.0/18', '10.96.5.7/12', 'fd00:1::/112'].map(firstAddress), [
    '10.233.0.1',
    '10.96.0.1',
    'fd00:1::1',
  ])
  assert.equal([endpoint('10.0.0.1', 6443), endpoint('fd00::1', 6443)], ['10.0.0.1:6443', '[fd00::1]:6443'])
})
test('endpoints of nginx and haproxy', () =>
  assert.equal(
    [
      ...endpointsIn(
        '  server 10.0.0.1:6443;\n  server 10.0.0.2:6443 max_fails=3;\nserver {\n listen 127.0.0.1:6443;\n  server m3 10.0.0.3:6443 check\n server [fd00::1]:6443;\n',
      ),
    ],
    ['10.0.0.1:6443', '10.0.0.2:6443', '10.0.0.3:6443', '[fd00::1]:6443'],
  ))

test('the gate says what it saw', () => {
  const m1 = host('m1', '10.0.0.1', [], { kube_apiserver_port: '7443' })
  const gate = apiServerReady()
  const nobody = { exitCode: 1, stdout: '', stderr: '' }
  const verdict = (fact: unknown, asked: unknown = nobody, view = m1) => {
    const context = contextOn(view, inventory([view])) as never
    return gate.check(
      factTable(...gate.facts(context).map((request, index) => [request, index === 0 ? fact : asked] as const)),
      context,
    )
  }
  assert.equal(verdict({ type: 'answered', status: 200, body: 'ok', expected: true }), { ok: true })
  const expected = 'GET /readyz of m1 answers 200'
  assert.equal(
    verdict({ type: 'answered', status: 500, body: '[+]ping ok\n[-]etcd failed: reason withheld\n', expected: false }),
    { ok: false, expected, saw: '500 (etcd failed: reason withheld)' },
  )
  assert.equal(verdict({ type: 'failed', reason: 'Connection refused' }), {
    ok: false,
    expected,
    saw: 'Connection refused',
  })
  // It is waiting for a name: nobody has said that it is to be asked otherwise.
  const unknown = { type: 'answered', status: 401, body: '', expected: true }
  assert.match(JSON.stringify(verdict(unknown)), '401: it tells nothing without credentials; kube_api_anonymous_auth')
})

test('where an API server tells nothing without credentials the gate asks with admin.conf, on the host', () => {
  const m1 = host('m1', '10.0.0.1', [], { kube_api_anonymous_auth: 'false' })
  const context = contextOn(m1, inventory([m1])) as never
  const gate = apiServerReady()
  const requests = gate.facts(context)
  const words =
    '"--kubeconfig","/etc/kubernetes/admin.conf","--request-timeout=10s","--server","https://127.0.0.1:6443"'
  assert.match(JSON.stringify(requests), `${words},"get","--raw","/readyz"`)
  const verdict = (status: number, exitCode: number, stderr = '') =>
    gate.check(
      factTable(
        ...requests.map(
          (request, index) =>
            [
              request,
              index === 0
                ? { type: 'answered', status, body: '', expected: status !== 500 }
                : { exitCode, stdout: '', stderr },
            ] as const,
        ),
      ),
      context,
    )
  assert.is(verdict(401, 0).ok, true)
  assert.is(verdict(403, 0).ok, true)
  assert.is(verdict(200, 1).ok, true)
  assert.is(verdict(500, 0).ok, false)
  assert.equal(verdict(401, 1, 'W1\nerror: not ready\n'), {
    ok: false,
    expected: 'GET /readyz of m1 answers 200',
    saw: '401: without credentials; asked with admin.conf: error: not ready',
  })
})

const lives: readonly (readonly [string, any: unknown, open: boolean, available: boolean])[] = [
  ['ready', { type: 'answered', status: 200, body: '', expected: true }, true, true],
  ['nobody is let in who is not known', { type: 'answered', status: 401, body: '', expected: true }, true, true],
  ['not ready', { type: 'answered', status: 500, body: '', expected: false }, true, false],
  ['down', { type: 'failed', reason: 'Connection refused' }, false, false],
  ['nothing there speaks HTTPS', { type: 'unavailable', reason: 'no curl' }, true, true],
  ['a fresh host', { type: 'unavailable', reason: 'no curl' }, false, false],
]
for (const [name, any, open, available] of lives)
  test(`who serves is counted, whatever its certificate says: ${name}`, () => {
    const m1 = host('m1', '10.0.0.1')
    const { available: condition } = apiServerReady()
    const requests = condition?.facts(contextOn(m1, inventory([m1])) as never) ?? []
    // Nothing of it depends on a name, or on an authority.
    assert.not.match(JSON.stringify(requests), /10\.0\.0\.1|ca\.crt/)
    const port = open ? { type: 'open' } : { type: 'closed', reason: '' }
    const facts = factTable(...requests.map((request, index) => [request, index === 0 ? any : port] as const))
    assert.is(condition?.check(facts, contextOn(m1, inventory([m1])) as never).ok, available)
  })

test("the gate asks where the cluster's values say, by whichever name they are set", () => {
  const { facts } = apiServerReady()
  const url = (view: HostView) => JSON.stringify(facts(contextOn(view, inventory([view])) as never))
  const set = host('m1', '10.0.0.1', [], { control_plane_apiserver_port: '7443', haproxy_kube_config_dir: '/k' })
  assert.match(url(set), '10.0.0.1:7443')
  assert.match(url(set), '/k/pki/ca.crt')
})

for (const [limit, isWrong] of [
  [60, false],
  [4, true],
  [7.5, true],
  ['ten minutes', true],
] as const)
  test(`a drained master opens its port by itself after ${limit}: ${isWrong ? 'refused' : 'fine'}`, () => {
    const read = () => valuesOf({ kube_apiserver_drain_limit: limit }).drainLimit
    if (isWrong) assert.throws(read, /kube_apiserver_drain_limit/)
    else assert.is(read(), limit)
  })

test('pods are let in while the port is closed, those of the inventory', async () => {
  const { context, commands } = remote(() => '')
  const m1 = host('m1', '10.0.0.1', ['kube_control_plane'], { kube_pods_subnet: '10.9.0.0/16' })
  const hook = drainApiServer({ grace: 0, settle: 0 })
  await hook.enter({ ...context, ...contextOn(m1, inventory([m1])) } as never)
  assert.ok(commands.some(({ text }) => text.includes('close iptables 127.0.0.0/8 10.9.0.0/16')))
})

for (const [leaving, status, expected] of [
  ['', '200', 'asked'],
  ['', '401', 'asked'],
  ['m1', '000', 'not asked'],
] as const)
  test(`after its changes a master answers at its address (${status}), one that leaves need not: ${expected}`, async () => {
    const { context, commands } = remote(command => (command.includes('http_code') ? status : ''))
    const m1 = host('m1', '10.0.0.1', ['kube_control_plane'], { leaving_masters: leaving })
    const hook = drainApiServer({ grace: 0, settle: 0 })
    await hook.leave({ ...context, ...contextOn(m1, inventory([m1])) } as never)
    assert.is(
      commands.some(({ text }) => text.includes('http_code')),
      expected === 'asked',
    )
  })

test('the shell that closes and opens the port is the same each time', () => {
  assert.match(closePort(6443).text, /-A ROTA-DRAIN-6443 -p tcp --syn -j REJECT --reject-with tcp-reset/)
  assert.match(closePort(6443).text, /^close iptables 127\.0\.0\.0\/8 *$/m)
  const both = closePort(6443, ['10.233.64.0/18', 'fd00:1::/64']).text
  assert.match(both, /^close iptables 127\.0\.0\.0\/8 10\.233\.64\.0\/18$/m)
  assert.match(both, 'close ip6tables ::1/128 fd00:1::/64;')
  assert.match(openPort(6443).text, /-D INPUT -p tcp --dport 6443 -j ROTA-DRAIN-6443/)
})

test.run()
