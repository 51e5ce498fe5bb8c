import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import { equal, throws } from 'uvu/assert'
import { changesIn, compare } from '../../../scripts/takeover/changes.mjs'
import { operations } from '../../../scripts/takeover/index.mjs'
import { changed, objectLines } from '../../../scripts/takeover/snapshot.mjs'

const document = `# From kubespray

## What is changed

Words.

| operation | | host | what | why |
| --- | --- | --- | --- | --- |
| upgrade, add | \`~\` | \`master-*\` | \`/etc/kubernetes/manifests/kube-*.yaml\` | the version |
| add | \`+\` | \`api\` | \`Node master-4\` | it is new |

## Variables
| upgrade | \`~\` | \`*\` | \`*\` | another table |
`

test('the table of changes is read from its own section alone; a document without it is refused', () => {
  equal(changesIn(document), [
    { operations: ['upgrade', 'add'], sign: '~', who: 'master-*', what: '/etc/kubernetes/manifests/kube-*.yaml' },
    { operations: ['add'], sign: '+', who: 'api', what: 'Node master-4' },
  ])
  throws(() => changesIn('# From kubespray\n'), /has no "## What is changed"/)
})

const cases: readonly [
  string,
  string,
  readonly string[],
  { unexpected: readonly string[]; unseen: readonly string[] },
][] = [
  [
    'a change that a row has',
    'upgrade',
    ['~ master-1 /etc/kubernetes/manifests/kube-apiserver.yaml'],
    { unexpected: [], unseen: [] },
  ],
  [
    'a change of another kind, and of another host',
    'upgrade',
    ['- master-1 /etc/kubernetes/manifests/kube-apiserver.yaml', '~ node-1 /etc/kubernetes/manifests/kube-x.yaml'],
    {
      unexpected: [
        '- master-1 /etc/kubernetes/manifests/kube-apiserver.yaml',
        '~ node-1 /etc/kubernetes/manifests/kube-x.yaml',
      ],
      unseen: ['~ master-* /etc/kubernetes/manifests/kube-*.yaml'],
    },
  ],
  [
    'a dot is a dot',
    'upgrade',
    ['~ master-1 /etc/kubernetes/manifests/kube-apiserver-yaml'],
    {
      unexpected: ['~ master-1 /etc/kubernetes/manifests/kube-apiserver-yaml'],
      unseen: ['~ master-* /etc/kubernetes/manifests/kube-*.yaml'],
    },
  ],
  ['an operation that changes nothing', 'check-ha', [], { unexpected: [], unseen: [] }],
  [
    'what another operation may',
    'check-ha',
    ['+ api Node master-4'],
    { unexpected: ['+ api Node master-4'], unseen: [] },
  ],
]
for (const [title, operation, seen, expected] of cases)
  test(`compared with the table: ${title}`, () => equal(compare(changesIn(document), operation, seen), expected))

test('who comes and who leaves is named when the cluster is known', () => {
  const row = { operations: ['add'], sign: '+~', who: 'new', what: '*' }
  const seen = ['+ master-4 /etc/x', '~ master-4 /etc/hosts', '- master-4 /etc/y', '~ master-1 /etc/x']
  equal(compare([row], 'add', seen, { new: 'master-4' }).unexpected, ['- master-4 /etc/y', '~ master-1 /etc/x'])
})

test('what became of a cluster: new, gone and another, by place', () => {
  const before = new Map([
    ['b x', '1'],
    ['a y', '1'],
    ['a z', '1'],
  ])
  const after = new Map([
    ['b x', '2'],
    ['a z', '1'],
    ['a new', '1'],
  ])
  equal(changed(before, after), ['+ a new', '- a y', '~ b x'])
})

test('an object is one thing, and each key of a ConfigMap; who leads and what the API says of it is left out', () => {
  const map = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { namespace: 'kube-system', name: 'kube-proxy', uid: '7', annotations: { 'x/leader': 'me' } },
    data: { 'config.conf': 'a', 'kubeconfig.conf': 'b' },
    status: {},
  }
  equal(objectLines(map), [
    ['api ConfigMap kube-system/kube-proxy', '{"annotations":{},"apiVersion":"v1"}'],
    ['api ConfigMap kube-system/kube-proxy config.conf', 'a'],
    ['api ConfigMap kube-system/kube-proxy kubeconfig.conf', 'b'],
  ])
})

test('docs/kubespray.md speaks of operations that are carried out', () => {
  const named = new Set(changesIn(readFileSync('docs/kubespray.md', 'utf8')).flatMap(row => row.operations))
  equal(
    [...named].filter(name => !(name in operations)),
    [],
  )
})

test.run()
