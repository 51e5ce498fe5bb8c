import { facts } from 'rota'
import { test } from 'uvu'
import { is } from 'uvu/assert'

import { nginxProxy } from '../../roles/nginx-proxy/role.ts'
import { nginxConf, nginxPod } from '../../scripts/lab/kubespray/node-files.mjs'
import { releaseNames, releaseOf } from '../../scripts/lab/kubespray/releases.mjs'
import { clusterOf, type NginxParams, ready } from './support/nginx-proxy.ts'
import { contentOf, unitsOf } from './support/role.ts'

// What a node of a kubespray cluster has, as the lab writes it for each release, taken over by the role.
const conf = '/etc/nginx/nginx.conf'
const pod = '/etc/kubernetes/manifests/nginx-proxy.yml'
const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
const mastersAt = (list: readonly string[]) =>
  list.map((ip, index) => ({ name: `m${index + 1}`, ip, runtime: 'containerd' as const }))

const file = (text: string) => ({ type: 'file', content: { base64: Buffer.from(text).toString('base64') } })

/** What the role writes where these files are. */
function written(path: string, there: string, params: NginxParams = {}, masters: readonly string[] = addresses) {
  const view = clusterOf(masters)
  const peers = new Map(view.hosts.map(({ name }) => [name, { ready, built: { type: 'absent' } }]))
  const call = nginxProxy({ variant: 'static-pod', healthPort: 8081, ...params })
  return contentOf(unitsOf(call, view.host('n1'), view, { peers }), path, [
    [facts.path({ path, content: true }), file(there)],
  ])
}

for (const name of releaseNames) {
  const theirs = { release: releaseOf(name), masters: mastersAt(addresses) }
  test(`kubespray ${name}: its proxy is taken over as it is, its image too`, () => {
    is(written(conf, nginxConf(theirs)), nginxConf(theirs))
    is(written(pod, nginxPod(theirs)), nginxPod(theirs))
  })
  test(`kubespray ${name}: a master more is a line more and nothing else, as kubespray would write it`, () => {
    const more = [...addresses, '10.0.0.4']
    is(written(conf, nginxConf(theirs), {}, more), nginxConf({ ...theirs, masters: mastersAt(more) }))
    const fewer = addresses.slice(1)
    is(written(conf, nginxConf(theirs), {}, fewer), nginxConf({ ...theirs, masters: mastersAt(fewer) }))
    is(written(pod, nginxPod(theirs), {}, more), nginxPod(theirs))
  })
}

test.run()
