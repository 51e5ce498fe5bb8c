import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { factTable } from '../../engine/facts/fact.ts'
import { kubeconfig } from '../../roles/control-plane/credentials/kubeconfig.ts'
import { serversIn } from '../../roles/kube-clients/clients.ts'
import { clientsDoWithout } from '../../roles/kube-clients/do-without.ts'
import { mastersIn, withMaster } from '../../roles/kube-clients/environment.ts'
import { clusterIn, withServer } from '../../roles/kube-clients/kubeconfig.ts'
import { kubeClients } from '../../roles/kube-clients/role.ts'
import { aliasesOf, serverOf } from '../../roles/kube-clients/server.ts'
import { host, inventory, smallCluster } from './support/inventory.ts'
import { paramsOf, titlesOf, unitsOf } from './support/role.ts'

const url = 'https://127.0.0.1:6443'
const yaml = (server: string, end = '\n') =>
  [
    'apiVersion: v1',
    'kind: Config',
    '# where the API is',
    'clusters:',
    '- cluster:',
    '    certificate-authority: pki/ca.crt',
    `    server: ${server}`,
    '  name: kubernetes',
    'contexts:',
    '- context: {cluster: kubernetes, user: system:node:n1}',
    '  name: default',
    'current-context: default',
    'users:',
    '- name: system:node:n1',
    '  user: {client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem}',
    '',
  ].join(end)
const two = (current: string) => `clusters:
- {name: a, cluster: {server: "https://a:6443"}}
- {name: b, cluster: {server: https://b:6443}}
contexts:
- {name: ca, context: {cluster: a, user: u}}
- {name: cb, context: {cluster: b, user: u}}
${current}users: []
`
const json = kubeconfig({ server: 'https://10.0.0.1:6443', ca: 'CA', user: 'u', pair: { certificate: 'C', key: 'K' } })

const edits: readonly (readonly [string, string, string])[] = [
  ['plain', yaml('https://10.0.0.1:6443'), yaml(url)],
  ['double quotes', yaml('"https://10.0.0.1:6443"'), yaml(`"${url}"`)],
  ['single quotes', yaml("'https://10.0.0.1:6443'"), yaml(`'${url}'`)],
  ['a comment behind', yaml('https://10.0.0.1:6443   # the first master'), yaml(`${url}   # the first master`)],
  ['CRLF', yaml('https://10.0.0.1:6443', '\r\n'), yaml(url, '\r\n')],
  ["kubespray's name of this host", yaml('https://localhost:6443'), yaml('https://localhost:6443')],
  ['another port of this host', yaml('https://localhost:8443'), yaml(url)],
  ['JSON', json, json.replace('https://10.0.0.1:6443', url)],
  [
    'JSON on one line',
    JSON.stringify(JSON.parse(json)),
    JSON.stringify(JSON.parse(json)).replace('https://10.0.0.1:6443', url),
  ],
  ['no line end at the end', yaml('https://10.0.0.1:6443').trimEnd(), yaml(url).trimEnd()],
  ['several clusters', two('current-context: cb\n'), two('current-context: cb\n').replace('https://b:6443', url)],
  [
    'several clusters, the other one',
    two('current-context: ca\n'),
    two('current-context: ca\n').replace('https://a:6443', url),
  ],
  ['the same', yaml(url), yaml(url)],
  [
    'text before it that is no ASCII',
    yaml('https://10.0.0.1:6443').replace('where the API is', 'où 🚀 在哪里'),
    yaml(url).replace('where the API is', 'où 🚀 在哪里'),
  ],
  [
    'no contexts, one cluster',
    'clusters:\n- cluster: {server: https://a:1}\n',
    `clusters:\n- cluster: {server: ${url}}\n`,
  ],
  [
    'a server elsewhere in the file',
    `${yaml('https://10.0.0.1:6443')}extensions: {server: https://10.0.0.1:6443}\n`,
    `${yaml(url)}extensions: {server: https://10.0.0.1:6443}\n`,
  ],
]
for (const [name, before, after] of edits)
  test(`kubeconfig: ${name}`, () => {
    assert.equal(withServer(before, url), { text: after })
    assert.equal(withServer(after, url), { text: after })
  })

test('the name of the balancer is its address: nobody is restarted for it', () => {
  const named = 'https://lb-apiserver.kubernetes.local:8383'
  const at = { address: '10.0.9.9', port: 8383 }
  const params = paramsOf<Parameters<typeof aliasesOf>[0]>(kubeClients({ externalLoadBalancer: at, nodeProxy: false }))
  const server = serverOf(params, smallCluster().host('n1'), smallCluster()) ?? ''
  assert.is(server, 'https://10.0.9.9:8383')
  assert.equal(withServer(yaml(named), server, aliasesOf(params, server)), { text: yaml(named) })
  assert.equal(aliasesOf(params, url), [])
})

