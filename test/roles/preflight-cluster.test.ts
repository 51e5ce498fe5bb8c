import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { budgetsLetGo, judgeBudgets } from '../../roles/preflight/budgets.ts'
import { clusterPreflight } from '../../roles/preflight/cluster.ts'
import { judgeMembers, type MembersAt, membersAreEnough, readMembers } from '../../roles/preflight/members.ts'
import { judgeEnough, judgeNodes } from '../../roles/preflight/nodes.ts'
import { judgeRemovedApis, removedApisAreUnused } from '../../roles/preflight/removed-apis.ts'
import { workerPreflight } from '../../roles/preflight/worker.ts'
import { contextOn, host, inventory, smallCluster, withGiven } from './support/inventory.ts'
import { paramsOf } from './support/role.ts'

// As etcdctl 3.4 prints it, a blank at the end of an alarm included.
// What was seen, what is said of it: `no` is refused, `warn` is told and stops nobody.
type Row = readonly [name: string, finding: Finding, verdict: 'ok' | 'warn' | 'no', said: RegExp]

const view = smallCluster()
const at: MembersAt = {
  configDir: '/etc/kube-etcd',
  clientPort: 2379,
  peerPort: 2380,
  hosts: view.hosts.filter(({ name }) => name.startsWith('m')),
  leaving: [],
}

/** Larger than JavaScript's numbers, as ids of members are. */
const id = (index: number) => (0xa0000000000000f0n + BigInt(index)).toString(16)
interface Etcd {
  readonly count?: number
  readonly down?: readonly number[]
  /** Those that answer and have lost the others. */
  readonly unled?: readonly number[]
  readonly learners?: readonly number[]
  readonly alarm?: string
  readonly percent?: number
  readonly quota?: string
  readonly versions?: readonly string[]
}
const said = ({ count = 3, down = [], unled = [], learners = [], alarm, percent = 1, quota, versions = [] }: Etcd) => {
  const all = Array.from({ length: count }, (_, index) => index + 1)
  const members = all.map(
    n => `member ${id(n)}, started, e${n}, https://10.0.0.${n}:2380, https://10.0.0.${n}:2379, ${learners.includes(n)}`,
  )
  const status = all
    .filter(n => !down.includes(n))
    .map(n => {
      const header = `"header":{"cluster_id":14841639068965178418,"member_id":${BigInt(`0x${id(n)}`)},"revision":7}`
      const leader = unled.includes(n) ? '' : `,"leader":${BigInt(`0x${id(1)}`)}`
      const size = Math.ceil((percent / 100) * Number(quota ?? 2 * 1024 ** 3))
      return `{"Endpoint":"https://10.0.0.${n}:2379","Status":{${header},"version":"${versions[n - 1] ?? '3.5.21'}","dbSize":${size}${leader}}}`
    })
  return readMembers(
    [
      ...members,
      `status [${status.join(',')}]`,
      ...(alarm === undefined ? [] : [`alarm memberID:${BigInt(`0x${id(1)}`)} alarm:${alarm} `]),
      ...(quota === undefined ? [] : [`quota ${quota}`]),
    ].join('\n'),
  )
}
const etcd = (state: Etcd, leaving: readonly string[] = []) =>
  judgeMembers({ ...at, leaving }, [undefined, said(state)])

const node = (name: string, ready = 'True', taints = '', cordoned = '', mark = '') =>
  [name, ready, taints, cordoned, mark].join('\t')
const kept = 'node-role.kubernetes.io/control-plane'

const budgets = (lines: readonly (readonly string[])[], drained?: readonly string[], fallback = false) =>
  judgeBudgets(
    { exitCode: 0, stdout: lines.map(words => words.join('\t')).join('\n') },
    { ...(drained && { drained }), fallback },
  )
const web = [
  ['budget', 'shop', 'web'],
  ['pod', 'web-7d9c6f6d5-abcde', 'n1', 'ReplicaSet', 'web-7d9c6f6d5', '7d9c6f6d5'],
  ['pod', 'web-7d9c6f6d5-fghij', 'n2', 'ReplicaSet', 'web-7d9c6f6d5', '7d9c6f6d5'],
]

const metric = (removed: string, resource: string, group = 'policy') =>
  `apiserver_requested_deprecated_apis{group="${group}",removed_release="${removed}",resource="${resource}",subresource="",version="v1beta1"} 1`
const apis = (...lines: readonly string[]) => judgeRemovedApis('1.25.3', { exitCode: 0, stdout: lines.join('\n') })

