import { type RemoteShell, sh } from 'rota'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pathOf } from '../../../../roles/control-plane/kubeadm/addon.ts'
import { replace } from '../../../../roles/control-plane/kubeadm/put.ts'

const object = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  data: { Corefile: 'x' },
}

const paths = [
  [object, '/api/v1/namespaces/kube-system/configmaps/coredns'],
  [
    {
      ...object,
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
    },
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:coredns',
  ],
] as const
for (const [what, path] of paths) test(`where it is put: ${path}`, () => assert.is(pathOf(what), path))

/** An API server whose object has these versions, one after the other. */
function server(versions: readonly string[], refusal = 'Error from server (Conflict): the object has been modified') {
  const put: unknown[] = []
  let asked = 0
  const $ = ((strings: TemplateStringsArray, ...values: readonly unknown[]) => {
    const { text } = sh(strings, ...(values as never[]))
    const version = versions[Math.min(asked, versions.length - 1)] ?? ''
    if (text.includes('get --raw')) {
      asked += 1
      const now = versions[Math.min(asked, versions.length - 1)]
      return Promise.resolve({
        stdout: JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: now } }),
      })
    }
    return {
      stdin: (content: string) => {
        const sent = JSON.parse(content)
        put.push(sent.metadata.resourceVersion)
        const fits = sent.metadata.resourceVersion === version
        const answer = { ...sent, metadata: { ...sent.metadata, resourceVersion: `${version}+1` } }
        return {
          nothrow: async () =>
            fits
              ? { exitCode: 0, stdout: JSON.stringify(answer), stderr: '' }
              : { exitCode: 1, stdout: '', stderr: refusal },
        }
      },
    }
  }) as unknown as RemoteShell
  return { at: { $, words: ['kubectl'] }, put }
}

test('an object that its controller has written to meanwhile is put over the version that it has then', async () => {
  const { at, put } = server(['2', '3'])
  assert.ok(await replace(at, { kind: 'replace', object, over: '1' }))
  assert.equal(put, ['1', '3'])
})
test('one that an API server does not take is an error, with what it says', async () => {
  const { at } = server(['2'], 'field is immutable')
  try {
    await replace(at, { kind: 'replace', object, over: '1' })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'ConfigMap coredns could not be put back: field is immutable')
  }
})

test.run()
