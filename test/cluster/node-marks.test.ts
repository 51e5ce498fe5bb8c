import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa, execaSync } from 'execa'
import type { RoleCall, Step, StepResult } from 'rota'
import { test } from 'uvu'
import { equal, match } from 'uvu/assert'
import { type FactMap, valuesOf } from '../../engine/facts/fact.ts'
import { factTable } from '../../engine/facts/index.ts'
import { kubeletCsrApprover } from '../../roles/kubelet-csr-approver/role.ts'
import { nodeLabel, nodeTaint } from '../../roles/node-marks/role.ts'
import { kubeVersions } from '../../scripts/lab/index.mjs'
import { certificateRequest, type Names } from '../roles/support/certificate-request.ts'
import { contextOn, inventory, host as made } from '../roles/support/inventory.ts'
import { localHosts } from '../roles/support/local-hosts.ts'
import { paramsOf, unitsOf } from '../roles/support/role.ts'
import { startApiServer } from './api-server.ts'

// Labels, taints and requests of kubelets, on a real API server with the admission plugin that keeps kubelets from
// labels and taints.

const root = '/root-of-the-host'
const [version = ''] = kubeVersions()
const server = await startApiServer(version)
const { kubectl } = server

const vars = { bin_dir: `${root}/bin`, kube_config_dir: root }
const hosts = inventory([
  made('m1', '127.0.0.1', ['kube_control_plane', 'k8s_cluster'], vars),
  made('n1', '10.0.1.1', ['kube_node', 'k8s_cluster'], vars),
  made('n2', '10.0.1.2', ['kube_node', 'k8s_cluster'], vars),
])

const here = localHosts(root)
const dir = here.dirOf('m1')
for (const folder of ['bin', 'run']) mkdirSync(join(dir, folder))
writeFileSync(join(dir, 'bin/kubectl'), `#!/bin/sh\nexec ${server.programs}/kubectl "$@"\n`, { mode: 0o755 })
copyFileSync(server.kubeconfig, join(dir, 'admin.conf'))
chmodSync(join(dir, 'admin.conf'), 0o600)

/** One that somebody has set, and one that the API server gives to every new node. */
const theirs = ['node.kubernetes.io/not-ready=:NoSchedule', 'others=x:NoSchedule']
const others = { key: 'others', value: 'x', effect: 'NoSchedule' }
for (const name of ['n1', 'n2'])
  await create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { mine: 'x' } },
    spec: { taints: [others] },
  })

async function create(object: object, ...as: readonly string[]) {
  const words = ['--kubeconfig', server.kubeconfig, ...as, 'create', '-f', '-']
  await execa(join(server.programs, 'kubectl'), words, { input: JSON.stringify(object) })
}

type Ran = StepResult & { readonly why: string | false; readonly said: readonly string[] }

/** As a run does it on a host: facts of the master, the plan, and the step where it is needed. */
async function run(call: RoleCall, name = 'n1'): Promise<Ran> {
  const host = hosts.host(name)
  const context = { ...contextOn(host, hosts), params: paramsOf<object>(call, host), inventory: hosts, host }
  const wanted: FactMap = call.role.peers?.(context as never).facts(hosts.host('m1')) ?? {}
  const table = Object.values(wanted).map(request => {
    const text = request.kind.probe([request.args as never]).replaceAll(root, dir)
    return [request, request.kind.parse(execaSync('sh', ['-uc', text]).stdout, [request.args as never])[0]] as const
  })
  const peers = new Map([['m1', valuesOf(wanted, factTable(...table))]])
  const prepared = await call.role.prepare?.({ hosts: [context], inventory: hosts, check: false } as never)
  const [step] = unitsOf(call, host, hosts, { peers, prepared }) as readonly Step[]
  const why = step?.needed(factTable())
  const said: string[] = []
  if (!step || !why) return { why: why ?? false, said }
  const result = await step.run({
    ...{ $: here.on(name), on: here.on, host, inventory: hosts },
    ...{ say: text => said.push(text), ask: async () => true, reconnect: async () => {}, run: '20260101T030405Z-4711' },
  })
  return { why, said, ...result }
}

