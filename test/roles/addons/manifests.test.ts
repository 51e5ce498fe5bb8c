import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { equal, is, match, not } from 'uvu/assert'
import { manifestsApplied } from '../../../roles/addons/applied.ts'
import { asDiff, differencesIn, reasonOf } from '../../../roles/addons/differences.ts'
import { manifestText } from '../../../roles/addons/manifests.ts'
import { rolledOut } from '../../../roles/addons/rolled-out.ts'
import { kubeText } from '../../../roles/lib/cluster/kubectl.ts'
import { converge, pass } from '../../unit/tasks/converge.ts'
import { at, calls, dir, kube, masters, planOf, program, secondIsReady, write } from './files.ts'

// Manifests and rollouts: what kubectl says, what is planned of it, and the shell text as it is.

const calico = write('calico.yaml', 'kind: ConfigMap\n')
write('folder/b.yml', 'b: 2\n')
write('folder/a.yaml', 'a: 1')
write('folder/notes.txt', 'not one of them')
write('folder/more/c.yaml', 'c: 3')

test('a folder is read as kubectl reads it: by name, not further down', () =>
  is(manifestText(join(dir, 'folder')), '---\na: 1\n---\nb: 2\n'))

const header = (file: string) => `diff -U99999 -N /tmp/LIVE-1/${file} /tmp/MERGED-2/${file}
--- /tmp/LIVE-1/${file}\t2026-01-01
+++ /tmp/MERGED-2/${file}\t2026-01-01`
const printed = `Warning: policy/v1beta1 PodSecurityPolicy is deprecated
${header('apps.v1.Deployment.kube-system.coredns')}
@@ -1,3 +1,3 @@
 kind: Deployment
-image: coredns:1.8.0
+image: coredns:1.9.0
-- a
+- b
\\ No newline at end of file
${header('rbac.authorization.k8s.io.v1.ClusterRole..system:coredns')}
@@ -0,0 +1 @@
+kind: ClusterRole
${header('v1.Secret.web.key')}
@@ -1,2 +1,2 @@
 kind: Secret
-note: c3dvcmRmaXNo
+note: xxxx`

test('what kubectl diff prints is read, object by object, before and after', () => {
  equal(differencesIn(printed).slice(0, 2), [
    {
      object: 'Deployment kube-system/coredns',
      before: 'kind: Deployment\nimage: coredns:1.8.0\n- a',
      after: 'kind: Deployment\nimage: coredns:1.9.0\n- b',
    },
    { object: 'ClusterRole system:coredns', before: '', after: 'kind: ClusterRole' },
  ])
})

