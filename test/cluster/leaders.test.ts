import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { controllersAct } from '../../roles/lib/drain/leaders.ts'
import { kubeVersions } from '../../scripts/lab/index.mjs'
import { localHosts } from '../roles/support/local-hosts.ts'
import { startApiServer } from './api-server.ts'

// A real controller manager, killed and followed by the next: until that one acts no pod is moved.

const [version = ''] = kubeVersions()
const server = await startApiServer(version)
const root = '/root-of-the-host'
const here = localHosts(root)
const words = ['--kubeconfig', server.kubeconfig]
const program = join(server.programs, 'kubectl')
writeFileSync(join(here.dirOf('m1'), 'kubectl'), `#!/bin/sh\nexec ${program} ${words.join(' ')} "$@"\n`, {
  mode: 0o755,
})
const kubectl = { master: 'm1', $: here.on('m1'), words: [`${root}/kubectl`] }

await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
await create({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'web', image: 'web' }] },
})

async function create(object: object) {
  await execa(program, [...words, 'create', '-f', '-'], { input: JSON.stringify(object) })
}

function controllerManager() {
  const flags = [...words, '--port=0', '--secure-port=0', '--controllers=endpoint']
  return spawn(join(server.programs, 'kube-controller-manager'), flags, { stdio: 'ignore' })
}

/** Seconds that it was waited, and what became of it. */
async function waited(patienceSeconds: number) {
  const began = Date.now()
  const said: string[] = []
  const error = await controllersAct(kubectl, 'n1', { say: text => said.push(text), patienceSeconds }).then(
    () => '',
    String,
  )
  return { error, said, seconds: (Date.now() - began) / 1000 }
}

test('before anybody was elected, as in a cluster without elections, nothing is waited for', async () => {
  equal((await waited(2)).error, '')
})

test('one that has led for a while lets pods go; one that was killed does not, and its follower only once it acts', async () => {
  const first = controllerManager()
  for (let left = 60; (await holder()) === ''; left -= 1) {
    ok(left > 0, 'nobody was elected')
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  const { error: atFirst, seconds } = await waited(60)
  equal(atFirst, '')
  ok(seconds > 5, `one that was just elected was waited for ${seconds} s`)
  first.kill('SIGKILL')
  const dead = await waited(3)
  match(dead.error, /n1 is not drained: the kube-controller-manager that led \(\S+\) has not renewed its Lease since/)
  const before = await holder()
  const second = controllerManager()
  const { error, said } = await waited(90)
  equal(error, '')
  match(said.join('\n'), /waiting before its pods are moved/)
  ok((await holder()) !== before, 'another one leads')
  second.kill('SIGKILL')
})

const holder = () =>
  server
    .kubectl('-n', 'kube-system', 'get', 'lease', 'kube-controller-manager', '-o', 'jsonpath={.spec.holderIdentity}')
    .catch(() => '')

test.after(async () => {
  here.end()
  await server.end()
})
test.run()