const onIPv6 = inventory([host('m1', 'fd00::1', ['kube_control_plane']), host('n1', 'fd00::11', ['kube_node'])])
const leads: readonly (readonly [string, server: string, name: string, refused: boolean, typeof onIPv6?])[] = [
  ['to the master that leaves', 'https://10.0.0.1:6443', 'kubelet.conf', true],
  ['to it by its name', 'https://m1:6443', 'kube-proxy.conf', true],
  ['to it by an address of IPv6', 'https://[fd00::1]:6443', 'kubelet.conf', true, onIPv6],
  ['to it by an address that is written otherwise', 'https://[FD00:0:0::1]:6443', 'kubelet.conf', true, onIPv6],
  ['to a node of IPv6 whose address begins alike', 'https://[fd00::11]:6443', 'kubelet.conf', false, onIPv6],
  ['to another one whose address begins alike', 'https://10.0.0.10:6443', 'kubelet.conf', false],
  ['through a proxy', url, 'kubelet.conf', false],
  ['only when it begins', 'https://10.0.0.1:6443', 'bootstrap-kubelet.conf', false],
]
for (const [name, server, file, refusal, view = smallCluster()] of leads)
  test(`before a master leaves, a client that leads ${name}`, () => {
    const [task] = clientsDoWithout('m1')({ host: view.host('n1'), inventory: view })
    assert.ok(task)
    const content = { base64: Buffer.from(yaml(server)).toString('base64') }
    const facts = task.kind.facts(task.args, { diff: false }).map(request => {
      const there = JSON.stringify(request.args).includes(`/etc/kubernetes/${file}`)
      return [request, there ? { type: 'file', content } : { type: 'absent' }] as const
    })
    const plan = task.kind.plan(task.args, factTable(...facts), { changed: false, diff: false })
    if (refusal) assert.match(plan?.refused ?? '', `/etc/kubernetes/${file} leads to ${server}`)
    else assert.is(plan?.refused, undefined)
  })

const refused: readonly (readonly [string, string, RegExp])[] = [
  ['no YAML', 'clusters: [', /^it is no YAML/],
  ['something else', 'kind: KubeletConfiguration\n', /no kubeconfig/],
  ['several clusters and no context', two(''), /no current-context/],
  ['a context of no cluster', two('current-context: cb\n').replace('cluster: b,', 'cluster: c,'), /no cluster c/],
  ['no server', 'clusters:\n- cluster: {}\n', /no server/],
  ['a block', 'clusters:\n- cluster:\n    server: >-\n      https://a:1\n', /block/],
]
for (const [name, text, reason] of refused)
  test(`kubeconfig refused: ${name}`, () => {
    const edited = withServer(text, url)
    assert.match('problem' in edited ? edited.problem : '', reason)
  })
test('any server comes out as it went in, nothing else changes', () =>
  fc.assert(
    fc.property(fc.webAuthority({ withPort: true }), fc.constantFrom('\n', '\r\n'), (authority, end) => {
      const server = `https://${authority}`
      const edited = withServer(yaml('https://10.0.0.1:6443', end), server)
      assert.ok('text' in edited)
      assert.is(clusterIn(edited.text, '/')?.server, server)
      assert.is(edited.text.length, yaml('', end).length + server.length)
    }),
  ))
test('an address in brackets stays YAML', () => {
  const edited = withServer(two('current-context: cb\n'), 'https://[::1]:6443')
  assert.ok('text' in edited)
  assert.is(parse(edited.text).clusters[1].cluster.server, 'https://[::1]:6443')
})
test('whom a kubeconfig trusts', () => {
  assert.equal(clusterIn(yaml('https://a:1'), '/etc/kubernetes'), {
    server: 'https://a:1',
    authority: { kind: 'file', path: '/etc/kubernetes/pki/ca.crt' },
  })
  assert.equal(clusterIn(json, '/')?.authority, { kind: 'pem', pem: 'CA' })
  assert.equal(
    clusterIn('clusters:\n- cluster: {server: "https://a:1", insecure-skip-tls-verify: true}\n', '/')?.authority,
    { kind: 'none' },
  )
  assert.is(clusterIn('a: 1', '/'), undefined)
})

// The document's own lines (004).
const config = 'KUBE_LOGTOSTDERR="--logtostderr=true"\nKUBE_MASTER="--master=http://10.13.32.223:8080"\n'
const kubelet =
  '# KUBELET_API_SERVER="--api_servers=http://old:8080"\nKUBELET_API_SERVER="--api_servers=http://10.13.32.223:8080"\r\n'