test('what the API server keeps itself is no difference', () => {
  const object = (time: string, image: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  generation: ${time}
  labels:
    generation: a
  managedFields:
  - apiVersion: v1
    time: "${time}"
  name: x
data:
  managedFields: ${image}
  generation: ${image}`
  const diff = (...[before, after]: readonly [string, string]) =>
    differencesIn(
      [
        header('v1.ConfigMap.web.x'),
        '@@ -1,12 +1,12 @@',
        ...before.split('\n').map(line => `-${line}`),
        ...after.split('\n').map(line => `+${line}`),
      ].join('\n'),
    )
  equal(diff(object('1', 'a'), object('2', 'a')), [])
  const [found] = diff(object('1', 'a'), object('2', 'b'))
  match(
    found?.before ?? '',
    /^apiVersion: v1\nkind: ConfigMap\nmetadata:\n {2}labels:\n {4}generation: a\n {2}name: x\ndata:\n {2}managedFields: a\n/,
  )
  match(found?.after ?? '', /managedFields: b\n {2}generation: b$/)
})

test('of a Secret nothing is shown', () => {
  const { before, after } = asDiff('a', differencesIn(printed))
  match(before, '# Secret web/key\n# not shown')
  not.match(`${before}${after}`, 'c3dvcmRmaXNo')
})

const reasons: readonly (readonly [said: string, kind: string, text: RegExp])[] = [
  ['Error from server (NotFound): namespaces "web" not found', 'not there yet', /namespaces "web"/],
  ['error: unable to recognize "STDIN": no matches for kind "Pool" in version "x/v1"', 'not there yet', /Pool/],
  [
    'W1129 17:00:00 1 diff.go:1] Object (Deployment: x) keeps changing, diffing without lock\nError from server (Conflict): Apply failed with 1 conflict: conflict with "kubeadm" using apps/v1: .spec.replicas',
    'others have set it',
    /^conflict with "kubeadm" using apps\/v1: \.spec\.replicas$/,
  ],
  ['no API server is ready', 'failed', /^no API server is ready$/],
  [
    'Error from server: failed to create typed patch object: .stringData.key: expected string, got &value.valueUnstructured{Value:12345678}',
    'failed',
    /\.stringData\.key: expected string$/,
  ],
]
for (const [said, kind, text] of reasons)
  test(`why kubectl could not tell: ${kind}, ${text.source}`, () => {
    const reason = reasonOf(said)
    is(reason.kind, kind)
    match(reason.text, text)
  })

const applied = manifestsApplied({ addon: 'calico', path: calico, force: false, kube: ':' })
const plans: readonly (readonly [name: string, answer: object, summary: RegExp | undefined, refused?: RegExp])[] = [
  ['nothing differs', { exitCode: 0, printed: '', cut: false }, undefined],
  [
    'objects differ',
    { exitCode: 1, printed, cut: false },
    /^Deployment kube-system\/coredns, ClusterRole system:coredns, Secret web\/key$/,
  ],
  [
    'nothing but when it was set',
    {
      exitCode: 1,
      printed: `${header('v1.ConfigMap.web.x')}\n@@ -1,2 +1,2 @@\n metadata:\n-  generation: 1\n+  generation: 2`,
      cut: false,
    },
    undefined,
  ],
  [
    'more differs than is read',
    { exitCode: 1, printed, cut: true },
    /^Deployment kube-system\/coredns and more differ$/,
  ],
  [
    'its namespace comes with it',
    { exitCode: 2, printed: 'Error: namespaces "web" not found', cut: false },
    /^what it needs comes with it: .*"web"/,
  ],
  [
    'fields of kubeadm',
    { exitCode: 2, printed: 'Apply failed with 1 conflict: conflict with "kubeadm": .spec.replicas', cut: false },
    /./,
    /^others have set what these manifests set otherwise: conflict with "kubeadm": \.spec\.replicas\. .*force_conflicts: true/,
  ],
  ['nobody answers', { exitCode: 69, printed: 'no API server is ready', cut: false }, /./, /failed with 69: no API/],
]
for (const [name, answer, summary, refused] of plans)
  test(`manifests: ${name}`, () => {
    const change = planOf(applied, answer)
    if (summary === undefined) return is(change, undefined)
    match(change?.summary ?? '', summary)
    if (refused) match(change?.refused ?? '', refused)
    else is(change?.refused, undefined)
    is(change?.diff !== undefined, name === 'objects differ')
  })

const waits = rolledOut({ addon: 'calico', workload: 'kube-system/daemonset/calico-node', timeout: 300, kube: ':' })
test('a workload that is rolled out is not waited for, but after a change', () => {
  const status = { exitCode: 0, stdout: 'daemon set "calico-node" successfully rolled out', stderr: '' }
  is(planOf(waits, status), undefined)
  is(planOf(waits, status, true)?.effect, 'wait')
})
test('one that is not is waited for, also where nothing has changed in this run', () => {
  const change = planOf(waits, { exitCode: 1, stdout: 'Waiting for daemon set: 1 of 3', stderr: 'error: timed out' })
  is(change?.effect, 'wait')
  is(change?.summary, 'Waiting for daemon set: 1 of 3')
})

program(
  'kubectl',
  `case "$*" in
  ${secondIsReady}
  *' diff '*) cat >"$dir/sent"; cmp -s "$dir/sent" "$dir/stored" && exit 0
    mkdir -p "$dir/LIVE-1" "$dir/MERGED-1"; cp "$dir/sent" "$dir/MERGED-1/v1.ConfigMap.web.x"
    $KUBECTL_EXTERNAL_DIFF "$dir/LIVE-1" "$dir/MERGED-1"; exit 1 ;;
  *' apply '*) cat >"$dir/stored"; ! grep -q refused "$dir/stored" || {
    echo 'configmap/x serverside-applied'; echo 'Error: .key: expected string, got &value{Value:12345678}' >&2; exit 1; } ;;
  *rollout*) [ -e "$dir/rolled" ] || { echo 'error: timed out waiting for the condition' >&2; exit 1; } ;;
  *'get pods'*) echo 'it-1 1/1 Running'; echo 'it-2 0/1 ImagePullBackOff'; echo 'other-1 0/1 Pending' ;;
esac`,
)
for (const shell of [['dash'], ['bash']] as const) {
  test(`manifests come over stdin, to the first API server that is ready, once (${shell})`, () => {
    writeFileSync(join(dir, 'stored'), '')
    const path = write(
      'secret.yaml',
      `kind: Secret\nstringData:\n  key: "sword'fish $HOME"\n${'# long\n'.repeat(20_000)}`,
    )
    calls()
    const { changes } = converge(shell, [manifestsApplied({ addon: 'a', path, force: true, kube })], dir)
    equal(
      changes.map(({ summary }) => summary),
      ['ConfigMap web/x'],
    )
    is(readFileSync(join(dir, 'stored'), 'utf8'), `---\n${readFileSync(path, 'utf8')}`)
    const said = calls()
    not.match(said, 'sword')
    match(
      said,
      '--server https://10.0.0.2:6443 --request-timeout=30s apply --server-side --field-manager=rota --force-conflicts -f -',
    )
    not.match(said, '10.0.0.1:6443 --request-timeout=30s')
  })

  test(`what is refused only when it is applied is said, and no value with it (${shell})`, () => {
    const path = write('refused.yaml', 'kind: refused\n')
    const { failed } = pass(shell, [manifestsApplied({ addon: 'a', path, force: false, kube })], dir)
    is(failed?.output, 'Error: .key: expected string\n')
  })

  test(`where no API server is ready nothing is sent (${shell})`, () => {
    const none = kubeText(at, masters.slice(0, 1))
    calls()
    const { failed } = pass(shell, [manifestsApplied({ addon: 'a', path: calico, force: false, kube: none })], dir)
    match(failed?.output ?? '', 'no API server is ready')
    not.match(calls(), /apply|diff/)
  })

  test(`a rollout that does not come to its end names the pods (${shell})`, () => {
    const task = rolledOut({ addon: 'a', workload: 'web/deployment/it', timeout: 1, kube })
    const { failed } = pass(shell, [task], dir)
    match(
      failed?.output ?? '',
      /timed out[\s\S]*it-2 0\/1 ImagePullBackOff\ndeployment web\/it was not rolled out in 1 s/,
    )
    not.match(failed?.output ?? '', /it-1|other-1/)
    // The usual limit of a request would end the watch.
    match(calls(), '--request-timeout=0 -n web rollout status deployment/it --timeout=1s')
  })
}

test.run()
