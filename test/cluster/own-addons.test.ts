import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { manifestsApplied } from '../../roles/addons/applied.ts'
import { rolledOut } from '../../roles/addons/rolled-out.ts'
import { kubeText } from '../../roles/lib/cluster/kubectl.ts'
import { kubeVersions } from '../../scripts/lab/index.mjs'
import { host } from '../roles/support/inventory.ts'
import { converge, pass, sandbox } from '../unit/tasks/converge.ts'
import { startApiServer } from './api-server.ts'

// Manifests of an operator's own, sent to a real API server by its own kubectl.

const [version = ''] = kubeVersions()
const server = await startApiServer(version)
const { kubectl, programs } = server
const at = { binDir: programs, kubeConfigDir: server.dir, apiserverPort: server.port }
const kubeWith = (binDir: string) => kubeText({ ...at, binDir }, [host('m1', '127.0.0.1')])
const kube = kubeWith(programs)
const dir = sandbox()
const shell = ['sh'] as const

const applied = (name: string, objects: readonly object[], force = false, by = kube) => {
  const path = join(dir, `${name}.yaml`)
  writeFileSync(path, objects.map(object => JSON.stringify(object)).join('\n---\n'))
  return manifestsApplied({ addon: name, path, force, kube: by })
}
const summaries = ({ changes }: ReturnType<typeof pass>) => changes.map(({ summary }) => summary)
const limits = { cpu: '1000m', memory: '1024Mi' }
const deployment = (namespace: string, name: string, image: string, resources = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image, resources }] },
    },
  },
})
const secret = (key: string) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'web' } },
  stringData: { key },
})
const group = 'addons.example.org'
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `pools.${group}` },
  spec: {
    group,
    names: { kind: 'Pool', plural: 'pools' },
    scope: 'Cluster',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}
const web = (image: string, key = 'swordfish') => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } },
  deployment('web', 'it', image, { limits }),
  secret(key),
  { apiVersion: `${group}/v1`, kind: 'Pool', metadata: { name: 'default' } },
  definition,
]
const versionsIn = (namespace: string) =>
  kubectl(
    ...['-n', namespace, 'get', 'deployments,secrets', '-o'],
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  )

test('a namespace and a kind that come with the manifests: all of it is there, and a second run has nothing to do', async () => {
  const { changes } = converge(shell, [applied('web', web('it:1'))], dir)
  match(changes[0]?.summary ?? '', /^what it needs comes with it: /)
  is(await kubectl('get', 'pools', '-o', 'name'), `pool.${group}/default`)
  is(await kubectl(...['-n', 'web', 'get', 'secret', 'key', '-o', 'jsonpath={.data.key}']), 'c3dvcmRmaXNo')
})

test('another image and another key: these two objects, what is shown has no key, and looking changes nothing', async () => {
  const before = await versionsIn('web')
  const task = applied('web', web('it:2', 'pufferfish'))
  // The first pass of a run, up to where it would change something: the same as check mode.
  const looked = pass(
    shell,
    [{ ...task, kind: { ...task.kind, plan: (...args) => noApply(task.kind.plan(...args)) } }],
    dir,
  )
  is(await versionsIn('web'), before)
  equal(summaries(looked), ['Deployment web/it, Secret web/key'])
  const [change] = looked.changes
  match(change?.diff?.before ?? '', 'image: it:1')
  match(change?.diff?.after ?? '', 'image: it:2')
  not.match(JSON.stringify(change?.diff), /fish|c3dvcmRmaXNo|cHVmZmVyZmlzaA/)
  converge(shell, [task], dir)
  is(await kubectl(...['-n', 'web', 'get', 'deployment', 'it', '-o', 'jsonpath={..image}']), 'it:2')
})

const noApply = <T extends object | undefined>(change: T): T => change && { ...change, refused: 'only looked' }

for (const [name, folder] of [
  [version, programs],
  ['of this machine', '/usr/bin'],
] as const)
  test(`what others have set is not replaced, and it is said whose it is; with force it is taken over, once (kubectl ${name})`, async () => {
    if (!existsSync(join(folder, 'kubectl'))) return
    const by = kubeWith(folder)
    const object = `dns-${name.replace(/\W/g, '-')}`
    await execa(join(programs, 'kubectl'), ['--kubeconfig', server.kubeconfig, 'apply', '-f', '-'], {
      input: JSON.stringify(deployment('kube-system', object, 'coredns:1')),
    })
    const before = await versionsIn('kube-system')
    const ours = [deployment('kube-system', object, 'coredns:2')]
    const { failed } = pass(shell, [applied('dns', ours, false, by)], dir)
    match(
      failed?.output ?? '',
      /others have set .*conflict with "kubectl-client-side-apply".*image.*force_conflicts: true/,
    )
    is(await versionsIn('kube-system'), before)
    equal(summaries(converge(shell, [applied('dns', ours, true, by)], dir)), [`Deployment kube-system/${object}`])
    // From now on they are ours, without force.
    equal(summaries(pass(shell, [applied('dns', ours, false, by)], dir)), [])
  })

test('a rollout is waited for until its controller says that it is done', async () => {
  const task = rolledOut({ addon: 'web', workload: 'web/deployment/it', timeout: 2, kube })
  const { failed } = pass(shell, [task], dir)
  match(failed?.output ?? '', 'deployment web/it was not rolled out in 2 s')
  const object = JSON.parse(await kubectl('-n', 'web', 'get', 'deployment', 'it', '-o', 'json'))
  const { generation: observedGeneration } = object.metadata
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 }
  await execa(
    join(programs, 'kubectl'),
    [
      ...['--kubeconfig', server.kubeconfig, 'replace', '-f', '-'],
      ...['--raw', '/apis/apps/v1/namespaces/web/deployments/it/status'],
    ],
    { input: JSON.stringify({ ...object, status: { observedGeneration, ...counts } }) },
  )
  equal(summaries(pass(shell, [task], dir)), [])
})

for (const [name, bad] of [
  ['a name', { ...secret('swordfish'), metadata: { name: 'NOT A NAME', namespace: 'web' } }],
  ['data', { ...secret('x'), stringData: undefined, data: { key: 'swordfish is no base64' } }],
  ['a number', { ...secret('x'), stringData: { key: 12345678 } }],
  ['a mapping', { ...secret('x'), stringData: { key: { of: 'swordfish' } } }],
  ['text for a mapping', { ...secret('x'), stringData: 'swordfish' }],
] as const)
  test(`what kubectl refuses is said as kubectl says it, and nothing of a Secret with it: ${name}`, () => {
    const { failed } = pass(shell, [applied('bad', [bad])], dir)
    match(failed?.output ?? '', /kubectl diff failed with \d+: .*(?:NOT A NAME|base64|expected)/)
    not.match(failed?.output ?? '', /swordfish|c3dvcmRmaXNo|12345678/)
  })

test.after(() => server.end())
test.run()
