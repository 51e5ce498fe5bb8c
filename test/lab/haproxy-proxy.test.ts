import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { equal, match, not, ok } from 'uvu/assert'
import { startKubelet } from '../../scripts/lab/runtime.mjs'
import { askOnce, keptConnection, startApiServers } from './api-servers.ts'
import { inHost, runPlaybook, totals, upLab, withInventory } from './lab.ts'

/** kubespray's haproxy of every node: a static pod of a real kubelet, in a real Docker engine. */
const lab = await upLab()
const masters = ['master-1', 'master-2', 'master-3']
const node = 'node-1'
const addressOf = (name: string) => lab.hosts.find(host => host.name === name)?.ip ?? ''
const address = addressOf(node)
const port = 6443
const config = '/etc/haproxy/haproxy.cfg'

const api = await startApiServers(masters, [
  ...['127.0.0.1', lab.vip, '10.233.0.1', address, ...masters.map(addressOf)].map(each => `IP:${each}`),
  ...['lb-apiserver.kubernetes.local', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
    each => `DNS:${each}`,
  ),
  'DNS:kubernetes.default.svc.cluster.local',
  'DNS:localhost',
])
await startKubelet(lab, node, { images: ['haproxy'] })

const chosen = {
  loadbalancer_apiserver_type: 'haproxy',
  haproxy_image_repo: 'haproxy',
  haproxy_image_tag: 'lab',
  // Beyond the node itself, for this test's own clients.
  haproxy_proxy_bind: ['0.0.0.0'],
}
const run = (playbook: string, vars: object, args: readonly string[]) =>
  withInventory(
    text => text.replace(/^kube_vip_address=.*\n/m, ''),
    async inventory => {
      const dir = join(dirname(inventory), 'group_vars')
      await mkdir(dir)
      await writeFile(join(dir, 'all.json'), JSON.stringify(vars))
      return runPlaybook(playbook, ['-l', [...masters, node].join(','), ...args], { inventory })
    },
  )
const converge = (vars: object, tags = 'haproxy-proxy') => run('playbooks/cluster.mjs', vars, ['--tags', tags])
const look = (vars: object) => run('playbooks/check-ha.mjs', vars, [])
type Result = Awaited<ReturnType<typeof converge>>
const succeeds = (result: Result) => {
  if (result.exitCode !== 0)
    console.log(
      result.events.filter(({ kind }) => kind === 'task' || kind === 'hostFinished'),
      result.stderr,
    )
  equal(result.exitCode, 0)
}
const changed = (result: Result) => totals(result).get(node)?.changed
const container = () => inHost(node, "docker ps -q -f 'name=^/?k8s_haproxy_haproxy-'")

test('a proxy that has the port makes way for the pod, which answers; a second run changes nothing', async () => {
  await inHost('master-3', 'touch /run/not-ready')
  succeeds(await converge({ nginx_proxy_variant: 'system' }, 'nginx'))
  match(await inHost(node, `ss -Hltnp 'sport = :${port}'`), 'nginx')
  succeeds(await converge(chosen))
  match(await inHost(node, `ss -Hltnp 'sport = :${port}'`), 'haproxy')
  ok(masters.includes(await askOnce(address, port, api.ca)))
  equal(await inHost(node, `curl -s -o /dev/null -w '%{http_code}' http://${address}:8081/healthz`), '200')
  const again = await converge(chosen)
  succeeds(again)
  equal(changed(again), 0)
})

test('a new list of masters is a reload in the container: the pod and a kept connection go on', async () => {
  const before = await container()
  ok(before !== '')
  const kept = await keptConnection(address, port, api.ca)
  const answered = await kept.ask()
  not.match(await inHost(node, `cat ${config}`), addressOf('master-3'))
  await inHost('master-3', 'rm /run/not-ready')
  const result = await converge(chosen)
  succeeds(result)
  match(await inHost(node, `cat ${config}`), `server master-3 ${addressOf('master-3')}:6443`)
  equal(
    result.events.flatMap(event =>
      event.kind === 'task' && event.host === node && event.status === 'changed' ? [event.task] : [],
    ),
    [`file ${config}`, 'reload haproxy in its container'],
  )
  equal(await container(), before)
  equal([await kept.ask(), await kept.ask()], [answered, answered])
  kept.close()
})

test('a configuration that haproxy refuses does not take the place of the old one', async () => {
  const before = await inHost(node, `cat ${config}`)
  const result = await converge({ ...chosen, haproxy_proxy_health_bind: 'no-such-name.invalid' })
  equal(result.exitCode, 2)
  match(JSON.stringify(result.events), /no-such-name\.invalid/)
  equal(await inHost(node, `cat ${config}`), before)
  ok(masters.includes(await askOnce(address, port, api.ca)))
})

test('check-ha knows the proxy in its pod, and says when it does not run', async () => {
  const right = await look(chosen)
  equal(
    right.events.flatMap(event => (event.kind === 'check' && !event.ok ? [event] : [])),
    [],
  )
  equal(right.exitCode, 0)
  await inHost(node, 'mv /etc/kubernetes/manifests/haproxy.yml /root/')
  await inHost(node, `while docker ps | grep -q k8s_haproxy; do sleep 0.3; done`)
  const wrong = await look(chosen)
  equal(wrong.exitCode, 2)
  const failed = wrong.events.flatMap(event =>
    event.kind === 'check' && !event.ok ? [`${event.check}: ${event.host ?? 'all'}`] : [],
  )
  equal(failed, [
    `the proxy of this host is active: ${node}`,
    `haproxy listens on 6443: ${node}`,
    `the API server answers through the proxy of this host: ${node}`,
    `every name is in the certificate through the proxy of this host: ${node}`,
  ])
})

test.after(async () => {
  await inHost(
    node,
    'systemctl disable -q --now kubelet; docker ps -aq | xargs -r docker rm -f >/dev/null; systemctl stop docker docker.socket containerd; rm -rf /etc/kubernetes /root/haproxy.yml /etc/haproxy /etc/systemd/system/kubelet.service; systemctl daemon-reload',
  )
  await api.stop()
})
test.run()
