import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controllersAct, type Lease, notLed, readLeases, readPods } from '../../../roles/lib/drain/leaders.ts'
import { remote } from '../support/remote.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const lease = (holder: string, acquired: number, renewed: number, name = 'kube-controller-manager'): Lease => ({
  ...{ name, holder },
  acquired: at(acquired),
  renewed: at(renewed),
})

const cases: readonly (readonly [string, readonly Lease[], readonly Lease[], string | undefined])[] = [
  ['it has led for long and leads on', [lease('m1', 0, 100)], [lease('m1', 0, 102)], undefined],
  ['it has not been heard of since', [lease('m1', 0, 100)], [lease('m1', 0, 100)], 'that led (m1) has not renewed'],
  ['its Lease was given back', [lease('m1', 0, 100)], [lease('', 0, 101)], 'no kube-controller-manager leads'],
  ['another one has come just now', [lease('m1', 0, 100)], [lease('m2', 117, 119)], 'm2 has led for 2 s only'],
  ['the other one has looked round', [lease('m1', 0, 100)], [lease('m2', 117, 127)], undefined],
  ['the clock of the next leader is behind', [lease('m1', 0, 100)], [lease('m2', 50, 61)], undefined],
  ['there are no Leases', [], [], undefined],
  [
    'the scheduler alone is missing',
    [lease('m1', 0, 100), lease('m1', 0, 100, 'kube-scheduler')],
    [lease('m1', 0, 102), lease('m1', 0, 100, 'kube-scheduler')],
    'the kube-scheduler that led',
  ],
]
for (const [name, first, now, expected] of cases)
  test(`whether pods may be moved: ${name}`, () => {
    const why = notLed(first, now)
    if (expected === undefined) assert.is(why, undefined)
    else assert.ok(why?.includes(expected), why)
  })

test('Leases of others are not looked at, nor those of other daemons', () => {
  const line = (name: string) => `${name}\tm1_ab\t${at(0)}\t${at(1)}\n`
  assert.equal(
    readLeases(`${line('apiserver-x')}${line('kube-scheduler')}\n`).map(({ name }) => name),
    ['kube-scheduler'],
  )
})

test('what a drain does not move is known by its pods: a mirror, a daemon set’s, one that has ended', () => {
  assert.equal(readPods('abc\tNode\tRunning\n\tDaemonSet\tRunning\n\t\tSucceeded\n'), [
    {
      metadata: {
        annotations: { 'kubernetes.io/config.mirror': 'abc' },
        ownerReferences: [{ kind: 'Node' }],
      },
      status: { phase: 'Running' },
    },
    { metadata: { ownerReferences: [{ kind: 'DaemonSet' }] }, status: { phase: 'Running' } },
    { metadata: { ownerReferences: [] }, status: { phase: 'Succeeded' } },
  ])
})

/** Leases look after look (the last one stays), and pods. */
async function waited(looks: readonly (string | { readonly stderr: string })[], pods: string, patienceSeconds = 5) {
  let at = 0
  const { context, commands, said } = remote(command => {
    if (command.includes(' get pods ')) return pods
    return looks[Math.min(at++, looks.length - 1)]
  })
  const kubectl = { master: 'm1', $: context.$, words: ['kubectl'] }
  const error = await controllersAct(kubectl, 'n1', { ...context, patienceSeconds }).then(() => '', String)
  return { error, looks: commands.length - 1, said }
}
const shown = (holder: string, acquired: number, renewed: number) =>
  `kube-controller-manager\t${holder}\t${at(acquired)}\t${at(renewed)}\n`
const pod = '\tReplicaSet\tRunning\n'

test('a node whose pods go nowhere is not waited for', async () => {
  assert.equal(await waited([shown('', 0, 0)], '\tDaemonSet\tRunning\n'), { error: '', looks: 0, said: [] })
})

test('what can not be seen for a moment is looked at again', async () => {
  const looks = [{ stderr: 'connection refused' }, shown('m1', 0, 30), shown('m1', 0, 32)]
  assert.equal(await waited(looks, pod), { error: '', looks: 3, said: [] })
})

test('nobody leads: no pod is moved, and the operator is told why and what to do', async () => {
  const { error } = await waited([shown('m1_ab', 0, 30)], pod, 1)
  assert.match(
    error,
    /n1 is not drained: the kube-controller-manager that led \(m1_ab\) has not renewed its Lease since/,
  )
  assert.match(error, /See why the daemon does not lead; .* delete its Lease in kube-system/)
})

test.run()