const vip = { secure: 'https://10.0.1.13:8443', insecure: 'http://10.0.1.13:8080' }
const variables: readonly (readonly [string, string, typeof vip | { secure: string }, string])[] = [
  ['KUBE_MASTER', config, vip, config.replace('http://10.13.32.223:8080', vip.insecure)],
  ['api_servers, not a comment', kubelet, vip, kubelet.replace('http://10.13.32.223:8080', vip.insecure)],
  [
    'api-servers, several',
    'KUBELET_API_SERVER=--api-servers=http://a:8080,http://b:8080\n',
    vip,
    `KUBELET_API_SERVER=--api-servers=${vip.insecure}\n`,
  ],
  ['no TLS and nowhere to go', config, { secure: vip.secure }, config],
  ['TLS', 'KUBE_MASTER="--master=https://a:6443 --v=2"\n', vip, `KUBE_MASTER="--master=${vip.secure} --v=2"\n`],
  ['nothing of ours', 'KUBELET_ARGS="--v=2"\n', vip, 'KUBELET_ARGS="--v=2"\n'],
]
for (const [name, before, servers, after] of variables)
  test(`variables: ${name}`, () => {
    assert.equal(withMaster(before, servers), { text: after })
    assert.equal(withMaster(after, servers), { text: after })
  })
test('the servers of a file of variables', () => {
  assert.equal(mastersIn(config + kubelet), ['http://10.13.32.223:8080', 'http://10.13.32.223:8080'])
  const file = {
    path: '/etc/kubernetes/kubelet',
    daemons: ['kubelet'],
    edit: (text: string) => ({ text }),
    style: 'variables',
  } as const
  assert.equal(serversIn(file, kubelet), ['http://10.13.32.223:8080'])
})

type Params = NonNullable<Parameters<typeof kubeClients>[0]>
const cluster = smallCluster()
const where = (params: Params, host = 'n1') => serverOf(paramsOf(kubeClients(params)), cluster.host(host), cluster)
const servers: readonly (readonly [string, Params, string | undefined, string])[] = [
  ['the proxy of the node', {}, url, url],
  ['its port', { nodeProxyPort: 7443 }, 'https://127.0.0.1:7443', url],
  ['nginx in Docker listens on 8443', { nodeProxyVariant: 'docker' }, 'https://127.0.0.1:8443', url],
  ['nginx from source, too', { nodeProxyVariant: 'source' }, 'https://127.0.0.1:8443', url],
  ['haproxy does not', { nodeProxyVariant: 'docker', nodeProxyType: 'haproxy' }, url, url],
  ['the virtual address', { nodeProxy: false, virtualAddress: '10.0.0.100' }, 'https://10.0.0.100:8443', url],
  [
    'the virtual address, by LVS',
    { nodeProxy: false, virtualAddress: '10.0.0.100', vipLoadBalancer: 'lvs' },
    'https://10.0.0.100:6443',
    url,
  ],
  [
    "kube-vip's address",
    { nodeProxy: false, virtualAddress: '10.0.0.100', kubeVip: true },
    'https://10.0.0.100:6443',
    url,
  ],
  [
    'the virtual address, in front of nginx',
    { nodeProxy: false, virtualAddress: '10.0.0.100', vipLoadBalancer: 'nginx', nginxVipPort: 9443, haproxyPort: 8444 },
    'https://10.0.0.100:9443',
    url,
  ],
  [
    'the virtual address, answered without TLS',
    { nodeProxy: false, virtualAddress: '10.0.0.100', vipLoadBalancer: 'nginx', nginxVipProtocol: 'http' },
    undefined,
    url,
  ],
  [
    'the external load balancer',
    { nodeProxy: false, virtualAddress: '10.0.0.100', externalLoadBalancer: { address: 'fd00::1', port: '443' } },
    'https://[fd00::1]:443',
    url,
  ],
  ['nowhere', { nodeProxy: false }, undefined, url],
  [
    'as the operator says, masters too',
    { server: 'https://10.0.0.100:8443' },
    'https://10.0.0.100:8443',
    'https://10.0.0.100:8443',
  ],
  ['the own port of a master', { apiserverPort: 7443 }, url, 'https://127.0.0.1:7443'],
]
for (const [name, params, node, master] of servers)
  test(`clients go to: ${name}`, () => assert.equal([where(params), where(params, 'm1')], [node, master]))

test('nobody is touched where nobody knows where to go', () =>
  assert.equal(titlesOf(kubeClients({ nodeProxy: false }), cluster.host('n1'), cluster), []))
test('a kubeconfig is never shown, keeps no copy, and tells its daemon alone', () => {
  for (const unit of unitsOf(kubeClients(), cluster.host('n1'), cluster)) {
    if (!('kind' in unit) || !unit.title.startsWith('the server in ')) continue
    const kubeconfigs = !/kubernetes\/(config|kubelet)$/.test(unit.title)
    assert.is(unit.secret, kubeconfigs, unit.title)
    if (kubeconfigs) assert.is(unit.notify.length, 1)
  }
  const { role } = kubeClients()
  const params = paramsOf(kubeClients({ kubeconfigs: { cilium: ['/etc/cilium.conf'] } }))
  const handlers = (role.handlers as (context: object) => object)({ params })
  assert.equal(Object.keys(handlers), ['kubelet', 'kube-proxy', 'kube-controller-manager', 'kube-scheduler', 'cilium'])
})

test.run()
