import { test } from 'uvu'
import { equal, is, match } from 'uvu/assert'
import type { BatchLook, Verdict } from '../../../engine/index.ts'
import { jsonPath } from '../../../roles/lib/gates/json-path.ts'
import { type KubectlGateOptions, kubectlGate } from '../../../roles/lib/gates/kubectl.ts'
import { smallCluster } from '../support/inventory.ts'
import { remote } from '../support/remote.ts'

const deployment = (name: string, ready: number | undefined, available = 'True') => ({
  metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/name': name } },
  status: {
    readyReplicas: ready,
    conditions: [
      { type: 'Available', status: available },
      { type: 'Progressing', status: 'True' },
    ],
  },
})
const list = (...items: readonly unknown[]) => JSON.stringify({ kind: 'List', items })

/** One look, at a cluster that answers so; and what was called. */
async function look(
  options: KubectlGateOptions,
  answer: string | { readonly stderr: string },
  ready: (master: string) => boolean = () => true,
): Promise<{ readonly verdict: Verdict; readonly calls: readonly { on: string; text: string }[] }> {
  const inventory = smallCluster()
  const made = remote((command, on) => {
    if (command.includes('get --raw /readyz')) return ready(on) ? 'ok' : undefined
    return answer
  })
  const asked = kubectlGate(options)
  equal(asked.wrong, [])
  const hosts = inventory.group('kube_control_plane').slice(0, 1)
  const context = { hosts, inventory, on: made.context.on } as unknown as BatchLook
  return { verdict: await asked.look(context), calls: made.commands.filter(({ text }) => !text.includes('readyz')) }
}

const available = {
  resource: 'deployments.apps',
  namespace: 'shop',
  path: '{.status.conditions[?(@.type=="Available")].status}',
  value: 'True',
}
const all = list(deployment('cart', 2), deployment('till', 1))
const one = list(deployment('cart', 2), deployment('till', 0, 'False'), { metadata: { name: 'bare' } })

type Case = readonly [what: string, options: KubectlGateOptions, answer: string, saw?: RegExp]
const cases: readonly Case[] = [
  ['all objects are right', available, all],
  ['some are not', available, one, /^1 of 3; shop\/till: False; bare: nothing$/],
  ['there is none', available, list(), /^no such object$/],
  [
    'one object, by its name',
    { resource: 'nodes', object: 'n1', path: '.metadata.name', value: 'n1' },
    JSON.stringify({ metadata: { name: 'n1' } }),
  ],
  [
    'a number and a text are the same value',
    { resource: 'd', path: '$.status.readyReplicas', value: '2' },
    list(deployment('cart', 2)),
  ],
  ['one of several values', { resource: 'd', path: '.status.readyReplicas', value: [1, 2] }, all],
  ['a path that leads to anything', { resource: 'd', path: '.status.readyReplicas' }, one, /^2 of 3; bare: nothing$/],
  ['no path: they are there', { resource: 'd' }, all],
  ['enough of them', { ...available, atLeast: 1 }, one],
  ['not enough of them', { ...available, atLeast: 2 }, one, /^1 of 3; shop\/till: False; bare: nothing$/],
  ['none may be so', { ...available, value: 'False', atMost: 0 }, one, /^1 of 3; shop\/till: False$/],
  ['none is so', { ...available, value: 'False', atMost: 0 }, all],
  ['none is there, and none may be', { ...available, value: 'False', atMost: 0 }, list()],
  [
    'a key with dots',
    { resource: 'd', path: "{.metadata.labels['app.kubernetes.io/name']}", value: 'cart' },
    list(deployment('cart', 2)),
  ],
  ['wrong JSON', available, 'Unable to connect', /printed no JSON/],
  ['JSON that is no object', available, '"text"', /printed no JSON/],
  ['an object that is none', available, list(null, 7, []), /^0 of 3; an object without a name: nothing/],
  [
    'many that are wrong',
    available,
    list(...Array.from({ length: 90 }, (_, index) => deployment(`d${index}`, 0, 'x'.repeat(9999)))),
    /^0 of 90; (shop\/d\d: x{100}; ){5}and 85 more$/,
  ],
]
for (const [what, options, answer, saw] of cases)
  test(`kubectl: ${what}${saw ? ' does not hold' : ' holds'}`, async () => {
    const { verdict } = await look(options, answer)
    is(verdict.ok, saw === undefined, JSON.stringify(verdict))
    if (!verdict.ok && saw) match(verdict.saw, saw)
  })

test('kubectl alone is called, on a master that serves, with the kubeconfig of the administrator and words of its own', async () => {
  const { calls } = await look({ ...available, selector: 'tier=a; reboot' }, all, master => master === 'm3')
  equal(calls, [
    {
      on: 'm3',
      text: "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=10s get deployments.apps --namespace=shop '--selector=tier=a; reboot' --output=json",
    },
  ])
})

test('kubectl: what it says is told; so is a cluster of which no API server answers', async () => {
  const failed = await look(available, { stderr: 'noise\nError from server (NotFound): nope\n' })
  match(failed.verdict.ok ? '' : failed.verdict.saw, /^kubectl on m2: Error from server \(NotFound\): nope$/)
  const dead = await look(available, all, () => false)
  is(dead.verdict.ok ? '' : dead.verdict.saw, 'no API server that answers')
})

const wrong: readonly (readonly [KubectlGateOptions, RegExp])[] = [
  [{ resource: 'd', path: '{.status[?(@.a}' }, /is no JSONPath: /],
  [{ resource: 'd', path: '{range .items[*]}{.a}{end}' }, /is no JSONPath: /],
  [{ resource: 'd', path: '.metadata.labels.app\\.io/x' }, /is no JSONPath: /],
  [{ resource: 'd', value: 'x' }, /a value needs the path/],
  [{ resource: 'd', object: 'a', selector: 'b=c' }, /nothing to select/],
  [{ resource: 'd', allNamespaces: true, namespace: 'a' }, /all namespaces are asked for/],
  [{ resource: 'd', atLeast: 3, atMost: 2 }, /more at least than at most/],
]
for (const [options, expected] of wrong)
  test(`kubectl: refused: ${JSON.stringify(options)}`, () => {
    const { wrong: problems } = kubectlGate(options)
    is(problems.length, 1)
    match(problems[0] ?? '', expected)
  })

test('a path says the same with braces, with a $, and without', () => {
  for (const text of ['{.a[0].b}', '$.a[0].b', '.a[0].b', 'a[0].b', " { $['a'][0].b } "]) {
    const path = jsonPath(text)
    equal('values' in path ? path.values({ a: [{ b: 1 }] }) : path, [1], text)
  }
})

test('where a gate of a playbook is said', () => {
  const { origin } = kubectlGate({ resource: 'nodes' })
  is(origin.file, 'test/roles/gates/kubectl.test.ts')
})

test.run()