const nodeIn = async (name: string) => JSON.parse(await kubectl('get', 'node', name, '-o', 'json'))
const taintsOf = async (name: string) =>
  ((await nodeIn(name)).spec.taints as { key: string; value?: string; effect: string }[])
    .map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`)
    .toSorted()
async function labelsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const { labels } = (await nodeIn(name)).metadata
  return Object.fromEntries(Object.entries<string>(labels).filter(([label]) => !label.includes('/rota-')))
}

test('labels and taints are set, known again, and taken away with their line in the inventory; of others nothing is', async () => {
  const labels = (value: object | string) => run(nodeLabel({ labels: value as never }))
  const taints = (...list: string[]) => run(nodeTaint({ taints: list }))

  equal(
    (await labels({ zone: 'a', 'node-role.kubernetes.io/ingress': '' })).summary,
    'zone=a, node-role.kubernetes.io/ingress=',
  )
  equal(await labelsOf('n1'), { mine: 'x', zone: 'a', 'node-role.kubernetes.io/ingress': '' })
  equal((await labels('zone=a,node-role.kubernetes.io/ingress=')).why, false)
  equal((await labels('zone=b')).summary, 'zone=b (was zone=a), node-role.kubernetes.io/ingress= taken away')
  equal(await labelsOf('n1'), { mine: 'x', zone: 'b' })

  equal((await taints('dedicated=infra:NoSchedule', 'gpu:NoExecute')).why, 'dedicated=infra:NoSchedule, gpu:NoExecute')
  equal(await taintsOf('n1'), ['dedicated=infra:NoSchedule', 'gpu=:NoExecute', ...theirs])
  equal((await taints('gpu:NoExecute', 'dedicated=infra:NoSchedule')).why, false)
  await kubectl('taint', 'node', 'n1', 'dedicated=web:NoSchedule', '--overwrite')
  await kubectl('label', 'node', 'n1', 'zone=c', '--overwrite')
  await taints()
  await labels({})
  // Somebody has changed them since: they are his.
  equal(await taintsOf('n1'), ['dedicated=web:NoSchedule', ...theirs])
  equal(await labelsOf('n1'), { mine: 'x', zone: 'c' })
  equal((await labels({})).why, false)
  equal((await taints()).why, false)
  const { metadata } = await nodeIn('n1')
  equal(
    Object.keys({ ...metadata.annotations, ...metadata.labels }).filter(name => name.includes('rota')),
    [],
  )
  equal(await labelsOf('n2'), { mine: 'x' })
})

const asKubelet = ['--as', 'system:node:n2', '--as-group', 'system:nodes'] as const

test('a kubelet that writes into the annotation of its node has no taint taken away by it', async () => {
  const ours = nodeTaint({ taints: ['dedicated=infra:NoSchedule'] })
  await run(ours, 'n2')
  const { 'rota/taints': text } = (await nodeIn('n2')).metadata.annotations
  equal(text, '{"dedicated:NoSchedule":"infra"}')
  await kubectl(...asKubelet, 'annotate', 'node', 'n2', '--overwrite', 'rota/taints={"others:NoSchedule":"x"}')
  await run(nodeTaint(), 'n2')
  equal(await taintsOf('n2'), ['dedicated=infra:NoSchedule', ...theirs])
  const seal = kubectl(
    ...asKubelet,
    'label',
    'node',
    'n2',
    '--overwrite',
    'node-restriction.kubernetes.io/rota-taints=x',
  )
  match(await seal.then(() => 'written', String), /is not allowed to modify labels/)
})

const own: Names = [
  { type: 'dns', value: 'n1' },
  { type: 'ip', value: '10.0.1.1' },
]

async function ask(name: string, user: string, names: Names, groups = ['system:nodes']) {
  await create(
    {
      ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
      spec: {
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'key encipherment', 'server auth'],
        request: await certificateRequest({ subject: `O=system:nodes, CN=${user}`, names }),
      },
    },
    ...['--as', user, ...groups.flatMap(group => ['--as-group', group])],
  )
}

test('a kubelet has its certificate approved, and nobody has one of others', async () => {
  await ask('good', 'system:node:n1', own)
  await ask('forged', 'system:node:n1', [...own, { type: 'dns', value: 'kubernetes' }])
  await ask('strange', 'system:node:n9', [{ type: 'dns', value: 'n9' }])
  await ask('grouped', 'system:node:n1', own, ['system:masters'])
  await ask('elsewhere', 'system:node:n2', [{ type: 'dns', value: 'n2' }])
  const { said, summary } = await run(kubeletCsrApprover({ rotate: true }))
  equal(summary, 'approved: system:node:n1')
  equal(
    said.toSorted().map(line => line.replace(/:.*/, '')),
    ['forged is not approved', 'grouped is not approved', 'strange is not approved'],
  )
  const { items } = JSON.parse(await kubectl('get', 'csr', '-o', 'json')) as {
    readonly items: { metadata: { name: string }; status: { conditions?: { type: string; reason: string }[] } }[]
  }
  equal(
    items.flatMap(
      ({ metadata, status }) => status.conditions?.map(({ type, reason }) => [metadata.name, type, reason]) ?? [],
    ),
    [['good', 'Approved', 'RotaApproved']],
  )
  await kubectl('delete', 'csr', 'forged', 'strange', 'grouped')
  equal((await run(kubeletCsrApprover({ rotate: true }))).why, false)
})

test.after(async () => {
  here.end()
  await server.end()
})
test.run()