const rows: readonly Row[] = [
  ['all members answer', etcd({}), 'ok', /^3 of 3 voters answer \(3\.5\.21\)$/],
  ['no member is here', judgeMembers(at, [undefined, readMembers('')]), 'ok', /^no member answers/],
  [
    'a member is down on a host that is worked on',
    etcd({ down: [2] }),
    'warn',
    /^m2 is down: it goes first, and the others wait/,
  ],
  ['one that has lost the others is down', etcd({ unled: [3] }), 'warn', /^m3 is down/],
  ['no quorum, and all of them are ours', etcd({ down: [2, 3] }), 'warn', /^m2, m3 are down: it goes first/],
  [
    'one of four is down that is on no host',
    etcd({ count: 4, down: [4] }),
    'no',
    /^e4 is down, on no host of this run: of 4 voters 3 must answer/,
  ],
  [
    'one of five is down that is on no host',
    etcd({ count: 5, down: [5] }),
    'warn',
    /^e5 is down: nobody mends it here$/,
  ],
  ['a master leaves', etcd({}, ['m1']), 'ok', /^3 of 3/],
  [
    'a master leaves while another is down',
    etcd({ down: [2] }, ['m1']),
    'no',
    /^without m1 etcd would have 2 voters, of which 2 must answer, and m2 is down: bring it back/,
  ],
  ['the one that is down leaves', etcd({ down: [2] }, ['m2']), 'ok', /^2 of 3 voters answer/],
  ['of two the one that is down leaves', etcd({ count: 2, down: [2] }, ['m2']), 'ok', /^1 of 2/],
  ['a worker leaves while one is down', etcd({ down: [2] }, ['n1']), 'warn', /^m2 is down/],
  [
    'a learner',
    etcd({ count: 4, learners: [4] }),
    'warn',
    /^e4 is a learner, which has no vote.*etcdctl member remove/,
  ],
  ['a learner that is down is no voter', etcd({ count: 4, learners: [4], down: [4] }), 'warn', /^e4 is a learner/],
  [
    'no space',
    etcd({ alarm: 'NOSPACE' }),
    'no',
    /^the alarm NOSPACE is on.*compact and defragment.*etcdctl alarm disarm$/,
  ],
  ['a member whose data is corrupt', etcd({ alarm: 'CORRUPT' }), 'no', /^the alarm CORRUPT is on/],
  ['79 % of the quota', etcd({ percent: 79 }), 'ok', /^3 of 3/],
  [
    '80 % of the quota',
    etcd({ percent: 80.01 }),
    'warn',
    /^the database fills its quota \(m1 80 %, m2 80 %, m3 80 %\)/,
  ],
  ['95 % of the quota', etcd({ percent: 95.01 }), 'no', /almost reached its quota \(m1 95 %/],
  ['a quota of its own', etcd({ percent: 96, quota: '8589934592' }), 'no', /quota \(m1 96 %/],
  ['a quota that is none', etcd({ percent: 1, quota: '0' }), 'ok', /^3 of 3/],
  [
    'two versions',
    etcd({ versions: ['3.5.21', '3.5.26', '3.5.26'] }),
    'warn',
    /^the members run 3\.5\.21 and 3\.5\.26/,
  ],
  [
    'a status that can not be read',
    judgeMembers(at, [readMembers(`member ${id(1)}, started, e1, https://10.0.0.1:2380, x, false\nstatus {]`)]),
    'warn',
    /^m1 is down/,
  ],
  ['one that knows a leader tells more', judgeMembers(at, [said({ unled: [1, 2, 3] }), said({})]), 'ok', /^3 of 3/],

  ['nodes in service', judgeNodes([node('n1'), node('m1', 'True', kept)]), 'ok', /^2 nodes, 2 Ready$/],
  ['a node that is not Ready', judgeNodes([node('n1', 'Unknown'), node('n2')]), 'warn', /^n1 not Ready: not drained/],
  ['a cordon of somebody else', judgeNodes([node('n1', 'True', '', 'true')]), 'warn', /^n1 cordoned by somebody else/],
  ['a cordon of ours', judgeNodes([node('n1', 'True', '', 'true', '2026-01-01')]), 'ok', /^1 nodes/],
  ['nobody to ask', judgeNodes(undefined), 'ok', /^not asked/],
  ['a name that is none', judgeNodes([node('\u001b[2J', 'False')]), 'ok', /^0 nodes/],
  ['enough stay', judgeEnough(['n1', 'n2'], [node('n1'), node('n2'), node('n3', 'False')]), 'ok', /^2 of 3/],
  [
    'too few stay',
    judgeEnough(['n1'], [node('n1'), node('n2', 'False'), node('n3', 'False')]),
    'no',
    /^n1 is not taken out: of 3 nodes at least 1 must be Ready.*n2, n3 are not$/,
  ],
  [
    'masters take no pods',
    judgeEnough(['n1'], [node('n1'), node('n2', 'False'), node('m1', 'True', kept)]),
    'no',
    /of 2 nodes at least 1/,
  ],
  ['the only one that takes pods', judgeEnough(['n1'], [node('n1'), node('m1', 'True', kept)]), 'ok', /^1 of 1/],
  ['one that is not Ready may leave', judgeEnough(['n2'], [node('n1', 'False'), node('n2', 'False')]), 'ok', /^0 of 2/],

  [
    'a budget that lets none go',
    budgets(web),
    'warn',
    /^the budget shop\/web lets no pod of Deployment web go, on n1, n2: a drain waits for them and then fails/,
  ],
  [
    'pods that are deleted at last',
    budgets(web, undefined, true),
    'warn',
    /deleted in the end \(drain_fallback_enabled\)$/,
  ],
  ['another node leaves', budgets(web, ['n3']), 'ok', /^none in the way$/],
  ['one of the nodes leaves', budgets(web, ['n2']), 'warn', /go, on n2: /],
  [
    'pods of a DaemonSet are not drained',
    budgets([
      ['budget', 'a', 'b'],
      ['pod', 'x', 'n1', 'DaemonSet', 'x', ''],
    ]),
    'ok',
    /^none/,
  ],
  [
    'a pod of nobody',
    budgets([
      ['budget', 'a', 'b'],
      ['pod', 'x', 'n1', '', '', ''],
    ]),
    'warn',
    /no pod of the pod x go/,
  ],
  [
    'a ReplicaSet of its own',
    budgets([
      ['budget', 'a', 'b'],
      ['pod', 'x', 'n1', 'ReplicaSet', 'x', ''],
    ]),
    'warn',
    /pod of ReplicaSet x go/,
  ],
  [
    'a pod that is nowhere',
    budgets([
      ['budget', 'a', 'b'],
      ['pod', 'x', '', 'StatefulSet', 'x', ''],
    ]),
    'ok',
    /^none/,
  ],
  [
    'names that are none',
    budgets([
      ['budget', 'a', '\u001b[2J'],
      ['pod', 'x', 'n1', 'Job', 'x', ''],
    ]),
    'ok',
    /^none/,
  ],
  ['no API server', judgeBudgets({ exitCode: 1, stdout: '' }, { fallback: false }), 'ok', /^not asked/],

  [
    'an API that goes with the version',
    apis(metric('1.25', 'podsecuritypolicies')),
    'warn',
    /^somebody asks for podsecuritypolicies of policy\/v1beta1 \(gone in 1\.25\): clients/,
  ],
  [
    'one that has gone before',
    apis(metric('1.22', 'ingresses', 'extensions')),
    'warn',
    /ingresses of extensions\/v1beta1 \(gone in 1\.22\)/,
  ],
  ['one that stays for now', apis(metric('1.26', 'flowschemas')), 'ok', /^none asked for$/],
  ['1.100 is later than 1.25', apis(metric('1.100', 'x')), 'ok', /^none/],
  ['one of the core group', apis(metric('1.25', 'componentstatuses', '')), 'warn', /componentstatuses of v1beta1/],
  ['one with no end in sight', apis(metric('', 'componentstatuses')), 'ok', /^none/],
  [
    'lines that are none',
    apis('apiserver_requested_deprecated_apis{removed_release="1.25",resource="\u001b"} 1'),
    'ok',
    /^none/,
  ],
  ['an API server that does not answer', judgeRemovedApis('1.25.3', { exitCode: 1, stdout: '' }), 'ok', /^not asked/],
]
for (const [name, finding, verdict, text] of rows)
  test(`${name}: ${verdict}`, () => {
    const warnings = finding.warnings ?? []
    assert.equal([finding.ok, warnings.length > 0], [verdict !== 'no', verdict === 'warn'], JSON.stringify(finding))
    assert.match(verdict === 'warn' ? warnings.join('; ') : finding.saw, text)
  })

type Given = NonNullable<Parameters<typeof clusterPreflight>[0]>
const apart = inventory([...view.hosts, host('e1', '10.0.3.1', ['etcd']), host('lb1', '10.0.4.1', ['load_balancer'])])
const looks: readonly (readonly [string, on: string, Given, readonly string[]])[] = [
  ['a master', 'm1', {}, ['etcd members', 'nodes', 'disruption budgets']],
  ['a member that is no master', 'e1', {}, ['etcd members']],
  ['a worker', 'n1', {}, []],
  ['a balancer', 'lb1', {}, []],
  ['an etcd of somebody else', 'm1', { etcdDeployment: 'external' }, ['nodes', 'disruption budgets']],
  ['an etcd of kubeadm', 'e1', { etcdDeployment: 'kubeadm' }, []],
  ['the master that leaves', 'm1', { leaving: 'm1' }, ['etcd members']],
  ['a master that stays', 'm2', { leaving: 'm1' }, ['etcd members', 'nodes', 'disruption budgets']],
  ['a worker leaves', 'm1', { leaving: 'n1' }, ['etcd members', 'nodes', 'nodes that stay', 'disruption budgets']],
  ['what is skipped', 'm1', { skip: ['members', 'budgets'] }, ['nodes']],
]
for (const [name, on, given, expected] of looks)
  test(`what is looked at: ${name}`, () => {
    const call = clusterPreflight(given)
    const made = withGiven(apart, [call])
    const context = {
      params: paramsOf(call),
      cluster: contextOn(apart.host(on), made).cluster,
      host: apart.host(on),
      inventory: made,
    }
    const checks = call.role.checks?.(context as never) ?? []
    assert.equal(
      checks.flatMap(each => (each ? [each.name] : [])),
      expected,
    )
  })

test('masters are asked whether the workers may go one after the other', () => {
  const call = workerPreflight()
  const on = (name: string) =>
    (
      call.role.checks?.({
        params: paramsOf(call),
        host: view.host(name),
        inventory: withGiven(view, [call]),
      } as never) ?? []
    ).length
  assert.equal(['m1', 'n1'].map(on), [1, 0])
})

// The shell that is sent, with stand-ins for kubectl and etcdctl that answer as these do.
const dir = mkdtempSync(join(tmpdir(), 'rota-cluster-preflight-'))
test.after(() => rmSync(dir, { recursive: true }))
const program = (name: string, text: string) => writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
const sent = (check: { readonly facts: readonly { readonly args: unknown }[] }, shell: string) => {
  const [{ run }] = check.facts.map(({ args }) => args) as [{ readonly run: string }]
  const env = { PATH: `${dir}:${process.env.PATH}` }
  return execFileSync(shell, ['-c', run], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env }).trimEnd()
}
const own = { binDir: dir, kubeConfigDir: dir, apiserverPort: 6443 }

for (const shell of ['dash', 'bash']) {
  test(`pods of a budget are asked for by its selector, whatever is in it, under ${shell}`, () => {
    program(
      'kubectl',
      `case "$*" in
  *poddisruptionbudgets*) printf 'shop\\tweb\\tapp=web,tier in (a,b),!x,\\nshop\\tnone\\t\\n' ;;
  *) [ "$7" = shop ] || exit 1; printf 'pod\\tof %s\\tn1\\tJob\\tx\\t\\n' "$9" ;;
esac`,
    )
    const said = sent(budgetsLetGo(own, { fallback: false }), shell)
    assert.is(
      said,
      'budget\tshop\tweb\npod\tof app=web,tier in (a,b),!x\tn1\tJob\tx\t\nbudget\tshop\tnone\npod\tof \tn1\tJob\tx\t'.trimEnd(),
    )
  })

  test(`of all metrics one is taken, under ${shell}`, () => {
    program(
      'kubectl',
      `case "$*" in *"--server https://127.0.0.1:6443 get --raw /metrics") printf 'a 1\\n%s\\nb 2\\n' '${metric('1.25', 'x')}' ;; *) exit 1 ;; esac`,
    )
    assert.is(sent(removedApisAreUnused({ ...own, kubeVersion: '1.25.3' }), shell), metric('1.25', 'x'))
  })

  test(`a member says what it knows of all, one that does not answer says nothing, under ${shell}`, () => {
    const line = `${id(1)}, started, e1, https://10.0.0.1:2380, https://10.0.0.1:2379, false`
    program(
      'etcdctl',
      `case "$*" in *"member list") echo '${line}' ;; *"endpoint status --cluster -w json") printf '[\\n]\\n'; exit 1 ;; *"alarm list") echo 'memberID:1 alarm:NOSPACE' ;; esac`,
    )
    assert.match(sent(membersAreEnough(at), shell), `member ${line}\nstatus []\nalarm memberID:1 alarm:NOSPACE`)
    program('etcdctl', 'exit 1')
    assert.is(sent(membersAreEnough(at), shell), '')
  })
}

test.run()
