import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoleCall } from '../../engine/role/role.ts'
import type { Params } from '../../roles/control-plane/daemons/daemons.ts'
import { imagesAreThere } from '../../roles/control-plane/methods/static-pods/host.ts'
import { controlPlane } from '../../roles/control-plane/role.ts'
import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { nodeProxyPrefetch } from '../../roles/node-proxy/prefetch.ts'
import { smallCluster } from './support/inventory.ts'
import { paramsOf, unitsOf } from './support/role.ts'

const dir = mkdtempSync(join(tmpdir(), 'rota-image-'))
test.after(() => rmSync(dir, { recursive: true }))

/** A host without a network: its runtime answers, has no image, and can fetch none. */
for (const name of ['docker', 'crictl']) {
  const program = join(dir, name)
  writeFileSync(program, '#!/bin/sh\ncase $1 in info|version) exit 0 ;; esac\necho "no such host" >&2\nexit 1\n')
  chmodSync(program, 0o755)
}

const cluster = smallCluster()
const staticPods = paramsOf<Params>(controlPlane({ method: 'static-pods', kubeVersion: 'v1.99.0' }))
const on = (call: RoleCall) => unitsOf(call, cluster.host('n1'), cluster)
const table = [
  ['nginx in Docker', on(nginxProxy({ variant: 'docker', imageTag: 'bogus' })), 'nginx:bogus'],
  ['daemons of a master in static pods', imagesAreThere(staticPods), 'kube-apiserver:v1.99.0'],
  ['nginx that a node is about to need', on(nodeProxyPrefetch({ imageTag: 'bogus' })), 'library/nginx:bogus'],
  ['the same in Docker', on(nodeProxyPrefetch({ variant: 'docker', imageTag: 'bogus' })), 'nginx:bogus'],
  ['haproxy', on(nodeProxyPrefetch({ type: 'haproxy', haproxyImageTag: 'bogus' })), 'haproxy:bogus'],
] as const
for (const [title, units, image] of table)
  test(`${title}: an image that can't be had is told with what to do, before anything is changed`, () => {
    const [first] = units
    assert.ok(first !== undefined && 'kind' in first, 'the image comes first')
    const { run } = first.args as { readonly run: string }
    const said = execaSync('sh', ['-c', run], { reject: false, env: { PATH: `${dir}:${process.env.PATH ?? ''}` } })
    assert.is(said.exitCode, 1)
    assert.match(
      said.stderr,
      /no such host\nthe image \S+ is not on this host and could not be fetched: .*Put the image/,
    )
    assert.match(said.stderr, image)
  })

test.run()
