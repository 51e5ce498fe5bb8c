import { test } from 'uvu'
import { equal, match, ok } from 'uvu/assert'
import { inHost, runPlaybook, totals, upLab } from './lab.ts'
import { keptConnection, serveMasters, stopMasters } from './masters.ts'

const masters = ['master-1', 'master-2']
const lab = await upLab()

async function succeeds(vars: object, tags: string, limit = 'master-1') {
  const args = ['--tags', tags, '-l', limit, '-e', JSON.stringify(vars)]
  const result = await runPlaybook('playbooks/upgrade.mjs', args)
  if (result.exitCode !== 0)
    console.log(
      result.stderr,
      result.events.filter(event => event.kind === 'hostFinished'),
    )
  equal(result.exitCode, 0)
  return [...totals(result).values()].reduce((sum, { changed }) => sum + changed, 0)
}
const answers = (host: string, url: string) => inHost(host, `curl -sk --max-time 5 ${url} || echo nobody`)

test.before(async () => {
  await Promise.all([serveMasters(lab, masters), stopMasters(lab, ['master-3'])])
})

const vip = { kube_vip_load_balancer: 'nginx' }

test('nginx behind the virtual address takes the port of haproxy, and a new list is a reload', async () => {
  await succeeds({}, 'haproxy')
  match(await inHost('master-1', 'ss -Hltnp sport = :8443'), 'haproxy')
  ok((await succeeds(vip, 'nginx-vip')) > 0)
  match(await inHost('master-1', 'ss -Hltnp sport = :8443'), 'nginx')
  equal(
    await inHost('master-1', 'systemctl is-active haproxy; systemctl is-enabled haproxy || :'),
    'inactive\ndisabled',
  )
  equal(await succeeds(vip, 'nginx-vip'), 0)
  const main = () => inHost('master-1', 'systemctl show -p MainPID --value nginx-vip')
  const before = await main()
  const kept = keptConnection(lab, 'master-1', 8443)
  try {
    const master = await kept.ask()
    // master-1 itself is not the one that leaves: that one is left alone until its clients have gone.
    ok((await succeeds({ ...vip, leaving_masters: 'master-2' }, 'nginx-vip')) > 0)
    equal(await answers('master-1', 'https://127.0.0.1:8443/readyz'), 'ok from master-1')
    equal(await kept.ask(), master)
    equal(await main(), before)
  } finally {
    kept.close()
  }
})

test('back to haproxy, which takes the port again; nothing is left of nginx', async () => {
  ok((await succeeds({}, 'haproxy,nginx-vip,leftovers')) > 0)
  match(await inHost('master-1', 'ss -Hltnp sport = :8443'), 'haproxy')
  equal(await inHost('master-1', 'ls /etc/nginx /etc/systemd/system | grep vip || :'), '')
  equal(await succeeds({}, 'haproxy,nginx-vip,leftovers'), 0)
})

test('the insecure port of an old cluster: refused, and for who wants it all the same proxied to', async () => {
  const http = { nginx_proxy_protocol: 'http', kube_version: 'v1.18.20' }
  const refused = await runPlaybook('playbooks/upgrade.mjs', ['--tags', 'nginx', '-e', JSON.stringify(http)])
  equal([refused.exitCode, refused.journal], [1, ''])
  match(refused.stderr, /administrator of the cluster/)
  const allowed = { ...http, nginx_proxy_allow_insecure_upstream: true }
  ok((await succeeds(allowed, 'nginx', 'node-2')) > 0)
  equal(await succeeds(allowed, 'nginx', 'node-2'), 0)
  const seen = await Promise.all([1, 2, 3, 4].map(() => answers('node-2', 'http://127.0.0.1:8080/api')))
  equal([...new Set(seen)].sort(), ['ok from master-1', 'ok from master-2'])
  await succeeds({ ...allowed, loadbalancer_apiserver_localhost: false }, 'clients', 'node-2')
  equal(await inHost('node-2', 'ss -Hltn sport = :8080'), '')
})

test.after(async () => {
  await stopMasters(lab, masters)
  await inHost('master-1', 'apt-get purge -y -q haproxy >/dev/null; rm -rf /etc/haproxy')
})

test.run()
